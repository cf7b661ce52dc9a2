import { EntradaFailure } from '../failure.ts'
import type { AccessToken, AccessTokenOptions } from '../entra/access-token.ts'
import { NO_RESPONSE, pausedError, readGraphError, type GraphError } from './graph-error.ts'
import { USER_AGENT } from '../version.ts'
import { Throttle } from './throttle.ts'

/** Where a call gets its bearer from. Asked again, with what was refused, after a 401. */
export type GraphTokens = (options?: AccessTokenOptions) => Promise<AccessToken<'graph'>>

export interface GraphRequest {
  readonly method?: 'GET' | 'POST'
  /** Path and query below the version, or an absolute `@odata.nextLink`. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** For the whole response; 20,000 unless given. */
  readonly deadlineMs?: number | undefined
  /** The caller streams the body at its own pace: the deadline is for the response headers only. */
  readonly streamsBody?: boolean | undefined
  /** Whose patience a refusal tries, e.g. `{tenant}/photos`: calls of one bucket wait together. */
  readonly bucket?: string
  /** Nobody waits for it: Graph may let it go first when it is busy. */
  readonly isBackground?: boolean
}

/** A call may fail in ways its caller expects: those are values, and the rest throws. */
export type GraphAnswer =
  | { readonly ok: true; readonly response: Response }
  | { readonly ok: false; readonly error: GraphError }

const DEADLINE_MS = 20_000

/** Statuses by which Graph, or what is in front of it, says that it cannot; not that we may not. */
const UNABLE: ReadonlySet<number> = new Set([500, 502, 503, 504, 509])

/** The only file that knows how Graph's HTTP behaves: bearer, deadline, one retry after a refused token. */
export class Graph {
  readonly #origin: string
  readonly #throttle = new Throttle()

  constructor(origin: string) {
    this.#origin = origin
  }

  /**
   * Sends one request. Redirects come back as they are: `/content` answers with one that must not carry
   * the bearer along.
   * @throws EntradaFailure `graph_unavailable` when nothing answers within 20 seconds; whatever `tokens` throws
   */
  async call(tokens: GraphTokens, request: GraphRequest): Promise<GraphAnswer> {
    const pause = this.pauseOf(request.bucket)
    if (pause !== null) return { ok: false, error: pause }
    const first = await tokens()
    const answer = await this.#send(first, request)
    if (answer.ok || answer.error.status !== 401) return answer
    const second = await tokens({
      refused: first.value,
      ...(answer.error.claims === null ? {} : { claims: answer.error.claims }),
    })
    return this.#send(second, request)
  }

  /** The refusal that a call of this bucket would meet now, without being sent. */
  pauseOf(bucket: string | undefined): GraphError | null {
    const seconds = bucket === undefined ? null : this.#throttle.wait(bucket)
    return seconds === null ? null : pausedError(seconds)
  }

  /** What an answer says about its bucket. A batch reports for each of its parts. */
  note(bucket: string | undefined, error: GraphError | null, sentAt: number): void {
    if (bucket === undefined) return
    const { status = 200, retryAfter = null } = error ?? {}
    if (status === 429 || (status === 503 && retryAfter !== null)) {
      this.#throttle.throttled(bucket, retryAfter)
    } else if (UNABLE.has(status)) this.#throttle.failed(bucket)
    else this.#throttle.succeeded(bucket, sentAt)
  }

  async #send(token: AccessToken<'graph'>, request: GraphRequest): Promise<GraphAnswer> {
    const { method = 'GET', path, body, bucket, isBackground } = request
    const url = this.#url(path)
    const headers = new Headers(request.headers)
    headers.set('authorization', `Bearer ${token.value}`)
    headers.set('client-request-id', crypto.randomUUID())
    headers.set('user-agent', USER_AGENT)
    headers.set('x-ms-throttle-priority', isBackground === true ? 'low' : 'high')
    if (body !== undefined) headers.set('content-type', 'application/json')
    const sentAt = Date.now()
    const { signal, end } = deadlineOf(request)
    try {
      const response = await fetch(url, {
        method,
        headers,
        redirect: 'manual',
        signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }).catch((cause: unknown) => {
        this.note(bucket, NO_RESPONSE, sentAt)
        throw new EntradaFailure('graph_unavailable', { cause })
      })
      const error = response.status < 400 ? null : await readGraphError(response)
      this.note(bucket, error, sentAt)
      return error === null ? { ok: true, response } : { ok: false, error }
    } finally {
      end()
    }
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

interface Deadline {
  readonly signal: AbortSignal
  /** Stops the timer. */
  end(): void
}

function deadlineOf({ deadlineMs = DEADLINE_MS, streamsBody }: GraphRequest): Deadline {
  if (streamsBody === true) return headerDeadline(deadlineMs)
  return { signal: AbortSignal.timeout(deadlineMs), end: () => undefined }
}

/** A deadline for response headers only: call `end` when they have arrived. The body then has no time limit. */
export function headerDeadline(deadlineMs: number): Deadline {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), deadlineMs)
  return { signal: controller.signal, end: () => clearTimeout(timer) }
}
