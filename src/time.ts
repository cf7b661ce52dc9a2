/** The time in whole seconds, as tokens, cookies and rows have it. */
export function epochSeconds(): number {
  return Math.floor(Date.now() / 1000)
}

/** How far `iat` is dated back. Libraries refuse a token from the future, and clocks differ by seconds. */
const BACKDATED_SECONDS = 5

/** `iat` of a JWT made now. hono/jwt, PyJWT and Authlib refuse one that is a second ahead of their own clock. */
export function issuedAt(): number {
  return epochSeconds() - BACKDATED_SECONDS
}

/** @throws Error when the work takes longer; what it comes to then, nobody hears */
export async function withTimeout<T>(milliseconds: number, work: Promise<T>): Promise<T> {
  const { promise: timeUp, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error('no answer in time')), milliseconds)
  try {
    return await Promise.race([work, timeUp])
  } finally {
    // An object with a timer running is kept awake and billed.
    clearTimeout(timer)
  }
}

/**
 * Asks something that may fail or hang without harm, and does not wait longer than it is worth.
 * @param absence what to go on with when there is no answer
 */
export async function withFallback<T>(
  call: () => Promise<T>,
  absence: { readonly value: T; readonly afterMs: number },
): Promise<T> {
  try {
    return await withTimeout(absence.afterMs, call())
  } catch {
    // The caller has said what no answer means; why there is none does not change it.
    return absence.value
  }
}

const SECONDS = /^\d+(?:\.\d+)?$/
/** The one form of HTTP's dates that may be sent (RFC 9110 §5.6.7). It holds a comma, as lists do. */
const DATES = /[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT/g
const LONGEST_SECONDS = 3600

/**
 * The pause that `Retry-After` asks for, in whole seconds from 1 to 3600; `null` where it asks for none that can be
 * read. RFC 9110 §10.2.3 has seconds or a date; services also send fractions, dates gone by and several values, of
 * which the longest counts. Nobody is made to wait longer than an hour for a mistake.
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
  return Math.min(LONGEST_SECONDS, Math.max(1, Math.ceil(Math.max(...pauses))))
}
