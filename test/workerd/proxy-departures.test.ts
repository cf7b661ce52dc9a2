import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aProxyScene, portOf, sendRaw, type ProxyScene } from './proxy-fixture.ts'

let scene: ProxyScene
let isBelowPrefix = false
let answer: (response: ServerResponse) => void = (response) => response.end()

beforeAll(async () => {
  scene = await aProxyScene((_request, response) => answer(response))
})
afterAll(() => scene.close())

function rawRequest(method: string, rest: string, target = '/x'): string {
  return `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nCookie: ${scene.cookie}\r\n${rest}`
}

describe('a client that disconnects cancels at the chat', () => {
  const MESSAGE = 'Content-Length: 16\r\n\r\n{"text":"write"}'

  test.each([
    ['a GET without a response yet', 'GET', '\r\n', () => {}],
    ['a POST without a response yet', 'POST', MESSAGE, () => {}],
    ['a response of which only the headers have arrived', 'POST', MESSAGE, sendHead],
  ])(
    '%s [requirement 71]',
    async (_what, method, rest, begin: (response: ServerResponse) => void) => {
      const arrived = Promise.withResolvers<void>()
      const left = Promise.withResolvers<boolean>()
      answer = (response) => {
        response.on('close', () => left.resolve(response.writableFinished))
        begin(response)
        arrived.resolve()
      }
      const client = connect(Number(new URL(scene.entrada.origin).port), '127.0.0.1')
      client.write(rawRequest(method, rest))
      await arrived.promise
      // Destroys the connection, because after a half-close a client may still read.
      client.resetAndDestroy()
      expect(await left.promise).toBe(false)
    },
  )

  function sendHead(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
  }
})

test.each([200, 403])(
  'a response of %i passes without hop-by-hop headers [requirement 72]',
  async (status) => {
    answer = (response) => {
      response.writeHead(status, {
        'proxy-authenticate': 'Basic realm="hop"',
        'proxy-connection': 'hop',
        connection: 'x-answer-hop',
        'x-answer-hop': 'hop',
        'keep-alive': 'timeout=987',
        te: 'hop',
        trailer: 'x-hop-trailer',
        upgrade: 'hop',
        'x-stays': '1',
      })
      response.end('x')
    }
    const text = await sendRaw(scene.entrada.origin, rawRequest('GET', 'Connection: close\r\n\r\n'))
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(text).toMatch(/^x-stays: 1\r$/im)
    expect(text).not.toMatch(/hop|987/i)
  },
)

test.each([
  ['/a?x=/../b', '/tenant/chat/a?x=/../b'],
  ['/../../admin', '/tenant/chat/admin'],
  ['/a/%2e%2e/%2E%2e/admin', '/tenant/chat/admin'],
  ['/..\\..\\admin', '/tenant/chat/admin'],
  ['//evil.example/x', '/tenant/chat//evil.example/x'],
])('below a path prefix, %s reaches the chat as %s', async (sent, received) => {
  let address: string | undefined
  answer = (response) => {
    address = response.req.url
    response.end()
  }
  const chat = `http://127.0.0.1:${portOf(scene.chat)}`
  if (!isBelowPrefix) await scene.entrada.restart({ ORIGIN_URL: `${chat}/tenant/chat/` })
  isBelowPrefix = true
  await sendRaw(scene.entrada.origin, rawRequest('GET', 'Connection: close\r\n\r\n', sent))
  expect(address).toBe(received)
})
