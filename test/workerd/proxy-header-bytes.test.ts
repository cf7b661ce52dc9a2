import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aProxyScene, sendRaw, type ProxyScene } from './proxy-fixture.ts'

/** Header values are bytes (RFC 9110 §5.5): Latin-1, UTF-8, or invalid in both. */
const VALUES = [
  ['Latin-1', '\xdcbersicht.pdf'],
  ['UTF-8', Buffer.from('Übersicht 概要.pdf').toString('latin1')],
  ['not text at all', '\xff\xfe\x80x'],
] as const

const DRAFT = Buffer.from('Entwürfe').toString('latin1')

let scene: ProxyScene
let seen: readonly string[] = []
let answer: (response: ServerResponse) => void = (response) => response.end()

beforeAll(async () => {
  scene = await aProxyScene(
    (request: IncomingMessage, response) => {
      seen = request.rawHeaders
      answer(response)
    },
    { settings: { SKIP_AUTH_ROUTES: 'GET /open' } },
  )
})
afterAll(() => scene.close())

/** The received value of a header, one character per byte. */
function received(name: string): readonly string[] {
  return seen.flatMap((entry, index) =>
    index % 2 === 0 && entry.toLowerCase() === name ? [seen[index + 1] ?? ''] : [],
  )
}

function ask(headers: string): Promise<string> {
  return sendRaw(
    scene.entrada.origin,
    `GET /x HTTP/1.1\r\nHost: localhost\r\nCookie: ${scene.cookie}; draft=${DRAFT}\r\n${headers}Connection: close\r\n\r\n`,
  )
}

describe.each(VALUES)('a header whose bytes are %s', (_what, value) => {
  test('reaches the chat unchanged', async () => {
    answer = (response) => response.end()
    await ask(`X-Title: ${value}\r\n`)
    expect(received('x-title')).toEqual([value])
  })

  test.each([
    ['in a response that passes unchanged', []],
    ['in a response whose headers must change', ['__Host-entrada=planted; Path=/; Secure']],
  ])('reaches the client, %s', async (_how, cookies) => {
    answer = (response) => {
      response.writeHead(
        200,
        [
          ['content-disposition', `attachment; filename="${value}"`],
          ...cookies.map((cookie) => ['set-cookie', cookie]),
        ].flat(),
      )
      response.end()
    }
    const text = await ask('')
    expect(text).toContain(`filename="${value}"`)
    expect(text).not.toContain('planted')
  })
})

// With one of our cookies beside it, the header is decoded and written again, which preserves only
// UTF-8.
test('a non-ASCII cookie of the chat passes byte for byte beside ours [requirement 60]', async () => {
  answer = (response) => response.end()
  await ask('')
  expect(received('cookie')).toEqual([`draft=${DRAFT}`])
})

test('without our cookies every cookie passes byte for byte, on open routes too [requirement 60]', async () => {
  answer = (response) => response.end()
  const cookie = 'draft=Entw\xfcrfe; other=\xff'
  const head = `GET /open HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`
  await sendRaw(scene.entrada.origin, head)
  expect(received('cookie')).toEqual([cookie])
})
