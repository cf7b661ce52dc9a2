import { request as openRequest } from 'node:http'
import { Readable } from 'node:stream'

const BODILESS: ReadonlySet<number> = new Set([204, 205, 304])

/**
 * Sends a request over a socket unchanged. Node's `fetch` adds `Sec-Fetch-*` headers and
 * decompresses the response.
 */
export function sendOverSocket(request: Request): Promise<Response> {
  return new Promise((resolve, reject) => {
    const outgoing = openRequest(
      request.url,
      {
        method: request.method,
        headers: Object.fromEntries(request.headers),
        signal: request.signal,
      },
      (incoming) => {
        const status = incoming.statusCode ?? 0
        const headers = new Headers()
        for (const [name, values] of Object.entries(incoming.headersDistinct)) {
          for (const value of values ?? []) headers.append(name, value)
        }
        const hasBody = request.method !== 'HEAD' && !BODILESS.has(status)
        if (!hasBody) incoming.resume()
        resolve(new Response(hasBody ? streamOf(incoming) : null, { status, headers }))
      },
    )
    outgoing.on('error', reject)
    if (request.body === null) outgoing.end()
    else Readable.from(request.body).pipe(outgoing)
  })
}

function streamOf(incoming: Readable): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<unknown> = incoming[Symbol.asyncIterator]()
  return new ReadableStream(
    {
      async pull(controller) {
        const part: { readonly value?: unknown } = await chunks.next()
        if (part.value instanceof Uint8Array) controller.enqueue(new Uint8Array(part.value))
        else controller.close()
      },
      cancel() {
        incoming.destroy()
      },
    },
    { highWaterMark: 0 },
  )
}
