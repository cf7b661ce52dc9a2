import type { RequestHead } from '../request-head.ts'

/**
 * CORS for the origins an operator named, and for no other: a chat app that answers `*` or repeats whatever
 * origin asks was written for a world in which nobody is signed in.
 */
export class CrossOriginSharing {
  readonly #publicOrigin: string
  readonly #allowed: ReadonlySet<string>

  constructor(publicOrigin: string, corsOrigins: readonly string[]) {
    this.#publicOrigin = publicOrigin
    this.#allowed = new Set(corsOrigins)
  }

  /** The other origin a request comes from; `null` for our own pages and for programs. */
  #foreignOrigin(request: RequestHead): string | null {
    const origin = request.headers.get('origin')
    return origin === null || origin === this.#publicOrigin ? null : origin
  }

  /** Answers a preflight of an allowed origin. It carries no cookies, so the chat app could not know whose it is. */
  preflight(request: RequestHead): Response | null {
    if (request.method !== 'OPTIONS') return null
    const { headers } = request
    const origin = this.#foreignOrigin(request)
    if (origin === null || !this.#allowed.has(origin)) return null
    const wanted = headers.get('access-control-request-method')
    if (wanted === null) return null
    const names = headers.get('access-control-request-headers')
    const answer = {
      'access-control-allow-methods': wanted,
      ...(names !== null && { 'access-control-allow-headers': names }),
      'access-control-max-age': '600',
    }
    return this.share(request, new Response(null, { status: 204, headers: answer }))
  }

  /**
   * Opens an answer to an allowed origin and closes it to any other. An answer that differs by origin says so in
   * `Vary` to everybody: a cache would hand the one kept for our own page to another origin's (RFC 9110 §12.5.5).
   */
  share(request: RequestHead, response: Response): Response {
    const origin = this.#foreignOrigin(request)
    const differs = this.#allowed.size > 0 || response.headers.has('access-control-allow-origin')
    if (origin === null && !differs) return response
    const shared = new Response(response.body, response)
    const { headers } = shared
    if (differs && !variesByOrigin(headers)) headers.append('vary', 'Origin')
    if (origin === null) return shared
    if (this.#allowed.has(origin)) {
      headers.set('access-control-allow-origin', origin)
      headers.set('access-control-allow-credentials', 'true')
      return shared
    }
    for (const name of [...headers.keys()]) {
      if (name.startsWith('access-control-')) headers.delete(name)
    }
    return shared
  }
}

function variesByOrigin(headers: Headers): boolean {
  const names = (headers.get('vary') ?? '').split(',').map((name) => name.trim().toLowerCase())
  return names.includes('origin') || names.includes('*')
}
