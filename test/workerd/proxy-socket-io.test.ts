import { randomBytes } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { Server } from 'socket.io'
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client'
import { CAST } from '../sandbox/directory/cast.ts'
import { aProxyScene, signIn, type ProxyScene } from './proxy-fixture.ts'

/** The Socket.IO paths of Open WebUI and Chainlit. */
const PATH = '/ws/socket.io'

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0)) await close()
})

/** A Socket.IO chat that reports the identity headers and echoes what it receives. */
async function aSocketIoChat(settings: Readonly<Record<string, string>> = {}) {
  let server: Server | null = null
  const scene = await aProxyScene((_request, response) => response.end('hello'), {
    settings,
    onServer: (http) => {
      server = new Server(http, { path: PATH })
      server.on('connection', (socket) => {
        socket.on('who', (answer: (id: unknown) => void) =>
          answer(socket.handshake.headers['x-forwarded-user']),
        )
        socket.on('echo', (data: unknown, answer: (data: unknown) => void) => answer(data))
      })
    },
  })
  open.push(async () => {
    await server?.close()
    await scene.close()
  })
  return scene
}

function connect(
  { entrada, cookie }: Pick<ProxyScene, 'entrada' | 'cookie'>,
  options: Partial<ManagerOptions & SocketOptions> = {},
): Socket {
  const socket = io(entrada.origin, {
    path: PATH,
    extraHeaders: { cookie, origin: entrada.origin },
    reconnectionDelay: 100,
    reconnectionDelayMax: 200,
    ...options,
  })
  open.unshift(async () => void socket.disconnect())
  return socket
}

const event = (socket: Socket, name: string) =>
  new Promise<unknown>((resolve) => {
    socket.once(name, resolve)
  })

test('starts with polling, upgrades, identifies the person and carries binary data', async () => {
  const scene = await aSocketIoChat()
  const socket = connect(scene)
  await event(socket, 'connect')
  expect(socket.io.engine.transport.name).toBe('polling')
  await new Promise((resolve) => socket.io.engine.once('upgrade', resolve))
  expect(socket.io.engine.transport.name).toBe('websocket')
  expect(await socket.emitWithAck('who')).toBe(CAST.adele.id)
  const bytes = randomBytes(500_000)
  const answer: unknown = await socket.emitWithAck('echo', {
    bytes,
    text: 'é',
    list: [bytes.subarray(0, 3)],
  })
  expect(answer).toEqual({ bytes, text: 'é', list: [bytes.subarray(0, 3)] })
})

test.each(['polling', 'websocket'])('works with %s only', async (transport) => {
  const scene = await aSocketIoChat()
  const socket = connect(scene, { transports: [transport] })
  await event(socket, 'connect')
  const bytes = randomBytes(10_000)
  expect(await socket.emitWithAck('echo', bytes)).toEqual(bytes)
})

test('without a session neither polling nor a socket passes [requirement 66]', async () => {
  const { entrada } = await aSocketIoChat()
  for (const transport of ['polling', 'websocket']) {
    const socket = connect(
      { entrada, cookie: 'a=1' },
      { transports: [transport], reconnection: false },
    )
    expect(await event(socket, 'connect_error')).toBeInstanceOf(Error)
  }
})

test('after a sign-out the client is disconnected and refused until the next sign-in [requirement 68]', async () => {
  const scene = await aSocketIoChat({ WEBSOCKET_SESSION_BOUND: 'true', SESSION_CHECK_SECONDS: '1' })
  const socket = connect(scene, { transports: ['websocket'] })
  await event(socket, 'connect')
  const cut = event(socket, 'disconnect')
  const refused = new Promise<unknown>((resolve) => socket.io.once('reconnect_error', resolve))
  await scene.request('/.entrada/logout', { method: 'POST' })
  expect(await cut).toBe('transport close')
  expect(await refused).toBeInstanceOf(Error)
  const back = event(socket, 'connect')
  socket.io.opts.extraHeaders = {
    cookie: await signIn(scene.entrada),
    origin: scene.entrada.origin,
  }
  await back
  expect(await socket.emitWithAck('who')).toBe(CAST.adele.id)
})

test('a sign-out stops polling at the next request', async () => {
  const scene = await aSocketIoChat()
  const socket = connect(scene, { transports: ['polling'], reconnection: false })
  await event(socket, 'connect')
  const cut = event(socket, 'disconnect')
  await scene.request('/.entrada/logout', { method: 'POST' })
  socket.emit('echo', 'anything', () => {})
  expect(await cut).toBe('transport error')
})
