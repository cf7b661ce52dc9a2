/** A session that can end while a socket is open. */
export interface SocketSession {
  /** Whether it still lives; asked again and again. */
  readonly isAlive: () => Promise<boolean>
  readonly checkSeconds: number
}

/** Registered for applications (RFC 6455 §7.4.2): as HTTP's 401. Clients reconnect, meet a 401 and sign in. */
export const SESSION_ENDED = 4401
const SESSION_ENDED_REASON = 'session ended'

/** What a side that vanished is reported as; 1006 says so to programs and cannot be sent. */
const CONNECTION_LOST = 1011

/**
 * Carries every frame by hand, so that the socket can be closed when its session ends. Costs about nine times
 * the CPU of a socket that passes through, which is why it is a setting.
 */
export function bindToSession(response: Response, session: SocketSession): Response {
  const chat = response.webSocket
  if (chat === null) return response
  const { 0: client, 1: ours } = new WebSocketPair()
  // The default is a Blob, which `send` would deliver as the text "[object Blob]".
  for (const socket of [ours, chat]) {
    socket.binaryType = 'arraybuffer'
    socket.accept({ allowHalfOpen: true })
  }
  const watch = setInterval(() => {
    void endIfOver()
  }, session.checkSeconds * 1000)
  const endIfOver = async () => {
    // Not knowing is no reason to go on: the client reconnects and is judged anew.
    if (await session.isAlive().catch(() => false)) return
    clearInterval(watch)
    close(ours, SESSION_ENDED, SESSION_ENDED_REASON)
    close(chat, SESSION_ENDED, SESSION_ENDED_REASON)
  }
  carry(ours, chat, watch)
  carry(chat, ours, watch)
  return new Response(null, { status: 101, headers: response.headers, webSocket: client })
}

function carry(from: WebSocket, to: WebSocket, watch: ReturnType<typeof setInterval>): void {
  from.addEventListener('message', ({ data }: { readonly data: unknown }) => {
    if (to.readyState !== WebSocket.OPEN) return
    if (typeof data === 'string' || data instanceof ArrayBuffer) to.send(data)
  })
  from.addEventListener('close', ({ code, reason }) => {
    clearInterval(watch)
    close(to, code, reason)
    // Half-open so far: now that the other side knows, this one is answered.
    close(from, code, reason)
  })
  from.addEventListener('error', () => {
    clearInterval(watch)
    close(to, CONNECTION_LOST, '')
  })
}

/** 1005 is "no code was given", 1006 and 1015 are "it broke": none of them may be sent (RFC 6455 §7.4.1). */
function close(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState === WebSocket.CLOSED) return
  try {
    if (code === 1005) socket.close()
    else if (code === 1006 || code === 1015) socket.close(CONNECTION_LOST)
    else socket.close(code, reason)
  } catch {
    // Closed by the other side in the meantime, which is what was wanted.
  }
}
