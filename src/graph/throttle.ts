interface Bucket {
  /** Epoch milliseconds until which nothing is sent; 0 when free. */
  pausedUntil: number
  /** When the pause was called for. What was sent before says nothing about it. */
  pausedAt: number
  /** Failures in a row, of either kind. */
  failures: number
}

/** Failures in a row after which Graph is left alone for a while. A single one may be chance. */
const BREAKER_LIMIT = 4
const FIRST_PAUSE_MS = 2_000
const LONGEST_PAUSE_MS = 60_000
/** The one request that tries again after a pause has this long before another may. */
const TRIAL_MS = 10_000
/** Isolates that all wake at the second Graph named would be throttled at once again. */
const JITTER = 0.25

/**
 * Who has to wait. Graph counts requests per app, tenant and service, so a refusal speaks for the whole
 * bucket and not for the one request that met it; and a refused request counts as well.
 */
export class Throttle {
  readonly #buckets = new Map<string, Bucket>()

  /**
   * Whether a request may be sent: `null`, or the seconds to wait. After a pause one caller at a time is
   * let through, until one succeeds.
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

  /** 429, or 503 with a time: the pause is at least what Graph asked for. */
  throttled(name: string, retryAfterSeconds: number | null): void {
    this.#refused(name, 1, retryAfterSeconds)
  }

  /** No answer, or one of the server's own errors. */
  failed(name: string): void {
    this.#refused(name, BREAKER_LIMIT, null)
  }

  #refused(name: string, limit: number, seconds: number | null): void {
    const bucket = this.#buckets.get(name) ?? { pausedUntil: 0, pausedAt: 0, failures: 0 }
    this.#buckets.set(name, bucket)
    bucket.failures += 1
    if (bucket.failures < limit) return
    const growing = FIRST_PAUSE_MS * 2 ** (bucket.failures - limit)
    const pause = seconds === null ? Math.min(LONGEST_PAUSE_MS, growing) : seconds * 1000
    const now = Date.now()
    bucket.pausedAt = now
    bucket.pausedUntil = Math.max(bucket.pausedUntil, now + pause * (1 + Math.random() * JITTER))
  }
}
