/** Answers requests that leave the Worker. */
export type Network = (request: Request) => Promise<Response>

const MAX_REDIRECTS = 20
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * `fetch` as in a Worker: follows or returns redirects, obeys the signal, returns immutable
 * headers.
 */
export async function outboundFetch(network: Network, request: Request): Promise<Response> {
  const chain = [request.url]
  let current = request
  for (;;) {
    const response = await answered(network, current)
    const location = response.headers.get('location')
    if (request.redirect !== 'follow' || location === null || !REDIRECTS.has(response.status)) {
      return received(response, chain, request.signal)
    }
    if (chain.length > MAX_REDIRECTS) throw new TypeError('Too many redirects.')
    await response.body?.cancel()
    current = redirected(current, response.status, new URL(location, current.url))
    chain.push(current.url)
  }
}

async function answered(network: Network, request: Request): Promise<Response> {
  const { signal } = request
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort)
  try {
    return await Promise.race([aborted.promise, network(request)])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function redirected(request: Request, status: number, target: URL): Request {
  const becomesGet =
    status === 303 ? request.method !== 'HEAD' : status < 303 && request.method === 'POST'
  if (!becomesGet && request.body !== null) {
    throw new TypeError(
      'A request with a one-time-use body encountered a redirect requiring the body to be retransmitted.',
    )
  }
  const headers = new Headers(request.headers)
  // Since compatibility date 2025-09-01 workerd drops credentials when a redirect changes the host.
  if (target.origin !== new URL(request.url).origin) headers.delete('authorization')
  if (becomesGet) {
    for (const name of ['content-type', 'content-length', 'content-encoding']) headers.delete(name)
  }
  const method = becomesGet ? 'GET' : request.method
  return new Request(target, { method, headers, redirect: 'follow', signal: request.signal })
}

function received(response: Response, chain: readonly string[], signal: AbortSignal): Response {
  const stream = response.body?.pipeThrough(new TransformStream<Uint8Array, Uint8Array>(), {
    signal,
  })
  const copy = new Response(stream ?? null, response)
  sealHeaders(copy.headers)
  Object.defineProperty(copy, 'url', { value: chain.at(-1) })
  Object.defineProperty(copy, 'redirected', { value: chain.length > 1 })
  return copy
}

/** Headers of a received message are immutable; Node's own constructors allow changes. */
export function sealHeaders(headers: Headers): void {
  for (const method of ['set', 'append', 'delete']) {
    Object.defineProperty(headers, method, {
      value: () => {
        throw new TypeError("Can't modify immutable headers.")
      },
    })
  }
}
