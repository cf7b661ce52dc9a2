import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aScene, runtimeMemory, sendRaw, textOf, type Scene } from './proxy-fixture.ts'

const MIB = 1024 * 1024
const GIB = 1024 * MIB

/** What the chat does with a path; a test says so before it asks. */
const routes = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>()
let scene: Scene
let lastAddress: string | undefined

beforeAll(async () => {
  scene = await aScene((request, response) => {
    lastAddress = request.url
    const route = routes.get(request.url?.split('?')[0] ?? '/')
    if (route === undefined) response.end('hello')
    else route(request, response)
  })
})
afterAll(() => scene.close())

function rawHeaders({ rawHeaders: raw }: IncomingMessage): readonly [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, index) => [
    (raw[index * 2] ?? '').toLowerCase(),
    raw[index * 2 + 1] ?? '',
  ])
}

function* chunksOf(bytes: number): Generator<Buffer> {
  const chunk = Buffer.alloc(256 * 1024, 0x2e)
  for (let left = bytes; left > 0; left -= chunk.length) {
    yield left < chunk.length ? chunk.subarray(0, left) : chunk
  }
}

/** Runs work and tells how far the runtime's memory rose meanwhile, in MiB. */
async function memoryRise(work: () => Promise<void>): Promise<number> {
  const before = runtimeMemory()
  let most = before
  const watch = setInterval(() => {
    most = Math.max(most, runtimeMemory())
  }, 50)
  await work().finally(() => clearInterval(watch))
  return most - before
}

describe('streams', () => {
  test('server-sent events arrive one by one, as they are sent [bar 70]', async () => {
    routes.set('/sse', (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      let count = 0
      const timer = setInterval(() => {
        response.write(`data: ${Date.now()}\n\n`)
        if (++count === 20) {
          clearInterval(timer)
          response.end()
        }
      }, 50)
    })
    const delays: number[] = []
    for await (const chunk of await scene.request('/sse')) {
      const sent = /data: (\d+)/.exec(String(chunk))?.[1]
      delays.push(Date.now() - Number(sent))
    }
    expect(delays).toHaveLength(20)
    expect(Math.max(...delays)).toBeLessThan(250)
  })

  test('the head of an answer does not wait for its body', async () => {
    routes.set('/head-first', (_request, response) => {
      response.writeHead(200)
      response.flushHeaders()
      setTimeout(() => response.end('late'), 500)
    })
    const started = Date.now()
    const incoming = await scene.request('/head-first')
    expect(Date.now() - started).toBeLessThan(400)
    expect(await textOf(incoming)).toBe('late')
  })

  test('an upload reaches the chat while it is still being sent [bar 71]', async () => {
    const arrivals: number[] = []
    routes.set('/upload-live', (request, response) => {
      request.on('data', () => arrivals.push(Date.now()))
      request.on('end', () => response.end('ok'))
    })
    const body = Readable.from(
      (async function* slow() {
        for (let part = 0; part < 4; part++) {
          yield Buffer.from(`part ${part}`)
          await delay(200)
        }
      })(),
    )
    await textOf(await scene.request('/upload-live', { method: 'POST', body }))
    const [first = 0, last = 0] = [arrivals[0], arrivals.at(-1)]
    expect(last - first).toBeGreaterThan(400)
  })

  test('a client that goes away takes its request along, also in the middle of an answer [bar 71]', async () => {
    const left = Promise.withResolvers<void>()
    routes.set('/endless', (_request, response) => {
      const timer = setInterval(() => response.write('.'), 20)
      response.on('close', () => {
        clearInterval(timer)
        left.resolve()
      })
    })
    const incoming = await scene.request('/endless')
    incoming.destroy()
    await left.promise
    expect(incoming.destroyed).toBe(true)
  })

  test('an upload that breaks off breaks off at the chat [bar 71]', async () => {
    const arrived = Promise.withResolvers<void>()
    const broken = Promise.withResolvers<void>()
    routes.set('/half', (request) => {
      request.on('data', () => arrived.resolve())
      request.on('error', () => broken.resolve())
    })
    const controller = new AbortController()
    const body = new Readable({ read() {} })
    body.push('the first half')
    const answer = scene
      .request('/half', { method: 'POST', body, signal: controller.signal })
      .catch(() => 'gone')
    await arrived.promise
    controller.abort()
    await broken.promise
    expect(await answer).toBe('gone')
  })
})

describe('size', () => {
  test('1 GiB down in flat memory', async () => {
    routes.set('/big', (_request, response) => {
      response.writeHead(200, { 'content-length': String(GIB) })
      Readable.from(chunksOf(GIB)).pipe(response)
    })
    let received = 0
    const rise = await memoryRise(async () => {
      const incoming = await scene.request('/big')
      expect(incoming.headers['content-length']).toBe(String(GIB))
      incoming.on('data', (chunk: Buffer) => {
        received += chunk.length
      })
      await new Promise((resolve) => incoming.on('end', resolve))
    })
    expect(received).toBe(GIB)
    expect(rise).toBeLessThan(32)
  }, 120_000)

  test.each([
    ['with its length kept', { 'content-length': String(GIB) }, String(GIB)],
    ['chunked', {}, undefined],
  ])(
    '1 GiB up in flat memory, %s [bar 71]',
    async (_how, headers: Record<string, string>, length) => {
      routes.set('/sink', (request, response) => {
        let bytes = 0
        request.on('data', (chunk: Buffer) => {
          bytes += chunk.length
        })
        request.on('end', () =>
          response.end(JSON.stringify({ bytes, length: request.headers['content-length'] })),
        )
      })
      let answer = ''
      const rise = await memoryRise(async () => {
        const body = Readable.from(chunksOf(GIB))
        answer = await textOf(await scene.request('/sink', { method: 'POST', headers, body }))
      })
      expect(JSON.parse(answer)).toEqual({ bytes: GIB, length })
      expect(rise).toBeLessThan(32)
    },
    120_000,
  )

  test('a slow reader slows the chat down and fills no memory', async () => {
    let sent = 0
    routes.set('/fast', (_request, response) => {
      response.writeHead(200, { 'content-length': String(GIB) })
      const source = Readable.from(chunksOf(GIB))
      source.on('data', (chunk: Buffer) => {
        sent += chunk.length
      })
      source.pipe(response)
    })
    const rise = await memoryRise(async () => {
      const incoming = await scene.request('/fast')
      incoming.pause()
      await delay(1500)
      incoming.destroy()
    })
    expect(sent).toBeLessThan(64 * MIB)
    expect(rise).toBeLessThan(32)
  })
})

describe('what HTTP says', () => {
  test.each([
    ['gzip', gzipSync('hello')],
    ['br', brotliCompressSync('hello')],
    ['zstd', zstdCompressSync('hello')],
  ])(
    '%s passes byte for byte, and the chat hears what the client can read',
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

  test('packed answers that must be cleaned still pass byte for byte', async () => {
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

  test('a range is asked for and answered as such', async () => {
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

  test('what the browser has is not sent again', async () => {
    routes.set('/cached', (request, response) => {
      response.writeHead(request.headers['if-none-match'] === '"v1"' ? 304 : 200, { etag: '"v1"' })
      response.end()
    })
    const incoming = await scene.request('/cached', { headers: { 'if-none-match': '"v1"' } })
    expect([incoming.statusCode, incoming.headers.etag]).toEqual([304, '"v1"'])
  })

  test('HEAD is HEAD, with the length the chat tells', async () => {
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

  test('several cookies stay several', async () => {
    const cookies = ['a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT', 'b=2; Path=/', 'c=3']
    routes.set('/cookies', (_request, response) => {
      response.writeHead(200, { 'set-cookie': cookies })
      response.end()
    })
    expect((await scene.request('/cookies')).headers['set-cookie']).toEqual(cookies)
  })

  test('a redirect is the client’s to follow [bar 72]', async () => {
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

  test('headers for one connection stop here in both directions [bar 72]', async () => {
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

  test('the chat sees one of each of our headers, whatever a client repeats [bar 59]', async () => {
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

  test.each([
    ['two lengths', 'Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
    [
      'a length and chunks',
      'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n',
    ],
    ['a length that is none', 'Content-Length: +5\r\n\r\nhello'],
    ['a coding nobody speaks', 'Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
  ])('%s: nothing is smuggled past [bar 72]', async (_what, rest) => {
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

describe('a chat that is not there', () => {
  test('is told apart from one that is slow', async () => {
    const away = await aScene((_request, response) => response.end('hello'), {
      settings: { ORIGIN_TIMEOUT_SECONDS: '1' },
    })
    try {
      const [handler] = away.chat.listeners('request')
      away.chat.removeAllListeners('request')
      away.chat.on('request', () => {})
      const slow = await away.request('/x')
      expect([slow.statusCode, slow.headers['entrada-error']]).toEqual([504, 'origin_timeout'])
      expect(handler).toBeDefined()
      away.chat.closeAllConnections()
      await new Promise((resolve) => away.chat.close(resolve))
      const dead = await away.request('/x')
      expect([dead.statusCode, dead.headers['entrada-error']]).toEqual([502, 'origin_unreachable'])
    } finally {
      await away.close()
    }
  })
})
