import type { IncomingMessage, Server } from 'node:http'
import { WebSocket, WebSocketServer } from 'ws'
import { aProxyScene, type ProxyScene } from './proxy-fixture.ts'

/** A scene whose chat echoes every WebSocket frame. */
export interface SocketScene extends ProxyScene {
  /** The chat's side of every WebSocket, newest last. */
  readonly atChat: readonly AtChat[]
  lastAtChat(): AtChat
  open(
    protocols?: readonly string[],
    headers?: Readonly<Record<string, string>>,
  ): Promise<WebSocket>
}

interface AtChat {
  readonly socket: WebSocket
  readonly request: IncomingMessage
}

export async function aSocketScene(
  settings: Readonly<Record<string, string>> = {},
): Promise<SocketScene> {
  const atChat: AtChat[] = []
  const scene = await aProxyScene((_request, response) => response.end('hello'), {
    settings,
    onServer: (server) => echoes(server, atChat),
  })
  return {
    ...scene,
    atChat,
    lastAtChat() {
      const last = atChat.at(-1)
      if (last === undefined) throw new Error('no socket reached the chat')
      return last
    },
    open: (protocols, headers) => open(scene, protocols, headers),
  }
}

function echoes(server: Server, atChat: AtChat[]): void {
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

async function open(
  { entrada: { origin }, cookie }: ProxyScene,
  protocols: readonly string[] = [],
  headers: Readonly<Record<string, string>> = {},
): Promise<WebSocket> {
  const socket = new WebSocket(`${origin.replace('http', 'ws')}/ws/socket?x=1`, [...protocols], {
    headers: { cookie, origin, ...headers },
    perMessageDeflate: false,
  })
  await new Promise((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', reject)
  })
  return socket
}

interface Mode {
  readonly name: string
  readonly settings: Readonly<Record<string, string>>
}

export const MODES: readonly Mode[] = [
  { name: 'passed through', settings: {} },
  {
    name: 'bound to the session',
    settings: { WEBSOCKET_SESSION_BOUND: 'true', SESSION_CHECK_SECONDS: '1' },
  },
]
