import { connect, type Socket } from 'node:net'

const CONNECTIONS = 16

/**
 * Sends requests in sequence over one keep-alive connection for a fixed time; returns the number of
 * responses.
 */
export function runLoad(port: number, request: string, milliseconds: number): Promise<number> {
  const bytes = Buffer.from(request, 'latin1')
  const end = performance.now() + milliseconds
  let answered = 0
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      socket.setNoDelay(true)
      socket.on('error', reject)
      socket.on('connect', () => socket.write(bytes))
      readAnswers(socket, () => {
        answered += 1
        if (performance.now() < end) socket.write(bytes)
        else {
          socket.end()
          resolve()
        }
      })
    })
  return Promise.all(Array.from({ length: CONNECTIONS }, one)).then(() => answered)
}

/** Parses only enough HTTP to find the end of a response. */
function readAnswers(socket: Socket, onAnswer: () => void): void {
  let head = ''
  let left = 0
  socket.on('data', (data) => {
    let offset = 0
    while (offset < data.length) {
      if (left === 0) {
        head += data.toString('latin1', offset)
        const end = head.indexOf('\r\n\r\n')
        if (end === -1) return
        const consumed = end + 4 - (head.length - (data.length - offset))
        left = lengthOf(head.slice(0, end))
        head = ''
        offset += consumed
      }
      const part = Math.min(left, data.length - offset)
      left -= part
      offset += part
      if (left === 0) onAnswer()
    }
  })
}

function lengthOf(head: string): number {
  if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(head)
  const length = /^content-length: (\d+)$/im.exec(head)?.[1]
  if (length === undefined) throw new Error(`no length: ${head}`)
  return Number(length)
}
