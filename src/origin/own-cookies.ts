/** `__Host-entrada` and `__Host-entrada-…`: the session and sign-in attempts. */
const OWN_PAIR = /^\s*__Host-entrada(?:-[^=;]*)?\s*(?:=|$)/

/**
 * Browsers compare the prefix in any case, and store a nameless `=name` under the name that follows
 * (RFC 6265bis §5.7).
 */
const OWN_SET_COOKIE = /^[\s=]*__host-entrada(?:-[^=;]*)?\s*(?:[=;]|$)/i

/** A `Cookie` header without our own cookies; the others as they were, in their order. Empty: none is left. */
export function withoutOwnCookies(header: string): string {
  if (!header.includes('__Host-entrada')) return header
  const pairs = header.split(';')
  const others = pairs.filter((pair) => !OWN_PAIR.test(pair))
  if (others.length === pairs.length) return header
  return others.join(';').replace(/^\s+/, '')
}

/** Whether a `Set-Cookie` line would plant or overwrite a cookie of ours. */
export function setsOwnCookie(line: string): boolean {
  return OWN_SET_COOKIE.test(line)
}
