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
