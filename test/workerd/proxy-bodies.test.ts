import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  answerBy,
  aProxyScene,
  runtimeMemory,
  textOf,
  type Routes,
  type ProxyScene,
} from './proxy-fixture.ts'

const MIB = 1024 * 1024
const GIB = 1024 * MIB

const routes: Routes = new Map()
let scene: ProxyScene

beforeAll(async () => {
  scene = await aProxyScene(answerBy(routes))
})
afterAll(() => scene.close())

function* chunksOf(bytes: number): Generator<Buffer> {
  const chunk = Buffer.alloc(256 * 1024, 0x2e)
  for (let left = bytes; left > 0; left -= chunk.length) {
    yield left < chunk.length ? chunk.subarray(0, left) : chunk
  }
}

/** Runs work and returns how much the runtime's memory grew meanwhile, in MiB. */
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
  test('server-sent events arrive one by one as they are sent [requirement 70]', async () => {
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

  test('the response headers are sent before the body', async () => {
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

  test('an upload reaches the chat while it is still being sent [requirement 71]', async () => {
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

  test('a client that disconnects cancels the request at the chat, also during a response [requirement 71]', async () => {
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

  test('an interrupted upload is interrupted at the chat, too [requirement 71]', async () => {
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
  test('1 GiB is downloaded in constant memory', async () => {
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
    ['with Content-Length', { 'content-length': String(GIB) }, String(GIB)],
    ['chunked', {}, undefined],
  ])(
    '1 GiB is uploaded in constant memory, %s [requirement 71]',
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

  test('a slow client slows the chat down and does not fill memory', async () => {
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
