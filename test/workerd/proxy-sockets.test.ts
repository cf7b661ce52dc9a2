import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer, type RawData } from 'ws'
import { aScene, runtimeMemory, sendRaw, type Scene } from './proxy-fixture.ts'

/** The chat's side of every socket, newest last. */
const atChat: { readonly socket: WebSocket; readonly request: IncomingMessage }[] = []

function echoes(
  server: Parameters<NonNullable<Parameters<typeof aScene>[1]>['onServer'] & {}>[0],
): void {
  const sockets = new WebSocketServer({
    server,
    maxPayload: 64 * 1024 * 1024,
    handleProtocols: (offered) => (offered.has('chat.v2') ? 'chat.v2' : false),
  })
  sockets.on('connection', (socket, request) => {
    atChat.push({ socket, request })
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
    socket.on('error', () => {})
  })
}

interface Mode {
  readonly name: string
  readonly settings: Readonly<Record<string, string>>
}

const MODES: readonly Mode[] = [
  { name: 'passed through', settings: {} },
  {
    name: 'bound to the session',
    settings: { WEBSOCKET_SESSION_BOUND: 'true', SESSION_CHECK_SECONDS: '1' },
  },
]

describe.each(MODES)('a socket $name', ({ settings }) => {
  let scene: Scene
  beforeAll(async () => {
    scene = await aScene((_request, response) => response.end('hello'), {
      settings,
      onServer: echoes,
    })
  })
  afterAll(() => scene.close())

  async function open(
    protocols: readonly string[] = [],
    headers: Record<string, string> = {},
  ): Promise<WebSocket> {
    const { origin } = scene.entrada
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/ws/socket?x=1`, [...protocols], {
      headers: { cookie: scene.cookie, origin, ...headers },
      perMessageDeflate: false,
    })
    await new Promise((resolve, reject) => {
      socket.on('open', resolve)
      socket.on('error', reject)
    })
    return socket
  }

  const nextMessage = (socket: WebSocket) =>
    new Promise<{ readonly data: Buffer; readonly isBinary: boolean }>((resolve) => {
      socket.once('message', (data: RawData, isBinary) => {
        resolve({ data: Buffer.isBuffer(data) ? data : Buffer.alloc(0), isBinary })
      })
    })

  const closing = (socket: WebSocket) =>
    new Promise<readonly [number, string]>((resolve) => {
      socket.on('close', (code, reason) => resolve([code, reason.toString()]))
    })

  /** By a frame behind all the others, which is on its way when they are. */
  const drained = (socket: WebSocket) =>
    new Promise<void>((resolve) => {
      socket.ping('', undefined, () => resolve())
    })

  const lastAtChat = () => {
    const last = atChat.at(-1)
    if (last === undefined) throw new Error('no socket reached the chat')
    return last
  }

  test('tells the chat who it is, and withholds our cookie', async () => {
    const socket = await open([], {
      cookie: `a=1; ${scene.cookie}; b=2`,
      'x-forwarded-user': 'root',
      x_forwarded_user: 'root',
    })
    const { request } = lastAtChat()
    expect(request.url).toBe('/ws/socket?x=1')
    expect(request.headers['x-forwarded-user']).toMatch(/^[0-9a-f-]{36}$/)
    expect(request.headers['x_forwarded_user']).toBeUndefined()
    expect(request.headers['entrada-assertion']).toMatch(/^eyJ/)
    expect(request.headers.cookie).toBe('a=1; b=2')
    socket.close()
  })

  test.each([0, 1, 125, 126, 65_535, 65_536, 1024 * 1024])(
    'carries %i bytes, as text and as binary [bar 69]',
    async (size) => {
      const socket = await open()
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

  test('puts fragments together', async () => {
    const socket = await open()
    for (const part of ['one ', 'two ', 'three ']) socket.send(part, { fin: false })
    socket.send('four', { fin: true })
    expect((await nextMessage(socket)).data.toString()).toBe('one two three four')
    socket.close()
  })

  test('answers a ping', async () => {
    const socket = await open()
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
  ])('of the protocols %j the chat chooses “%s” [bar 69]', async (offered, chosen) => {
    const socket = await open(offered)
    expect(socket.protocol).toBe(chosen)
    expect(lastAtChat().request.headers['sec-websocket-protocol'] ?? '').toBe(offered.join(','))
    socket.close()
  })

  test.each([
    [1000, 'done'],
    [1001, ''],
    [1008, 'policy'],
    [1011, 'error'],
    [3000, 'registered'],
    [4001, 'ü'.repeat(60)],
  ])('closes with %i as the client says [bar 69]', async (code, reason) => {
    const socket = await open()
    const closed = closing(lastAtChat().socket)
    socket.close(code, reason)
    expect(await closed).toEqual([code, reason])
  })

  test.each([
    [1000, 'done'],
    [1012, 'restart'],
    [4999, 'own'],
  ])('closes with %i as the chat says [bar 69]', async (code, reason) => {
    const socket = await open()
    const closed = closing(socket)
    lastAtChat().socket.close(code, reason)
    expect(await closed).toEqual([code, reason])
  })

  test('closes without a code when none is given', async () => {
    const socket = await open()
    const closed = closing(lastAtChat().socket)
    socket.close()
    expect((await closed)[0]).toBe(1005)
  })

  test('what the chat still has to say after the client began to close arrives [bar 69]', async () => {
    const socket = await open()
    const { socket: chat } = lastAtChat()
    const received: string[] = []
    socket.on('message', (data: RawData) => received.push(String(data)))
    // A library answers a good-bye at once; not reading it yet is how this one is kept from that.
    chat.pause()
    const closed = closing(socket)
    socket.close(1000, 'enough')
    for (let index = 0; index < 100; index++) chat.send(`last ${index}`)
    await Promise.all([closed, drained(chat).then(() => chat.resume())])
    expect(received).toHaveLength(100)
    expect((await closed)[0]).toBe(1000)
  })

  test('a chat that breaks off takes the client’s side along', async () => {
    const socket = await open()
    const closed = closing(socket)
    lastAtChat().socket.terminate()
    expect([1006, 1011]).toContain((await closed)[0])
  })

  test('a client that breaks off takes the chat’s side along', async () => {
    const socket = await open()
    const closed = closing(lastAtChat().socket)
    socket.terminate()
    expect([1001, 1005, 1006, 1011]).toContain((await closed)[0])
  })

  test('20,000 small frames arrive, all and in order', async () => {
    const socket = await open()
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
    'from %s is refused, and the chat hears nothing [bar 67]',
    async (_source, headers, status) => {
      const before = atChat.length
      await expect(open([], headers)).rejects.toThrow(`Unexpected server response: ${status}`)
      expect(atChat.length).toBe(before)
    },
  )

  test('without a session gets a plain 401 [bar 66]', async () => {
    const before = atChat.length
    const answer = await sendRaw(
      scene.entrada.origin,
      'GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        `Origin: ${scene.entrada.origin}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 401 /)
    expect(answer).not.toMatch(/^location:/im)
    expect(atChat.length).toBe(before)
  })

  test('what the chat refuses is refused', async () => {
    const { chat } = scene
    const upgrades = chat.listeners('upgrade')
    chat.removeAllListeners('upgrade')
    chat.on('upgrade', (_request, stream) => {
      stream.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
    })
    await expect(open()).rejects.toThrow('Unexpected server response: 403')
    chat.removeAllListeners('upgrade')
    for (const upgrade of upgrades) {
      chat.on('upgrade', (...parameters) => void Reflect.apply(upgrade, chat, parameters))
    }
  })
})

describe('a slow reader', () => {
  test('of a socket that passes through slows the chat down and fills no memory', async () => {
    const scene = await aScene((_request, response) => response.end('hello'), { onServer: echoes })
    try {
      const { origin } = scene.entrada
      const socket = new WebSocket(`${origin.replace('http', 'ws')}/ws`, {
        headers: { cookie: scene.cookie, origin },
      })
      await new Promise((resolve) => socket.on('open', resolve))
      socket.pause()
      const { socket: chat } = atChat.at(-1) ?? {}
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

describe('the end of a session', () => {
  test('closes a socket bound to it with 4401, within SESSION_CHECK_SECONDS [bar 68]', async () => {
    const scene = await aScene((_request, response) => response.end('hello'), {
      settings: { WEBSOCKET_SESSION_BOUND: 'true', SESSION_CHECK_SECONDS: '1' },
      onServer: echoes,
    })
    try {
      const { origin } = scene.entrada
      const socket = new WebSocket(`${origin.replace('http', 'ws')}/ws`, {
        headers: { cookie: scene.cookie, origin },
      })
      await new Promise((resolve) => socket.on('open', resolve))
      const chat = atChat.at(-1)?.socket
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

  test('closes it also for a client that has said good-bye and still listens', async () => {
    const scene = await aScene((_request, response) => response.end('hello'), {
      settings: { WEBSOCKET_SESSION_BOUND: 'true', SESSION_CHECK_SECONDS: '1' },
      onServer: echoes,
    })
    try {
      const { origin } = scene.entrada
      const socket = new WebSocket(`${origin.replace('http', 'ws')}/ws`, {
        headers: { cookie: scene.cookie, origin },
      })
      await new Promise((resolve) => socket.on('open', resolve))
      const closed = new Promise<number>((resolve) => socket.on('close', resolve))
      // A chat that does not answer a good-bye leaves the client listening.
      atChat.at(-1)?.socket.pause()
      socket.close(1000)
      await scene.request('/.entrada/logout', { method: 'POST' })
      expect(await closed).toBe(4401)
    } finally {
      await scene.close()
    }
  })
})
