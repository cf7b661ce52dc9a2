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
