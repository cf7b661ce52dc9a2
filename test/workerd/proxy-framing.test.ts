import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerBy, aProxyScene, sendRaw, type Routes, type ProxyScene } from './proxy-fixture.ts'

const routes: Routes = new Map()
let scene: ProxyScene
let lastAddress: string | undefined

beforeAll(async () => {
  const answer = answerBy(routes)
  scene = await aProxyScene((request, response) => {
    lastAddress = request.url
    answer(request, response)
  })
})
afterAll(() => scene.close())

function rawHeaders({ rawHeaders: raw }: IncomingMessage): readonly [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, index) => [
    (raw[index * 2] ?? '').toLowerCase(),
    raw[index * 2 + 1] ?? '',
  ])
}

describe('HTTP framing', () => {
  test('hop-by-hop headers are removed in both directions [requirement 72]', async () => {
    let seen: readonly [string, string][] = []
    routes.set('/hops', (request, response) => {
      seen = rawHeaders(request)
      response.writeHead(403, {
        connection: 'x-answer-hop',
        'x-answer-hop': '1',
        'proxy-authenticate': 'Basic',
        'keep-alive': 'timeout=9',
        'x-stays': '1',
      })
      response.end()
    })
    const incoming = await scene.request('/hops', {
      headers: {
        connection: 'X-Hop, close',
        'x-hop': '1',
        'proxy-authorization': 'Basic eA==',
        'proxy-connection': 'keep-alive',
        te: 'trailers',
        upgrade: 'h2c',
      },
    })
    const names = seen.map(([name]) => name)
    for (const name of ['x-hop', 'proxy-authorization', 'proxy-connection', 'te', 'upgrade']) {
      expect(names).not.toContain(name)
    }
    expect(incoming.headers['x-stays']).toBe('1')
    expect(incoming.headers['x-answer-hop']).toBeUndefined()
    expect(incoming.headers['proxy-authenticate']).toBeUndefined()
  })

  test('the chat receives each of our headers once, whatever a client repeats [requirement 59]', async () => {
    let seen: readonly [string, string][] = []
    routes.set('/repeated', (request, response) => {
      seen = rawHeaders(request)
      response.end()
    })
    await sendRaw(
      scene.entrada.origin,
      `GET /repeated HTTP/1.1\r\nHost: localhost\r\nCookie: ${scene.cookie}\r\n` +
        'X-Forwarded-User: a\r\nx-forwarded-user: b\r\nX_Forwarded_User: c\r\nX-FORWARDED-USER: d\r\n\r\n',
    )
    const users = seen.filter(([name]) => /^x.forwarded.user$/.test(name))
    expect(users).toEqual([['x-forwarded-user', expect.stringMatching(/^[0-9a-f-]{36}$/)]])
    expect(seen.filter(([name]) => name === 'host')).toHaveLength(1)
    expect(seen.map(([, value]) => value).join()).not.toContain('__Host-entrada')
  })

  test('a session cookie in a second Cookie header signs nobody in and never reaches the chat [requirement 60]', async () => {
    let seen: readonly [string, string][] = []
    routes.set('/cookies', (request, response) => {
      seen = rawHeaders(request)
      response.end()
    })
    const send = (...cookies: readonly string[]) => {
      const lines = cookies.map((cookie) => `Cookie: ${cookie}\r\n`).join('')
      return sendRaw(
        scene.entrada.origin,
        `GET /cookies HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n`,
      )
    }
    // Joined by a comma it looks like a value that a sibling host has written.
    expect(await send('a=1', scene.cookie)).toMatch(/^HTTP\/1\.1 401/)
    expect(seen).toEqual([])
    expect(await send(scene.cookie, 'a=1', scene.cookie)).toMatch(/^HTTP\/1\.1 200/)
    expect(seen.filter(([name]) => name === 'cookie')).toEqual([['cookie', 'a=1']])
  })

  test.each([
    ['two Content-Length headers', 'Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
    [
      'a length and chunks',
      'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n',
    ],
    ['a Content-Length that is not a number', 'Content-Length: +5\r\n\r\nhello'],
    ['an unknown transfer coding', 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
  ])('%s cannot smuggle a request to the chat [requirement 72]', async (_what, rest) => {
    const paths: (string | undefined)[] = []
    const note = (request: IncomingMessage, response: ServerResponse) => {
      paths.push(request.url)
      response.end()
    }
    routes.set('/framed', note)
    routes.set('/smuggled', note)
    await sendRaw(
      scene.entrada.origin,
      `POST /framed HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nCookie: ${scene.cookie}\r\n${rest}`,
    )
    expect(paths).not.toContain('/smuggled')
  })

  test.each([
    ['/a/../b', '/b'],
    ['/a/%2e%2e/b', '/b'],
    ['//double//slash', '//double//slash'],
    ['/keep%2Fthis%20as;it=is?x=%2e%2e/', '/keep%2Fthis%20as;it=is?x=%2e%2e/'],
    ['/?q=%F0%9F%98%80&empty=&&', '/?q=%F0%9F%98%80&empty=&&'],
  ])('the address %s reaches the chat as %s', async (sent, received) => {
    const { entrada, cookie } = scene
    await sendRaw(
      entrada.origin,
      `GET ${sent} HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\n\r\n`,
    )
    expect(lastAddress).toBe(received)
  })
})
