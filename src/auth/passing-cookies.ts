import type { Context } from 'hono'
import type { EdgeEnv } from '../edge-env.ts'

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
