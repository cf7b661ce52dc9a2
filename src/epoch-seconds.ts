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
