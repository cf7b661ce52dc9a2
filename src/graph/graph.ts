import type { AccessToken, AccessTokenOptions } from '../entra/access-token.ts'
import { EntradaFailure } from '../failure.ts'
import { USER_AGENT } from '../version.ts'
import { type GraphError, NO_RESPONSE, pausedError, readGraphError } from './graph-error.ts'

interface Bucket {
  /** Epoch milliseconds; 0 when not paused. */
  pausedUntil: number
  /** Epoch milliseconds when the pause began. The success of a request sent earlier does not end it. */
  pausedAt: number
  /** Consecutive failures, of either kind. */
  failures: number
}

/** Consecutive outages before a bucket pauses: a single one may be chance. */
const MAX_OUTAGES = 4
const FIRST_PAUSE_MS = 2_000
const MAX_PAUSE_MS = 60_000
/** After a pause one request is sent as a trial; the next may follow after this time. */
const TRIAL_MS = 10_000
/** Random part added to a pause, so that isolates do not all resume in the same second. */
const JITTER = 0.25

/**
 * Pauses buckets of calls that Graph throttles. Graph counts requests per app, tenant and service, so a 429 concerns the
 * whole bucket; and throttled requests count as well.
 */
export class Throttle {
  readonly #buckets = new Map<string, Bucket>()

  /**
   * The seconds to wait before a request may be sent; `null` for none. After a pause it allows one trial at a time, until
   * one succeeds.
   */
  wait(name: string): number | null {
    const bucket = this.#buckets.get(name)
    if (bucket === undefined || bucket.pausedUntil === 0) return null
    const left = bucket.pausedUntil - Date.now()
    if (left > 0) return Math.ceil(left / 1000)
    bucket.pausedUntil = Date.now() + TRIAL_MS
    return null
  }

  /** @param sentAt epoch milliseconds */
  succeeded(name: string, sentAt: number): void {
    const bucket = this.#buckets.get(name)
    if (bucket !== undefined && sentAt >= bucket.pausedAt) this.#buckets.delete(name)
  }

  /** Records a 429, or a 503 with `Retry-After`: the pause is at least that long. */
  throttled(name: string, retryAfterSeconds: number | null): void {
    this.#recordFailure(name, 1, retryAfterSeconds)
  }

  /** Records a missing response or a server error. */
  failed(name: string): void {
    this.#recordFailure(name, MAX_OUTAGES, null)
  }

  #recordFailure(name: string, maxFailures: number, retryAfterSeconds: number | null): void {
    const bucket = this.#buckets.get(name) ?? { pausedUntil: 0, pausedAt: 0, failures: 0 }
    this.#buckets.set(name, bucket)
    bucket.failures += 1
    if (bucket.failures < maxFailures) return
    const backOffMs = FIRST_PAUSE_MS * 2 ** (bucket.failures - maxFailures)
    const pauseMs =
      retryAfterSeconds === null ? Math.min(MAX_PAUSE_MS, backOffMs) : retryAfterSeconds * 1000
    const now = Date.now()
    bucket.pausedAt = now
    bucket.pausedUntil = Math.max(bucket.pausedUntil, now + pauseMs * (1 + Math.random() * JITTER))
  }
}

/** Gives the access token of a call. After a 401 the client asks again, with the refused token in the options. */
export type GraphTokens = (options?: AccessTokenOptions) => Promise<AccessToken<'graph'>>

/** One request to Microsoft Graph v1.0. */
export interface GraphRequest {
  readonly method?: 'GET' | 'POST'
  /** Path and query below `/v1.0`, or an absolute `@odata.nextLink`. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
  /** For the whole response; 20,000 unless given. */
  readonly deadlineMs?: number | undefined
  /** The caller streams the body at its own pace: the deadline is for the response headers only. */
  readonly streamsBody?: boolean | undefined
  /** Throttling scope, such as `{tenant}/photos`: after a 429 or 503 all calls of the bucket pause. */
  readonly bucket?: string
  /** No person waits for it: Graph may throttle it first. */
  readonly isBackground?: boolean
}

/** Graph's response, or the error that it responded with. The client throws only when Graph does not respond. */
export type GraphAnswer =
  | { readonly ok: true; readonly response: Response }
  | { readonly ok: false; readonly error: GraphError }

const DEADLINE_MS = 20_000

/** Statuses of an outage, of Graph or of a gateway in front of it. */
const OUTAGE_STATUSES: ReadonlySet<number> = new Set([500, 502, 503, 504, 509])

/** The client of Microsoft Graph: bearer token, deadline, throttling and one retry after a refused token. */
export class Graph {
  readonly #origin: string
  readonly #throttle = new Throttle()

  constructor(origin: string) {
    this.#origin = origin
  }

  /**
   * Sends one request. Returns redirects instead of following them: the target of `/content` must not get the bearer.
   * @throws EntradaFailure `graph_unavailable` without a response in time; whatever `tokens` throws
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

  /** The error for a call of this bucket while it is paused; `null` when the call may be sent. */
  pauseOf(bucket: string | undefined): GraphError | null {
    const seconds = bucket === undefined ? null : this.#throttle.wait(bucket)
    return seconds === null ? null : pausedError(seconds)
  }

  /**
   * Records for throttling how a call of this bucket ended. A batch records each of its requests.
   * @param sentAt epoch milliseconds
   */
  note(bucket: string | undefined, error: GraphError | null, sentAt: number): void {
    if (bucket === undefined) return
    const { status = 200, retryAfter = null } = error ?? {}
    if (status === 429 || (status === 503 && retryAfter !== null)) {
      this.#throttle.throttled(bucket, retryAfter)
    } else if (OUTAGE_STATUSES.has(status)) this.#throttle.failed(bucket)
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

  /** Refuses any origin but Graph's, so that a forged next link cannot get the bearer. */
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
