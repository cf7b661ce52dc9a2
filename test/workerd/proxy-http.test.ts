import { createHash, randomBytes } from 'node:crypto'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answerBy, aProxyScene, textOf, type Routes, type ProxyScene } from './proxy-fixture.ts'

const routes: Routes = new Map()
let scene: ProxyScene

beforeAll(async () => {
  scene = await aProxyScene(answerBy(routes))
})
afterAll(() => scene.close())

describe('HTTP semantics', () => {
  test.each([
    ['gzip', gzipSync('hello')],
    ['br', brotliCompressSync('hello')],
    ['zstd', zstdCompressSync('hello')],
  ])(
    '%s passes byte for byte, and the chat receives the client’s Accept-Encoding',
    async (encoding, bytes) => {
      let accepted: string | undefined
      routes.set('/packed', (request, response) => {
        accepted = request.headers['accept-encoding']
        response.writeHead(200, {
          'content-encoding': encoding,
          'content-length': String(bytes.length),
        })
        response.end(bytes)
      })
      const incoming = await scene.request('/packed', {
        headers: { 'accept-encoding': `${encoding};q=1` },
      })
      const chunks: Buffer[] = []
      for await (const chunk of incoming) chunks.push(Buffer.from(chunk as Uint8Array))
      expect(incoming.headers['content-encoding']).toBe(encoding)
      expect(incoming.headers['content-length']).toBe(String(bytes.length))
      expect(Buffer.concat(chunks).equals(bytes)).toBe(true)
      expect(accepted).toBe(`${encoding};q=1`)
    },
  )

  test('compressed responses whose headers must change still pass byte for byte', async () => {
    const bytes = gzipSync(randomBytes(100_000))
    routes.set('/packed-cookie', (_request, response) => {
      response.writeHead(200, {
        'content-encoding': 'gzip',
        'set-cookie': ['__Host-entrada=x; Path=/; Secure', 'a=1'],
      })
      response.end(bytes)
    })
    const incoming = await scene.request('/packed-cookie')
    const hash = createHash('sha256')
    for await (const chunk of incoming) hash.update(Buffer.from(chunk as Uint8Array))
    expect(incoming.headers['set-cookie']).toEqual(['a=1'])
    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
  })

  test('range requests and partial responses pass', async () => {
    routes.set('/file', (request, response) => {
      response.writeHead(206, { 'content-range': 'bytes 2-4/10', etag: '"v1"' })
      response.end(request.headers.range)
    })
    const incoming = await scene.request('/file', {
      headers: { range: 'bytes=2-4', 'if-range': '"v1"' },
    })
    expect([incoming.statusCode, incoming.headers['content-range']]).toEqual([206, 'bytes 2-4/10'])
    expect(await textOf(incoming)).toBe('bytes=2-4')
  })

  test('a conditional request gets a 304 without a body', async () => {
    routes.set('/cached', (request, response) => {
      response.writeHead(request.headers['if-none-match'] === '"v1"' ? 304 : 200, { etag: '"v1"' })
      response.end()
    })
    const incoming = await scene.request('/cached', { headers: { 'if-none-match': '"v1"' } })
    expect([incoming.statusCode, incoming.headers.etag]).toEqual([304, '"v1"'])
  })

  test('HEAD passes, with the Content-Length of the chat', async () => {
    const methods: (string | undefined)[] = []
    routes.set('/length', (request, response) => {
      methods.push(request.method)
      response.writeHead(200, { 'content-length': '12345' })
      response.end()
    })
    const incoming = await scene.request('/length', { method: 'HEAD' })
    expect(incoming.headers['content-length']).toBe('12345')
    expect(methods).toEqual(['HEAD'])
  })

  test('several Set-Cookie headers stay separate', async () => {
    const cookies = ['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b=2; Path=/', 'c=3']
    routes.set('/cookies', (_request, response) => {
      response.writeHead(200, { 'set-cookie': cookies })
      response.end()
    })
    expect((await scene.request('/cookies')).headers['set-cookie']).toEqual(cookies)
  })

  test('a redirect is left to the client [requirement 72]', async () => {
    routes.set('/moved', (_request, response) => {
      response.writeHead(302, { location: 'http://127.0.0.1:1/nowhere' })
      response.end()
    })
    const incoming = await scene.request('/moved')
    expect([incoming.statusCode, incoming.headers.location]).toEqual([
      302,
      'http://127.0.0.1:1/nowhere',
    ])
  })
})

describe('a chat that does not respond', () => {
  test('is distinguished from a slow chat', async () => {
    const away = await aProxyScene((_request, response) => response.end('hello'), {
      settings: { ORIGIN_TIMEOUT_SECONDS: '1' },
    })
    try {
      away.chat.removeAllListeners('request')
      away.chat.on('request', () => {})
      const slow = await away.request('/x')
      expect([slow.statusCode, slow.headers['entrada-error']]).toEqual([504, 'origin_timeout'])
      away.chat.closeAllConnections()
      await new Promise((resolve) => away.chat.close(resolve))
      const dead = await away.request('/x')
      expect([dead.statusCode, dead.headers['entrada-error']]).toEqual([502, 'origin_unreachable'])
    } finally {
      await away.close()
    }
  })
})
