import { connect } from 'node:net'

/**
 * Downloads once and prints the bytes received and the milliseconds taken. Runs in its own process
 * with one reused buffer, because a client with a large heap or garbage collection would be slower
 * than the server it measures.
 */
const [port = '', request = ''] = process.argv.slice(2)
const started = performance.now()
let head: string | null = ''
let declared = Number.NaN
let received = 0
const socket = connect({
  port: Number(port),
  host: '127.0.0.1',
  onread: {
    buffer: Buffer.alloc(1024 * 1024),
    callback(count, buffer) {
      let length = count
      if (head !== null) {
        head += Buffer.from(buffer.subarray(0, count)).toString('latin1')
        const end = head.indexOf('\r\n\r\n')
        if (end === -1) return true
        if (!head.startsWith('HTTP/1.1 200 ')) throw new Error(head.slice(0, end))
        declared = Number(/^content-length: (\d+)\r$/im.exec(head)?.[1])
        length = head.length - end - 4
        head = null
      }
      received += length
      if (received >= declared) {
        console.log(received, performance.now() - started)
        socket.destroy()
      }
      return true
    },
  },
})
socket.write(request)
