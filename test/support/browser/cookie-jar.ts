import { isTrustworthy } from './site.ts'

export interface StoredCookie {
  readonly name: string
  readonly value: string
  readonly domain: string
  readonly hostOnly: boolean
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  readonly sameSite: 'strict' | 'lax' | 'none'
  /** Epoch milliseconds; `null` until the browser closes. */
  readonly expiresAt: number | null
}

/** The request properties that decide which cookies are sent. */
export interface CookieContext {
  readonly url: URL
  readonly method: string
  readonly isTopLevelNavigation: boolean
  /** The request chain started on the same site and never left it. */
  readonly isSameSite: boolean
}

/** Browsers drop cookies over this length; name, value and attributes count. */
const MAX_COOKIE_BYTES = 4096
const MAX_LIFE_SECONDS = 400 * 86_400

/** A browser's cookies per RFC 6265bis. A cookie that a browser would drop silently throws. */
export class CookieJar {
  #cookies: readonly StoredCookie[] = []

  /** Unexpired cookies of every host. */
  get all(): readonly StoredCookie[] {
    return this.#cookies.filter(isAlive)
  }

  get(name: string): StoredCookie | null {
    return this.all.find((cookie) => cookie.name === name) ?? null
  }

  /** Removes or adds a cookie directly, as a user who clears one or an attacker who plants one. */
  put(cookie: StoredCookie): void {
    this.#cookies = [...this.#cookies.filter((other) => !isSameSlot(other, cookie)), cookie]
  }

  delete(name: string): void {
    this.#cookies = this.#cookies.filter((cookie) => cookie.name !== name)
  }

  clear(): void {
    this.#cookies = []
  }

  /** Value of the `Cookie` header; `null` when no cookie matches. */
  header(context: CookieContext): string | null {
    const sent = this.all.filter((cookie) => isSentTo(cookie, context))
    const longestPathFirst = sent.toSorted((one, other) => other.path.length - one.path.length)
    const pairs = longestPathFirst.map(({ name, value }) => `${name}=${value}`)
    return pairs.length === 0 ? null : pairs.join('; ')
  }

  store(setCookie: string, context: CookieContext): void {
    const cookie = readSetCookie(setCookie, context.url)
    const crossesSites = !context.isSameSite && !context.isTopLevelNavigation
    if (crossesSites && cookie.sameSite !== 'none') return
    this.put(cookie)
  }
}

function isAlive(cookie: StoredCookie): boolean {
  return cookie.expiresAt === null || cookie.expiresAt > Date.now()
}

function isSameSlot(one: StoredCookie, other: StoredCookie): boolean {
  return one.name === other.name && one.domain === other.domain && one.path === other.path
}

function isSentTo(cookie: StoredCookie, context: CookieContext): boolean {
  const { hostname, pathname } = context.url
  const isHost = hostname === cookie.domain
  if (!isHost && (cookie.hostOnly || !hostname.endsWith(`.${cookie.domain}`))) return false
  const folder = cookie.path.endsWith('/') ? cookie.path : `${cookie.path}/`
  if (pathname !== cookie.path && !pathname.startsWith(folder)) return false
  if (cookie.secure && !isTrustworthy(context.url)) return false
  if (context.isSameSite || cookie.sameSite === 'none') return true
  const isSafe = context.method === 'GET' || context.method === 'HEAD'
  return cookie.sameSite === 'lax' && context.isTopLevelNavigation && isSafe
}

/** Parses a `Set-Cookie` header. Throws the reason when a browser would drop the cookie. */
function readSetCookie(header: string, url: URL): StoredCookie {
  const [pair = '', ...rest] = header.split(';')
  const separator = pair.indexOf('=')
  const name = pair.slice(0, separator).trim()
  const refuse = (reason: string): never => {
    throw new Error(`${url.host} set a cookie that browsers drop, ${name}: ${reason}`)
  }
  if (separator < 1) return refuse('it has no name')
  if (new TextEncoder().encode(header).length > MAX_COOKIE_BYTES) refuse('it is over 4096 bytes')
  const attributes = new Map(rest.map(readAttribute))
  const domain = attributes.get('domain')?.replace(/^\./, '').toLowerCase() ?? null
  if (domain !== null && url.hostname !== domain && !url.hostname.endsWith(`.${domain}`)) {
    refuse(`its domain ${domain} is another host's`)
  }
  const cookie: StoredCookie = {
    name,
    value: pair.slice(separator + 1).trim(),
    domain: domain ?? url.hostname,
    hostOnly: domain === null,
    path: readPath(attributes.get('path'), url),
    secure: attributes.has('secure'),
    httpOnly: attributes.has('httponly'),
    sameSite: readSameSite(attributes.get('samesite')),
    expiresAt: readExpiry(attributes),
  }
  const broken = brokenRule(cookie, url)
  return broken === null ? cookie : refuse(broken)
}

function brokenRule(cookie: StoredCookie, url: URL): string | null {
  const { name, secure } = cookie
  const prefix = /^__(?:host-http|host|secure|http)-/i.exec(name)?.[0].toLowerCase() ?? ''
  if (secure && !isTrustworthy(url)) return 'it is Secure and the page is not'
  if (cookie.sameSite === 'none' && !secure) return 'SameSite=None needs Secure'
  if (prefix !== '' && !secure) return `${prefix} needs Secure`
  if (prefix.startsWith('__host-') && !cookie.hostOnly) return `${prefix} forbids Domain`
  if (prefix.startsWith('__host-') && cookie.path !== '/') return `${prefix} needs Path=/`
  if (prefix.endsWith('http-') && !cookie.httpOnly) return `${prefix} needs HttpOnly`
  return null
}

function readAttribute(part: string): [string, string] {
  const [name = '', ...value] = part.split('=')
  return [name.trim().toLowerCase(), value.join('=').trim()]
}

function readPath(path: string | undefined, url: URL): string {
  if (path?.startsWith('/') === true) return path
  return url.pathname.slice(0, Math.max(1, url.pathname.lastIndexOf('/')))
}

/** Chromium treats an absent or unknown value as Lax. */
function readSameSite(value: string | undefined): StoredCookie['sameSite'] {
  const lower = value?.toLowerCase()
  return lower === 'strict' || lower === 'none' ? lower : 'lax'
}

function readExpiry(attributes: ReadonlyMap<string, string>): number | null {
  const maxAge = attributes.get('max-age')
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) {
    return Date.now() + Math.min(Number(maxAge), MAX_LIFE_SECONDS) * 1000
  }
  const expires = Date.parse(attributes.get('expires') ?? '')
  return Number.isNaN(expires) ? null : expires
}
