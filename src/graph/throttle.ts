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
