import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const BODY = Buffer.alloc(1024, 0x2e)
const CHUNK = Buffer.alloc(256 * 1024, 0x2e)

/** A chat that costs next to nothing, in a process of its own. Tells its port on the first line. */
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://chat')
  if (pathname === '/large') {
    let left = Number(searchParams.get('bytes'))
    response.writeHead(200, { 'content-length': String(left) })
    const write = () => {
      while (left > 0) {
        const part = left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK
        left -= part.length
        if (!response.write(part)) return
      }
      response.end()
    }
    response.on('drain', write)
    write()
  } else if (pathname === '/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    let count = 0
    const timer = setInterval(() => {
      response.write(`data: ${performance.timeOrigin + performance.now()}\n\n`)
      if (++count === 40) {
        clearInterval(timer)
        response.end()
      }
    }, 25)
    response.on('close', () => clearInterval(timer))
  } else {
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': String(BODY.length),
      'cache-control': 'private',
      etag: '"v1"',
    })
    response.end(BODY)
  }
})
server.listen(0, '127.0.0.1', () => {
  console.log((server.address() as AddressInfo).port)
})
