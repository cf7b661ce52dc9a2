import type { Context } from 'hono'
import type { EdgeEnv } from './env.ts'

/** Adds to the answer of whichever handler runs. */
export function addCookies(c: Context<EdgeEnv>, lines: readonly string[]): void {
  for (const line of lines) c.header('set-cookie', line, { append: true })
}

/** A cookie of ours that lives for minutes. Its value is made of base64url and dots. */
export function transientCookie(name: string, value: string, maxAgeSeconds: number): string {
  return `${name}=${value}; Max-Age=${maxAgeSeconds}; Path=/; HttpOnly; Secure; SameSite=Lax`
}

export function clearedCookie(name: string): string {
  return transientCookie(name, '', 0)
}

/** The runtime joins several `Cookie` lines by commas (RFC 9110 §5.3). */
const PAIRS = /(?:^|[;,])\s*(__Host-entrada-[\w-]+)=([\w.-]+)\s*(?=[;,]|$)/g

/** Every one of them that a request carries. No other host can set one under such a name (RFC 6265bis §4.1.3.2). */
export function ownCookiesOf(header: string | null | undefined): ReadonlyMap<string, string> {
  const pairs = (header ?? '').matchAll(PAIRS)
  return new Map(Array.from(pairs, ([, name = '', value = '']) => [name, value]))
}

/**
 * `__Host-entrada` and `__Host-entrada-…`: the session and sign-in attempts, with the separator before them. The
 * runtime joins several `Cookie` lines by commas (RFC 9110 §5.3), so a comma separates as well.
 */
const OWN_PAIR = /(?:^|[;,])\s*__Host-entrada(?:-[^=;,]*)?\s*(?:=[^;,]*)?(?=[;,]|$)/g

/**
 * Browsers compare the prefix in any case, and store a nameless `=name` under the name that follows
 * (RFC 6265bis §5.7).
 */
const OWN_SET_COOKIE = /^[\s=]*__host-entrada(?:-[^=;]*)?\s*(?:[=;]|$)/i

/** A `Cookie` header without our own cookies; the others as they were, in their order. Empty: none is left. */
export function withoutOwnCookies(header: string): string {
  if (!header.includes('__Host-entrada')) return header
  const others = header.replace(OWN_PAIR, '')
  return others === header ? header : others.replace(/^[\s;,]+/, '')
}

/** Whether a `Set-Cookie` line would plant or overwrite a cookie of ours. */
export function setsOwnCookie(line: string): boolean {
  return OWN_SET_COOKIE.test(line)
}
