import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket, type RawData } from 'ws'
import { aSocketScene, MODES, type SocketScene } from './proxy-sockets-fixture.ts'

describe.each(MODES)('a socket $name', ({ settings }) => {
  let scene: SocketScene
  beforeAll(async () => {
    scene = await aSocketScene(settings)
  })
  afterAll(() => scene.close())

  const closing = (socket: WebSocket) =>
    new Promise<readonly [number, string]>((resolve) => {
      socket.on('close', (code, reason) => resolve([code, reason.toString()]))
    })

  /** Sends a ping after all other frames and resolves when it has been written. */
  const drained = (socket: WebSocket) =>
    new Promise<void>((resolve) => {
      socket.ping('', undefined, () => resolve())
    })

  test.each([
    [1000, 'done'],
    [1001, ''],
    [1008, 'policy'],
    [1011, 'error'],
    [3000, 'registered'],
    [4001, 'ü'.repeat(60)],
  ])('passes close code %i of the client [requirement 69]', async (code, reason) => {
    const socket = await scene.open()
    const closed = closing(scene.lastAtChat().socket)
    socket.close(code, reason)
    expect(await closed).toEqual([code, reason])
  })

  test.each([
    [1000, 'done'],
    [1012, 'restart'],
    [4999, 'own'],
  ])('passes close code %i of the chat [requirement 69]', async (code, reason) => {
    const socket = await scene.open()
    const closed = closing(socket)
    scene.lastAtChat().socket.close(code, reason)
    expect(await closed).toEqual([code, reason])
  })

  test('closes without a code when there is none', async () => {
    const socket = await scene.open()
    const closed = closing(scene.lastAtChat().socket)
    socket.close()
    expect((await closed)[0]).toBe(1005)
  })

  test('delivers frames that the chat sends after the client began to close [requirement 69]', async () => {
    const socket = await scene.open()
    const { socket: chat } = scene.lastAtChat()
    const received: string[] = []
    socket.on('message', (data: RawData) => received.push(String(data)))
    // The library answers a close frame at once; pausing the socket delays the answer.
    chat.pause()
    const closed = closing(socket)
    socket.close(1000, 'enough')
    for (let index = 0; index < 100; index++) chat.send(`last ${index}`)
    await Promise.all([closed, drained(chat).then(() => chat.resume())])
    expect(received).toHaveLength(100)
    expect((await closed)[0]).toBe(1000)
  })

  test('closes the client’s side when the chat’s connection is lost', async () => {
    const socket = await scene.open()
    const closed = closing(socket)
    scene.lastAtChat().socket.terminate()
    expect([1006, 1011]).toContain((await closed)[0])
  })

  test('closes the chat’s side when the client’s connection is lost', async () => {
    const socket = await scene.open()
    const closed = closing(scene.lastAtChat().socket)
    socket.terminate()
    expect([1001, 1005, 1006, 1011]).toContain((await closed)[0])
  })
})

const BOUND = { WEBSOCKET_SESSION_BOUND: 'true', SESSION_CHECK_SECONDS: '1' }

describe('the end of a session', () => {
  test('closes a socket bound to it with 4401, within SESSION_CHECK_SECONDS [requirement 68]', async () => {
    const scene = await aSocketScene(BOUND)
    try {
      const socket = await scene.open()
      const chat = scene.atChat.at(-1)?.socket
      const closedAtChat = new Promise<number>((resolve) => chat?.on('close', resolve))
      await delay(2500)
      expect(socket.readyState).toBe(WebSocket.OPEN)
      const logout = await scene.request('/.entrada/logout', { method: 'POST' })
      expect(logout.statusCode).toBeLessThan(400)
      const ended = Date.now()
      const closed = new Promise<readonly [number, string]>((resolve) => {
        socket.on('close', (code, reason) => resolve([code, reason.toString()]))
      })
      expect(await closed).toEqual([4401, 'session ended'])
      expect(Date.now() - ended).toBeLessThan(2500)
      expect(await closedAtChat).toBe(4401)
    } finally {
      await scene.close()
    }
  })

  test('closes it also for a client that has sent its close frame and still receives', async () => {
    const scene = await aSocketScene(BOUND)
    try {
      const socket = await scene.open()
      const closed = new Promise<number>((resolve) => socket.on('close', resolve))
      // A chat that does not answer the close frame keeps the client receiving.
      scene.atChat.at(-1)?.socket.pause()
      socket.close(1000)
      await scene.request('/.entrada/logout', { method: 'POST' })
      expect(await closed).toBe(4401)
    } finally {
      await scene.close()
    }
  })
})
