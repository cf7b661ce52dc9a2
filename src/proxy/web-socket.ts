/** A session that can end while a socket is open. */
export interface RelaySession {
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
export function relayWebSocket(response: Response, session: RelaySession): Response {
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
  // Whoever has said good-bye may still listen, so the watch lasts until both have.
  const speaking = new Set([ours, chat])
  const onGoodbye = (socket: WebSocket) => {
    speaking.delete(socket)
    if (speaking.size === 0) clearInterval(watch)
  }
  carry(ours, chat, onGoodbye)
  carry(chat, ours, onGoodbye)
  return new Response(null, { status: 101, headers: response.headers, webSocket: client })
}

function carry(from: WebSocket, to: WebSocket, onGoodbye: (socket: WebSocket) => void): void {
  from.addEventListener('message', ({ data }: { readonly data: unknown }) => {
    if (typeof data === 'string' || data instanceof ArrayBuffer) send(to, data)
  })
  from.addEventListener('close', ({ code, reason }) => {
    onGoodbye(from)
    // Half-open from here on: what the other side still has to say arrives, and its good-bye is the answer.
    close(to, code, reason)
  })
  from.addEventListener('error', () => {
    // The line is broken: nobody listens there, and the other side has nobody to talk to.
    onGoodbye(from)
    onGoodbye(to)
    close(to, CONNECTION_LOST, '')
  })
}

/** Not by `readyState`: it is the same for a side that only listens and for one that only speaks. */
function send(socket: WebSocket, data: string | ArrayBuffer): void {
  try {
    socket.send(data)
  } catch {
    // We have said good-bye there already, so nobody waits for it.
  }
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
