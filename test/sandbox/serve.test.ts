import { request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { CAST } from './directory/cast.ts'
import { ADELE_FILES } from './drives/cast-files.ts'
import { type ServedSandbox, serveSandbox } from './serve.ts'

const MIB = 1024 * 1024

let served: ServedSandbox

beforeEach(async () => {
  served = await serveSandbox({ people: 10, groups: 0 })
})

afterEach(async () => {
  vi.restoreAllMocks()
  await served.close()
})

function urlOf(path: string): string {
  const { drives } = served.sandbox
  const drive = drives.oneDriveOf(CAST.adele.id)
  if (drive === null) throw new Error('Adele has a OneDrive')
  return drives.issueDownloadUrl(drives.at(drive, path))
}

function bodyOf({ body }: Response): AsyncIterable<Uint8Array> {
  if (body === null) throw new Error('there is no body')
  return body
}

function socketTo(path: string, protocols: string[] = []): WebSocket {
  return new WebSocket(`${served.hosts.chat.replace('http', 'ws')}${path}`, protocols)
}

function event(socket: WebSocket, name: 'open' | 'close' | 'message' | 'error'): Promise<unknown> {
  return new Promise((resolve) => socket.once(name, resolve))
}

test('every host has a port of its own on loopback, and its URLs say so', async () => {
  const ports = Object.values<string>({ ...served.hosts }).map((origin) => new URL(origin))
  expect(new Set(ports.map(({ port }) => port)).size).toBe(9)
  expect(ports.every(({ hostname }) => hostname === '127.0.0.1')).toBe(true)
  const tenant = served.sandbox.entra.homeTenantId
  const discovery = await fetch(
    `${served.hosts.login}/${tenant}/v2.0/.well-known/openid-configuration`,
  )
  expect(await discovery.json()).toMatchObject({ issuer: `${served.hosts.login}/${tenant}/v2.0` })
})

test('a port that is taken fails the start and leaves none of the others bound', async () => {
  const taken = Number(new URL(served.hosts.chat).port)
  const free = await serveSandbox({ people: 0, groups: 0 })
  const graph = Number(new URL(free.hosts.graph).port)
  await free.close()
  await expect(serveSandbox({ ports: { chat: taken, graph } })).rejects.toThrow('EADDRINUSE')
  const again = await serveSandbox({ people: 0, groups: 0, ports: { graph } })
  expect(again.hosts.graph).toBe(`http://127.0.0.1:${graph}`)
  await again.close()
})

test('/echo shows headers as they came over the wire, duplicates and odd spellings included', async () => {
  const { port } = new URL(served.hosts.chat)
  const socket = connect(Number(port), '127.0.0.1')
  socket.write(
    'GET /echo HTTP/1.1\r\nHost: chat\r\nX-Forwarded-User: one\r\nx-forwarded-USER: two\r\n',
  )
  socket.write('X_Forwarded_User: three\r\nConnection: close\r\n\r\n')
  let text = ''
  for await (const part of socket) text += String(part)
  expect(text).toContain(
    '["X-Forwarded-User","one"],["x-forwarded-USER","two"],["X_Forwarded_User","three"]',
  )
})

test('a web socket echoes text and bytes, and is journaled as any request', async () => {
  const socket = socketTo('/ws?probe=1', ['other', 'echo'])
  await event(socket, 'open')
  expect(socket.protocol).toBe('echo')
  socket.send('hello')
  expect(String(await event(socket, 'message'))).toBe('hello')
  socket.send(Buffer.from([0, 255]))
  expect(await event(socket, 'message')).toEqual(Buffer.from([0, 255]))
  socket.close(4001)
  expect(await event(socket, 'close')).toBe(4001)
  expect(served.sandbox.journal.to('chat', '/ws')).toHaveLength(1)
})

test('an upgrade elsewhere is refused', async () => {
  const socket = socketTo('/elsewhere')
  expect(String(await event(socket, 'error'))).toContain('404')
})

test('a download stops being made when the client goes', async () => {
  const cancelled = Promise.withResolvers<void>()
  let made = 0
  vi.spyOn(served.sandbox.drives, 'content').mockImplementation(
    () =>
      new ReadableStream({
        pull(controller) {
          made += 1
          controller.enqueue(new Uint8Array(MIB))
        },
        cancel: () => cancelled.resolve(),
      }),
  )
  const client = request(urlOf(ADELE_FILES.film), (response) => {
    response.once('data', () => client.destroy())
  })
  client.on('error', () => {}).end()
  await cancelled.promise
  expect(made).toBeLessThan(64)
})

test('a client that reads slowly slows the sender down', async () => {
  let made = 0
  vi.spyOn(served.sandbox.drives, 'content').mockImplementation(
    () =>
      new ReadableStream({
        pull(controller) {
          made += 1
          controller.enqueue(new Uint8Array(MIB))
        },
      }),
  )
  const client = request(urlOf(ADELE_FILES.film), (response) => response.once('readable', () => {}))
  client.on('error', () => {}).end()
  await sleep(400)
  client.destroy()
  expect(made).toBeLessThan(64)
})

test('512 MiB pass without being buffered', async () => {
  const response = await fetch(urlOf(ADELE_FILES.film), {
    headers: { range: `bytes=0-${512 * MIB - 1}` },
  })
  let received = 0
  let most = 0
  for await (const chunk of bodyOf(response)) {
    received += chunk.byteLength
    most = Math.max(most, process.memoryUsage().arrayBuffers)
  }
  expect(received).toBe(512 * MIB)
  // What is let go is freed when the collector comes round; what is held would be all of it.
  expect(most).toBeLessThan(320 * MIB)
})

test('files.cut breaks the connection, and not a byte follows that is not the file’s', async () => {
  served.sandbox.faults.set('files.cut')
  const response = await fetch(urlOf(ADELE_FILES.recording))
  expect(response.headers.get('content-length')).toBe(String(8 * MIB))
  let received = 0
  const reading = (async () => {
    for await (const chunk of bodyOf(response)) received += chunk.byteLength
  })()
  await expect(reading).rejects.toThrow('terminated')
  expect(received).toBeLessThanOrEqual(Math.floor(8 * MIB * 0.4))
  expect(received).toBeGreaterThan(MIB)
})

test('closing ends streams, sockets and idle connections', async () => {
  const stream = await fetch(`${served.hosts.chat}/sse?n=1000&ms=50`)
  const socket = socketTo('/ws')
  await event(socket, 'open')
  const closed = event(socket, 'close')
  const startedAt = performance.now()
  await served.close()
  await closed
  await expect(stream.text()).rejects.toThrow('terminated')
  expect(performance.now() - startedAt).toBeLessThan(1000)
  await expect(fetch(`${served.hosts.chat}/health`)).rejects.toThrow('fetch failed')
})
