import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aProxyScene, sendRaw, textOf, type ProxyScene } from './proxy-fixture.ts'

interface Seen {
  readonly method: string
  readonly length: string | undefined
  readonly text: string
  readonly user: string | string[] | undefined
}

const seen: Seen[] = []
let scene: ProxyScene

beforeAll(async () => {
  scene = await aProxyScene(
    (request, response) => {
      void textOf(request).then((text) => {
        const { method = '', headers } = request
        const user = headers['x-forwarded-user']
        seen.push({ method, length: headers['content-length'], text, user })
        const isMoved = request.url === '/moved'
        response.writeHead(isMoved ? 302 : 200, isMoved ? { location: '/data' } : {})
        response.end('hello')
      })
    },
    { settings: { SKIP_AUTH_ROUTES: 'GET /open/*, HEAD /open/*' } },
  )
})
afterAll(() => scene.close())

async function send(start: string, rest: string, cookie = scene.cookie): Promise<string> {
  seen.length = 0
  const answer = await sendRaw(
    scene.entrada.origin,
    `${start} HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\n${rest}`,
  )
  return answer.split('\r\n')[0] ?? ''
}

const OK = 'HTTP/1.1 200 OK'
const JSON_OF_TWO = 'Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'

describe.each(['GET', 'HEAD'])('a %s request with content', (method) => {
  test.each([
    ['Content-Length: 0', 'Content-Length: 0\r\n\r\n', ''],
    ['two bytes of JSON', JSON_OF_TWO, '{}'],
    ['a path that looks static', JSON_OF_TWO, '{}', '/data.json'],
    // The runtime forwards content of these requests only with a known length. Without one the
    // request passes without its content.
    ['an empty chunked body', 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n', ''],
    ['a chunked body', 'Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n', ''],
  ])('passes with %s', async (_what, rest, text, path = '/data') => {
    expect(await send(`${method} ${path}`, rest)).toBe(OK)
    expect(seen).toEqual([
      {
        method,
        text,
        length: text === '' ? undefined : String(text.length),
        user: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    ])
    expect(scene.entrada.logs.text).not.toContain('request_failed')
  })

  test.each([
    ['Content-Length: 0\r\n\r\n', '', undefined],
    [JSON_OF_TWO, '{}', '2'],
  ])('passes on an open route', async (rest, text, length) => {
    expect(await send(`${method} /open/data`, rest, 'a=1')).toBe(OK)
    expect(seen).toEqual([{ method, text, length, user: undefined }])
  })

  test('gets the redirect of the chat, which the client follows [requirement 72]', async () => {
    expect(await send(`${method} /moved`, JSON_OF_TWO)).toBe('HTTP/1.1 302 Found')
    expect(seen).toHaveLength(1)
  })

  test('carries the identity of the session, not the client’s', async () => {
    await send(
      `${method} /data`,
      `X-Forwarded-User: mallory\r\nX_Forwarded_User: m\r\n${JSON_OF_TWO}`,
    )
    expect(seen[0]?.user).toMatch(/^[0-9a-f-]{36}$/)
  })
})
