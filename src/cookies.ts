/*
 * The text of `Cookie` and `Set-Cookie` headers: one reader, one writer, one filter. Written by hand, because a
 * library returns one of several cookies with one name and re-encodes the others (docs/decisions/0012).
 */

/** Name of the session cookie. Names of all our other cookies begin with it and a hyphen. */
export const SESSION_COOKIE = '__Host-entrada'

/** One cookie of a request: its name and its value, both without surrounding spaces and tabs. */
type CookiePair = readonly [name: string, value: string]

/**
 * Reads the cookies of a request, duplicates included, first to last. A comma ends a cookie, and what follows it is
 * read after the next semicolon only. The runtime joins several `Cookie` lines by commas (RFC 9110 §5.3), but a value
 * may contain one as well: a sibling host could write a session cookie into it (`x=1,__Host-entrada=…`). Browsers
 * send one line (RFC 6265 §5.4).
 */
export function readCookies(header: string | null | undefined): readonly CookiePair[] {
  return (header ?? '').split(';').flatMap((text): readonly CookiePair[] => {
    const [pair = ''] = text.split(',')
    const equals = pair.indexOf('=')
    if (equals === -1) return []
    return [[trimmed(pair.slice(0, equals)), trimmed(pair.slice(equals + 1))]]
  })
}

/**
 * Without spaces and tabs around it. `trim` would remove Unicode's white space too, and a sibling host may set a
 * cookie whose name is a no-break space and `__Host-entrada`.
 */
function trimmed(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}

const OWN_NAME = /^__Host-entrada-[\w-]+$/
/** What our values are made of: base64url and dots, so that nothing needs quoting. */
const OWN_VALUE = /^[\w.-]+$/

/**
 * Reads our cookies besides the session's, by name. Where a name occurs twice, the last counts. No other host can
 * set a cookie with a `__Host-` name (RFC 6265bis §4.1.3.2).
 */
export function readOwnCookies(header: string | null | undefined): ReadonlyMap<string, string> {
  const isOwn = ([name, value]: CookiePair) => OWN_NAME.test(name) && OWN_VALUE.test(value)
  return new Map(readCookies(header).filter(isOwn))
}

/** A session cookie's value: session name, secret and mark. Older cookies have no mark. */
const SESSION_VALUE = '[A-Za-z0-9_-]{24}(?:\\.[A-Za-z0-9_-]{43}){1,2}'
const IS_SESSION_VALUE = new RegExp(`^${SESSION_VALUE}$`)
const FIRST_SESSION_COOKIE = new RegExp(
  `(?:^|;)[ \\t]*${SESSION_COOKIE}[ \\t]*=[ \\t]*(${SESSION_VALUE})[ \\t]*(?=[;,]|$)`,
)

/**
 * Reads the value of every well-formed session cookie, first to last. A sibling host may plant a second one in
 * an old browser, so the session object of each value decides, not the order.
 */
export function readSessionCookies(header: string | null): readonly string[] {
  const isSession = ([name, value]: CookiePair) =>
    name === SESSION_COOKIE && IS_SESSION_VALUE.test(value)
  return readCookies(header)
    .filter(isSession)
    .map(([, value]) => value)
}

/**
 * Reads the value of the first well-formed session cookie, or `null`. One regular expression instead of
 * `readCookies`, because each proxied sub-resource passes here (`npm run bench`).
 */
export function readFirstSessionCookie(header: string | null): string | null {
  return header === null ? null : (FIRST_SESSION_COOKIE.exec(header)?.[1] ?? null)
}

/**
 * Writes the `Set-Cookie` line of a cookie of ours. `__Host-` demands `Secure`, `Path=/` and no `Domain`
 * (RFC 6265bis §4.1.3). `Lax` lets links from other sites lead into the chat.
 * @param value of base64url characters and dots
 */
export function ownCookie(name: string, value: string, maxAgeSeconds: number): string {
  return `${name}=${value}; Max-Age=${maxAgeSeconds}; Path=/; HttpOnly; Secure; SameSite=Lax`
}

/** Writes the `Set-Cookie` line that removes a cookie of ours. */
export function clearedOwnCookie(name: string): string {
  return ownCookie(name, '', 0)
}

/**
 * Writes the `Set-Cookie` line that removes a cookie of the chat app. Name, domain and path identify a cookie;
 * chat apps behind Entrada set theirs for the whole host.
 */
export function clearedChatCookie(name: string): string {
  // Browsers accept these prefixes only with `Secure`, also in a line that removes the cookie.
  const secure = /^__(?:host|secure)-/i.test(name) ? '; Secure' : ''
  return `${name}=; Max-Age=0; Path=/${secure}`
}

/** The part of Hono's context that `addCookies` needs. */
interface HeaderWriter {
  header(name: string, value: string, options: { readonly append: true }): void
}

/** Adds `Set-Cookie` lines to the response of the handler that runs. */
export function addCookies(c: HeaderWriter, lines: readonly string[]): void {
  for (const line of lines) c.header('set-cookie', line, { append: true })
}

/** A cookie of ours in a `Cookie` header, with the separator before it. It may stand in any of several lines. */
const OWN_PAIR = /(?:^|[;,])\s*__Host-entrada(?:-[^=;,]*)?\s*(?:=[^;,]*)?(?=[;,]|$)/g

/**
 * Removes our cookies from a `Cookie` header. The other bytes stay as they are, because decoding and encoding
 * would change the chat app's cookies. An empty result: no cookie is left.
 */
export function withoutOwnCookies(header: string): string {
  if (!header.includes(SESSION_COOKIE)) return header
  const others = header.replace(OWN_PAIR, '')
  return others === header ? header : others.replace(/^[\s;,]+/, '')
}

/**
 * A `Set-Cookie` line with a name of ours. Browsers compare the prefix in any case, and store a nameless `=name`
 * under the name that follows (RFC 6265bis §5.7).
 */
const OWN_SET_COOKIE = /^[\s=]*__host-entrada(?:-[^=;]*)?\s*(?:[=;]|$)/i

/** Whether a `Set-Cookie` line of the chat app would set or overwrite a cookie of ours. */
export function setsOwnCookie(line: string): boolean {
  return OWN_SET_COOKIE.test(line)
}
