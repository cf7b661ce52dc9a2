import { beforeEach, describe, expect, test } from 'vitest'
import type { Entrada } from '../../support/entrada.ts'
import { aChat } from '../provider/fixture.ts'
import { HOME, SESSION } from '../../support/addresses.ts'
import { cookieOf, signedIn } from '../../support/scene.ts'

const LARGEST = 64 * 1024
const CHUNK = 16 * 1024
const FLOOD = 95 * 1024 * 1024
const FORM = 'application/x-www-form-urlencoded'
const JSON_TYPE = 'application/json'
const MULTIPART = 'multipart/form-data; boundary=part'

/** Every route of ours that reads a body. The last column says whether it needs a session. */
const ROUTES: readonly (readonly [path: string, type: string, isForMembers: boolean])[] = [
  ['/.entrada/backchannel-logout', FORM, false],
  ['/.entrada/backchannel-logout', MULTIPART, false],
  ['/.entrada/oidc/token', FORM, false],
  ['/.entrada/oidc/logout', FORM, false],
  ['/.entrada/oidc/authorize', FORM, false],
  ['/.entrada/oidc/userinfo', FORM, false],
  ['/.entrada/sessions/end', JSON_TYPE, true],
  ['/.entrada/picker/token', JSON_TYPE, true],
  ['/.entrada/files/archive', JSON_TYPE, true],
  ['/.entrada/files/archive', FORM, true],
  ['/.entrada/files/archive', MULTIPART, true],
  ['/.entrada/files/attach', JSON_TYPE, true],
  ['/.entrada/admin/users/a:b/end', JSON_TYPE, true],
  ['/.entrada/logout', FORM, true],
]
/** These routes respond without reading the body. */
const BODILESS: ReadonlySet<string> = new Set([
  '/.entrada/oidc/userinfo',
  '/.entrada/admin/users/a:b/end',
  '/.entrada/logout',
])

/** A body that counts the bytes that are read from it, chunk by chunk. */
class CountedBody {
  taken = 0
  isCancelled = false
  readonly stream: ReadableStream<Uint8Array>

  constructor(total: number) {
    this.stream = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          const size = Math.min(CHUNK, total - this.taken)
          if (size === 0) return controller.close()
          this.taken += size
          controller.enqueue(new Uint8Array(size).fill(0x61))
        },
        cancel: () => {
          this.isCancelled = true
        },
      },
      { highWaterMark: 0 },
    )
  }
}

describe('an oversized request body', () => {
  let entrada: Entrada
  let cookie = ''

  beforeEach(async () => {
    const settings = { ORIGIN_PRESET: 'open-webui' }
    entrada = aChat([], { settings }).entrada
    cookie = `${SESSION}=${cookieOf(await signedIn(entrada))}`
  })

  function send(
    path: string,
    body: BodyInit,
    headers: Readonly<Record<string, string>>,
  ): Promise<Response> {
    const all = { 'sec-fetch-site': 'same-origin', origin: HOME, ...headers }
    return entrada.fetch(new Request(`${HOME}${path}`, { method: 'POST', headers: all, body }))
  }

  test.each(ROUTES)('%s (%s) stops reading it after 64 KiB', async (path, type, isForMembers) => {
    const body = new CountedBody(FLOOD)
    const response = await send(path, body.stream, {
      'content-type': type,
      // The declared length may be wrong.
      'content-length': '17',
      ...(isForMembers ? { cookie } : {}),
    })
    // Bytes that the test's network buffers are not read by the Worker.
    expect(body.taken).toBeLessThanOrEqual(LARGEST + 4 * CHUNK)
    if (BODILESS.has(path)) return
    expect(body.isCancelled).toBe(true)
    expect([response.status, response.headers.get('entrada-error')]).toEqual([
      413,
      'body_too_large',
    ])
  })

  test.each(ROUTES.filter(([path]) => !BODILESS.has(path)))(
    '%s (%s) is refused by its declared length before a byte is read',
    async (path, type, isForMembers) => {
      const body = new CountedBody(FLOOD)
      const response = await send(path, body.stream, {
        'content-type': type,
        'content-length': String(LARGEST + 1),
        ...(isForMembers ? { cookie } : {}),
      })
      expect(response.status).toBe(413)
      expect(body.taken).toBe(0)
    },
  )

  test('uses no more memory if sent fifty times at once', async () => {
    const bodies = Array.from({ length: 50 }, () => new CountedBody(FLOOD))
    const responses = await Promise.all(
      bodies.map((body) => send('/.entrada/oidc/token', body.stream, { 'content-type': FORM })),
    )
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([413]))
    const taken = bodies.reduce((sum, body) => sum + body.taken, 0)
    expect(taken).toBeLessThanOrEqual(50 * (LARGEST + 4 * CHUNK))
  })

  test('is not read before the session is checked', async () => {
    const body = new CountedBody(FLOOD)
    const response = await send('/.entrada/files/archive', body.stream, { 'content-type': FORM })
    expect([response.status, body.taken]).toEqual([401, 0])
  })

  test('is read if it is one byte below the limit', async () => {
    const body = `logout_token=${'x'.repeat(LARGEST - 'logout_token='.length)}`
    const headers = { 'content-type': FORM }
    expect((await send('/.entrada/backchannel-logout', body, headers)).status).toBe(400)
    expect((await send('/.entrada/backchannel-logout', `${body}x`, headers)).status).toBe(413)
  })

  test('is not a list of as many files as SHAREPOINT_MAX_FILES allows', async () => {
    const roomy = aChat([], { settings: { SHAREPOINT_MAX_FILES: '500' } }).entrada
    const own = `${SESSION}=${cookieOf(await signedIn(roomy))}`
    const items = Array.from({ length: 501 }, (_, index) => ({
      driveId: `b!${'d'.repeat(64)}`,
      id: `01${String(index).padStart(32, 'A')}`,
    }))
    const response = await roomy.fetch('/.entrada/files/archive', {
      method: 'POST',
      headers: { cookie: own, 'sec-fetch-site': 'same-origin', 'content-type': JSON_TYPE },
      body: JSON.stringify({ items }),
    })
    expect(response.headers.get('entrada-error')).toBe('too_many_files')
  })
})
