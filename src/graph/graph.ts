import { EntradaFailure } from '../failure.ts'
import type { AccessToken, AccessTokenOptions } from '../session/access-token.ts'
import { readGraphError, type GraphError } from './graph-error.ts'

/** Where a call gets its bearer from. Asked again, with what was refused, after a 401. */
export type GraphTokens = (options?: AccessTokenOptions) => Promise<AccessToken<'graph'>>

export interface GraphRequest {
  readonly method?: 'GET' | 'POST' | 'HEAD'
  /** Path and query below the version, or an absolute `@odata.nextLink`. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** Ends the call when the caller goes away. */
  readonly signal?: AbortSignal
}

/** A call may fail in ways its caller expects: those are values, and the rest throws. */
export type GraphAnswer =
  | { readonly ok: true; readonly response: Response }
  | { readonly ok: false; readonly error: GraphError }

const DEADLINE_MS = 20_000

/** The only file that knows how Graph's HTTP behaves: bearer, deadline, one retry after a refused token. */
export class Graph {
  readonly #origin: string

  constructor(origin: string) {
    this.#origin = origin
  }

  /**
   * Sends one request. Redirects come back as they are: `/content` answers with one that must not carry
   * the bearer along.
   * @throws EntradaFailure `graph_unavailable` when nothing answers within 20 seconds; whatever `tokens` throws
   */
  async call(tokens: GraphTokens, request: GraphRequest): Promise<GraphAnswer> {
    const first = await tokens()
    const answer = await this.#send(first, request)
    if (answer.ok || answer.error.status !== 401) return answer
    const second = await tokens({
      refused: first.value,
      ...(answer.error.claims === null ? {} : { claims: answer.error.claims }),
    })
    return this.#send(second, request)
  }

  async #send(token: AccessToken<'graph'>, request: GraphRequest): Promise<GraphAnswer> {
    const url = this.#url(request.path)
    const headers = new Headers(request.headers)
    headers.set('authorization', `Bearer ${token.value}`)
    headers.set('client-request-id', crypto.randomUUID())
    if (request.body !== undefined) headers.set('content-type', 'application/json')
    const deadline = AbortSignal.timeout(DEADLINE_MS)
    const response = await fetch(url, {
      method: request.method ?? 'GET',
      headers,
      redirect: 'manual',
      signal: request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]),
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    }).catch((cause: unknown) => {
      throw new EntradaFailure('graph_unavailable', { cause })
    })
    if (response.status < 400) return { ok: true, response }
    return { ok: false, error: await readGraphError(response) }
  }

  /** A bearer leaves for Graph's own origin and nowhere else, whatever a next link says. */
  #url(path: string): URL {
    const base = `${this.#origin}/v1.0/`
    const url = path.startsWith('http') ? new URL(path) : new URL(path.replace(/^\/+/, ''), base)
    if (url.origin !== this.#origin || !url.pathname.startsWith('/v1.0/')) {
      throw new EntradaFailure('graph_unexpected', {
        detail: 'Microsoft 365 named an address outside Graph.',
      })
    }
    return url
  }
}
