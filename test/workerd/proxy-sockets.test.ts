import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket, type RawData } from 'ws'
import { runtimeMemory, sendRaw } from './proxy-fixture.ts'
import { aSocketScene, MODES, type SocketScene } from './proxy-sockets-fixture.ts'

describe.each(MODES)('a socket $name', ({ settings }) => {
  let scene: SocketScene
  beforeAll(async () => {
    scene = await aSocketScene(settings)
  })
  afterAll(() => scene.close())

  const nextMessage = (socket: WebSocket) =>
    new Promise<{ readonly data: Buffer; readonly isBinary: boolean }>((resolve) => {
      socket.once('message', (data: RawData, isBinary) => {
        resolve({ data: Buffer.isBuffer(data) ? data : Buffer.alloc(0), isBinary })
      })
    })

  test('sends the identity to the chat without our cookie', async () => {
    const socket = await scene.open([], {
      cookie: `a=1; ${scene.cookie}; b=2`,
      'x-forwarded-user': 'root',
      x_forwarded_user: 'root',
    })
    const { request } = scene.lastAtChat()
    expect(request.url).toBe('/ws/socket?x=1')
    expect(request.headers['x-forwarded-user']).toMatch(/^[0-9a-f-]{36}$/)
    expect(request.headers['x_forwarded_user']).toBeUndefined()
    expect(request.headers['entrada-assertion']).toMatch(/^eyJ/)
    expect(request.headers.cookie).toBe('a=1; b=2')
    socket.close()
  })

  test.each([0, 1, 125, 126, 65_535, 65_536, 1024 * 1024])(
    'carries %i bytes, as text and as binary [requirement 69]',
    async (size) => {
      const socket = await scene.open()
      const bytes = randomBytes(size)
      socket.send(bytes)
      const binary = await nextMessage(socket)
      expect([binary.isBinary, binary.data.equals(bytes)]).toEqual([true, true])
      const text = 'é'.repeat(size / 2)
      socket.send(text)
      const answer = await nextMessage(socket)
      expect([answer.isBinary, answer.data.toString() === text]).toEqual([false, true])
      socket.close()
    },
  )

  test('forwards a fragmented message as one message', async () => {
    const socket = await scene.open()
    for (const part of ['one ', 'two ', 'three ']) socket.send(part, { fin: false })
    socket.send('four', { fin: true })
    expect((await nextMessage(socket)).data.toString()).toBe('one two three four')
    socket.close()
  })

  test('answers a ping', async () => {
    const socket = await scene.open()
    const pong = new Promise<string>((resolve) => {
      socket.on('pong', (data) => resolve(data.toString()))
    })
    socket.ping('are you there')
    expect(await pong).toBe('are you there')
    socket.close()
  })

  test.each([
    [['chat.v2'], 'chat.v2'],
    [['chat.v1', 'chat.v2'], 'chat.v2'],
    [[], ''],
  ])('of the protocols %j the chat chooses “%s” [requirement 69]', async (offered, chosen) => {
    const socket = await scene.open(offered)
    expect(socket.protocol).toBe(chosen)
    expect(scene.lastAtChat().request.headers['sec-websocket-protocol'] ?? '').toBe(
      offered.join(','),
    )
    socket.close()
  })

  test('delivers 20,000 small frames in order', async () => {
    const socket = await scene.open()
    const hash = createHash('sha256')
    let received = 0
    const all = new Promise<void>((resolve) => {
      socket.on('message', (data: RawData) => {
        hash.update(String(data))
        if (++received === 20_000) resolve()
      })
    })
    const expected = createHash('sha256')
    for (let index = 0; index < 20_000; index++) {
      socket.send(`frame ${index}`)
      expected.update(`frame ${index}`)
    }
    await all
    expect(hash.digest('hex')).toBe(expected.digest('hex'))
    socket.close()
  })

  test.each([
    ['another site', { origin: 'https://evil.example' }, 403],
    ['a sandboxed frame', { origin: 'null' }, 403],
  ])(
    'from %s is refused, and the chat hears nothing [requirement 67]',
    async (_source, headers, status) => {
      const before = scene.atChat.length
      await expect(scene.open([], headers)).rejects.toThrow(`Unexpected server response: ${status}`)
      expect(scene.atChat.length).toBe(before)
    },
  )

  test('without a session gets a plain 401 [requirement 66]', async () => {
    const before = scene.atChat.length
    const answer = await sendRaw(
      scene.entrada.origin,
      'GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        `Origin: ${scene.entrada.origin}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 401 /)
    expect(answer).not.toMatch(/^location:/im)
    expect(scene.atChat.length).toBe(before)
  })

  test("passes the chat's refusal to the client", async () => {
    const { chat } = scene
    const upgrades = chat.listeners('upgrade')
    chat.removeAllListeners('upgrade')
    chat.on('upgrade', (_request, stream) => {
      stream.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    })
    await expect(scene.open()).rejects.toThrow('Unexpected server response: 403')
    chat.removeAllListeners('upgrade')
    for (const upgrade of upgrades) {
      chat.on('upgrade', (...parameters) => void Reflect.apply(upgrade, chat, parameters))
    }
  })
})

describe('a slow client', () => {
  test('of a relayed socket slows the chat down and does not fill memory', async () => {
    const scene = await aSocketScene()
    try {
      const { origin } = scene.entrada
      const socket = new WebSocket(`${origin.replace('http', 'ws')}/ws`, {
        headers: { cookie: scene.cookie, origin },
      })
      await new Promise((resolve) => socket.on('open', resolve))
      socket.pause()
      const { socket: chat } = scene.atChat.at(-1) ?? {}
      const before = runtimeMemory()
      const chunk = Buffer.alloc(1024 * 1024)
      for (let index = 0; index < 128; index++) chat?.send(chunk)
      await delay(1500)
      expect(chat?.bufferedAmount).toBeGreaterThan(64 * 1024 * 1024)
      expect(runtimeMemory() - before).toBeLessThan(32)
      socket.terminate()
    } finally {
      await scene.close()
    }
  })
})
