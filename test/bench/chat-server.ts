import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const BODY = Buffer.alloc(1024, 0x2e)
const CHUNK = Buffer.alloc(256 * 1024, 0x2e)

/** A minimal chat server in its own process. Prints its port as the first line. */
const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://chat')
  if (pathname === '/large') {
    sendLarge(response, {
      bytes: Number(searchParams.get('bytes')),
      perSecond: Number(searchParams.get('perSecond') ?? Number.POSITIVE_INFINITY),
    })
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

/** Sends as fast as the client reads, or at the given speed. */
function sendLarge(
  response: ServerResponse,
  { bytes, perSecond }: { readonly bytes: number; readonly perSecond: number },
): void {
  const started = performance.now()
  let sent = 0
  response.writeHead(200, { 'content-length': String(bytes) })
  const write = () => {
    while (sent < bytes) {
      const early = started + (sent / perSecond) * 1000 - performance.now()
      if (early > 0) return void setTimeout(write, early)
      const part = CHUNK.subarray(0, bytes - sent)
      sent += part.length
      if (!response.write(part)) return void response.once('drain', write)
    }
    response.end()
  }
  write()
}

server.listen(0, '127.0.0.1', () => {
  console.log((server.address() as AddressInfo).port)
})
