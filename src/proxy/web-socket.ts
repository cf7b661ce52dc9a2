/** The session of an open WebSocket. */
export interface RelaySession {
  /** Whether the session is still active; called every `checkSeconds`. */
  readonly isAlive: () => Promise<boolean>
  readonly checkSeconds: number
}

/**
 * Close code of a session that ended, from the range for applications (RFC 6455 §7.4.2). Clients reconnect, get a
 * 401 and sign in.
 */
export const SESSION_ENDED = 4401
const SESSION_ENDED_REASON = 'session ended'

/** Sent to one side when the other's connection breaks, because 1006 must not be sent (RFC 6455 §7.4.1). */
const CONNECTION_LOST = 1011

/**
 * Relays every frame of a WebSocket and closes both sides when the session ends. Costs about nine times the CPU
 * of a socket that passes through, so `WEBSOCKET_SESSION_BOUND` turns it on.
 */
export function relayWebSocket(response: Response, session: RelaySession): Response {
  const chat = response.webSocket
  if (chat === null) return response
  const { 0: client, 1: ours } = new WebSocketPair()
  // The default is Blob, which `send` delivers as the text "[object Blob]".
  for (const socket of [ours, chat]) {
    socket.binaryType = 'arraybuffer'
    socket.accept({ allowHalfOpen: true })
  }
  const timer = setInterval(() => {
    void closeIfEnded()
  }, session.checkSeconds * 1000)
  const closeIfEnded = async () => {
    // Fails closed: the client reconnects and the session is checked again.
    if (await session.isAlive().catch(() => false)) return
    clearInterval(timer)
    close(ours, SESSION_ENDED, SESSION_ENDED_REASON)
    close(chat, SESSION_ENDED, SESSION_ENDED_REASON)
  }
  // Half-close: keep checking the session until both sides have closed.
  const open = new Set([ours, chat])
  const onClose = (socket: WebSocket) => {
    open.delete(socket)
    if (open.size === 0) clearInterval(timer)
  }
  relay(ours, chat, onClose)
  relay(chat, ours, onClose)
  return new Response(null, { status: 101, headers: response.headers, webSocket: client })
}

function relay(from: WebSocket, to: WebSocket, onClose: (socket: WebSocket) => void): void {
  from.addEventListener('message', ({ data }: { readonly data: unknown }) => {
    if (typeof data === 'string' || data instanceof ArrayBuffer) send(to, data)
  })
  from.addEventListener('close', ({ code, reason }) => {
    onClose(from)
    // The other side may still send frames; its close frame completes the handshake.
    close(to, code, reason)
  })
  from.addEventListener('error', () => {
    // The connection is broken in both directions, so the relay ends.
    onClose(from)
    onClose(to)
    close(to, CONNECTION_LOST, '')
  })
}

/** `readyState` does not tell which direction is closed, so `send` is tried. */
function send(socket: WebSocket, data: string | ArrayBuffer): void {
  try {
    socket.send(data)
  } catch {
    // Our side has sent its close frame; the receiver expects no more frames.
  }
}

/** Closes with a code that may be sent. 1005 (no code), 1006 and 1015 (broken) must not be (RFC 6455 §7.4.1). */
function close(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState === WebSocket.CLOSED) return
  try {
    if (code === 1005) socket.close()
    else if (code === 1006 || code === 1015) socket.close(CONNECTION_LOST)
    else socket.close(code, reason)
  } catch {
    // The other side has closed meanwhile; nothing is left to do.
  }
}
