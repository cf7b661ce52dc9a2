/** Current time in whole epoch seconds, the unit of tokens, cookies and stored rows. */
export function epochSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

/** `iat` is set this much earlier, because libraries refuse tokens from the future and clocks differ. */
const BACKDATED_SECONDS = 5

/** `iat` of a new JWT, in epoch seconds. hono/jwt, PyJWT and Authlib refuse one a second ahead of their clock. */
export function issuedAt(): number {
  return epochSeconds() - BACKDATED_SECONDS
}

/**
 * Waits for `work` at most so long. The late result is discarded.
 * @throws Error when the time is over
 */
export async function withTimeout<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const { promise: timeUp, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('no answer in time')), milliseconds)
  try {
    return await Promise.race([work, timeUp])
  } finally {
    // A running timer keeps a Durable Object awake and billed.
    clearTimeout(timer)
  }
}

/**
 * Calls something optional. On an error, or after `fallback.afterMs`, it returns `fallback.value`.
 */
export async function withFallback<T>(
  call: () => Promise<T>,
  fallback: { readonly value: T; readonly afterMs: number },
): Promise<T> {
  try {
    return await withTimeout(fallback.afterMs, call())
  } catch {
    // The fallback is the same for every cause.
    return fallback.value
  }
}

const SECONDS = /^\d+(?:\.\d+)?$/
/** The form of HTTP dates that servers may send (RFC 9110 §5.6.7). It contains a comma, as lists do. */
const DATES = /[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT/g
const MAX_RETRY_SECONDS = 3600

/**
 * Reads `Retry-After`: whole seconds from 1 to 3600, or `null` without a readable value. RFC 9110 §10.2.3 allows
 * seconds or a date. Services also send fractions, past dates and several values; the longest pause counts. The
 * limit of one hour protects users from a wrong date.
 */
export function readRetryAfter(headers: Headers): number | null {
  const value = headers.get('retry-after') ?? ''
  const dates = (value.match(DATES) ?? []).map((date) => (Date.parse(date) - Date.now()) / 1000)
  const rest = value
    .replace(DATES, '')
    .split(',')
    .map((text) => text.trim())
  const numbers = rest.filter((text) => SECONDS.test(text)).map(Number)
  const pauses = [...dates, ...numbers].filter((pause) => !Number.isNaN(pause))
  if (pauses.length === 0) return null
  return Math.min(MAX_RETRY_SECONDS, Math.max(1, Math.ceil(Math.max(...pauses))))
}
