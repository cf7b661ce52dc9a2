import type { IncomingMessage, Server } from 'node:http'
import { WebSocketServer } from 'ws'

/** Echoes text and binary messages on `/ws`. Returns a function that closes every socket. */
export function attachChatSockets(
  server: Server,
  onUpgrade: (incoming: IncomingMessage) => void,
): () => void {
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (offered) => (offered.has('echo') ? 'echo' : false),
  })
  sockets.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  server.on('upgrade', (incoming, stream, head) => {
    onUpgrade(incoming)
    if (incoming.url?.split('?')[0] !== '/ws') {
      stream.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    sockets.handleUpgrade(incoming, stream, head, (socket) => {
      sockets.emit('connection', socket, incoming)
    })
  })
  return () => {
    for (const socket of sockets.clients) socket.terminate()
    sockets.close()
  }
}
