import { EntradaFailure } from '../failure.ts'

/**
 * What kind of response a request can use. A wrong answer breaks chats: an HTML page parsed as JSON, a service
 * worker replaced by a redirect, a lost POST.
 */
export type Navigation =
  /** A page load that may be redirected. */
  | 'document'
  /** A page load that sent a form: gets a page, must not be redirected to sign-in. */
  | 'form'
  /** A script's request, an asset, a socket, a prefetch. */
  | 'background'

/** Reads the kind of navigation from fetch metadata, without it from `Accept`, then from the method. */
export function navigationOf(request: RequestHead): Navigation {
  const { headers, method } = request
  if (headers.get('upgrade') !== null) return 'background'
  // No person asked for a prefetch. A login for each would fill the cookies (oauth2-proxy#817).
  if (isSpeculative(headers)) return 'background'
  const mode = headers.get('sec-fetch-mode')
  const destination = headers.get('sec-fetch-dest')
  if (mode !== null || destination !== null) {
    // `iframe` and `frame` navigate, too, but Entra cannot be framed: a redirect would end in an empty frame.
    if ((mode ?? 'navigate') !== 'navigate' || (destination ?? 'document') !== 'document') {
      return 'background'
    }
  } else if (headers.get('x-requested-with') !== null || !acceptsHtml(headers)) return 'background'
  return method === 'GET' || method === 'HEAD' ? 'document' : 'form'
}

/** Whether a request is a top-level page load, which may begin a sign-in. */
export function isTopLevelNavigation(request: RequestHead): boolean {
  return navigationOf(request) === 'document'
}

function isSpeculative(headers: ReadonlyHeaders): boolean {
  const purpose = headers.get('sec-purpose') ?? headers.get('purpose') ?? headers.get('x-moz') ?? ''
  return /prefetch|prerender|preview/i.test(purpose)
}

function acceptsHtml(headers: ReadonlyHeaders): boolean {
  const accept = headers.get('accept') ?? ''
  return /(?:^|,)\s*(?:text\/html|application\/xhtml\+xml)\s*(?:;|,|$)/i.test(accept)
}

const EMBEDDED_DOCUMENTS: ReadonlySet<string> = new Set([
  'document',
  'iframe',
  'frame',
  'embed',
  'object',
])

/**
 * Whether the session object must confirm the session. A proxied sub-resource may use this isolate's cache of a
 * few seconds. Documents, unsafe methods and sockets may not, so that a sign-out takes effect at once.
 */
export function mustRevalidate(request: RequestHead): boolean {
  const { headers, method } = request
  if (method !== 'GET' && method !== 'HEAD') return true
  if (headers.get('upgrade') !== null) return true
  const destination = headers.get('sec-fetch-dest')
  if (destination !== null) return EMBEDDED_DOCUMENTS.has(destination)
  return navigationOf(request) === 'document'
}

/** Methods that change nothing (RFC 9110 §9.2.1). Other sites can make a browser send them. */
export const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** What a browser says about the page that sent a request. Programs say nothing: both are `null`. */
interface Sender {
  /** `Sec-Fetch-Site`, relative to the address of the request. */
  readonly site: string | null
  /** `Origin`; the browser sends `null` as text where it hides the origin. */
  readonly origin: string | null
}

function senderOf({ headers }: Pick<RequestHead, 'headers'>): Sender {
  return { site: headers.get('sec-fetch-site'), origin: headers.get('origin') }
}

/**
 * Demands proof that a state-changing request comes from our own pages: `Sec-Fetch-Site: same-origin`, or our
 * `Origin` from a browser without fetch metadata. A request with neither is refused. `SameSite` cookies alone
 * would admit a sibling host.
 * @throws EntradaFailure `cross_site_refused`
 */
export function requireSameOrigin(request: RequestHead, publicOrigin: string): void {
  const { site, origin } = senderOf(request)
  // A form on a page with `Referrer-Policy: no-referrer` sends `Origin: null` even to its own site.
  const contradicts = origin !== null && origin !== 'null' && origin !== publicOrigin
  const isOurs = site === null ? origin === publicOrigin : site === 'same-origin'
  if (!isOurs || contradicts) throw new EntradaFailure('cross_site_refused')
}

/**
 * Refuses a safe request that another site's page sent. Programs and browsers without fetch metadata pass: another
 * site could not read the response anyway.
 * @throws EntradaFailure `cross_site_refused`
 */
export function refuseOtherSites(request: RequestHead): void {
  const { site } = senderOf(request)
  if (site !== null && site !== 'same-origin') throw new EntradaFailure('cross_site_refused')
}

/**
 * Whether a page of one of these origins sent a write, or a program did. Weaker than `requireSameOrigin`, because
 * the chat app's own programs write without saying where they are.
 */
export function isSentBy(request: RequestHead, origins: ReadonlySet<string>): boolean {
  const { site, origin } = senderOf(request)
  // A sibling host is same-site and may belong to somebody else, so its origin has to be listed.
  if (origin !== null && origin !== 'null') return origins.has(origin)
  // A form on a page with `Referrer-Policy: no-referrer`, which many chats have, sends `null` to its own site.
  if (origin === 'null') return site === 'same-origin'
  return site === null || site === 'same-origin' || site === 'none'
}

/** Whether the response will be shown in a frame. */
export function isForFrame({ headers }: RequestHead): boolean {
  return headers.get('sec-fetch-dest') === 'iframe'
}

/** The parts of a request that decide how Entrada handles it. The platform's `Request` has them, too. */
export interface RequestHead {
  readonly method: string
  readonly url: string
  readonly headers: ReadonlyHeaders
}

/** Headers of a request, several values of one name joined. */
export interface ReadonlyHeaders {
  /** @param name lower-case */
  get(name: string): string | null
  has(name: string): boolean
  forEach(visit: (value: string, name: string) => void): void
}

/**
 * Copies the head of a request out of the platform. Each call into the platform costs more than ten lines of
 * JavaScript, and a proxied request would make about twenty.
 */
export function readHead({ method, url, headers }: Request): RequestHead {
  const lines = new Map<string, string>()
  headers.forEach((value, name) => {
    lines.set(name, value)
  })
  return {
    method,
    url,
    headers: {
      get: (name) => lines.get(name) ?? null,
      has: (name) => lines.has(name),
      forEach: (visit) => lines.forEach(visit),
    },
  }
}

const UNUSUAL = /[%;\\A-Z]|\/[./]|.\/$/
const ESCAPE = /%([0-9a-f]{2})/gi

/**
 * Normalises a path as the most lenient of common routers would: upper case (Express), a closing slash, escapes
 * (Fastify, nginx), path parameters (Tomcat), backslashes, empty and dot segments. Entrada looks up the paths it
 * answers in this form, because another spelling would otherwise reach the chat app.
 * @param path of a parsed URL, without query
 */
export function routedPath(path: string): string {
  if (!UNUSUAL.test(path)) return path
  let plain = path
  // A chain of two servers decodes twice, so decoding repeats until nothing changes.
  for (let last = ''; last !== plain;) {
    last = plain
    plain = plain.replace(ESCAPE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
  const segments: string[] = []
  for (const text of plain.toLowerCase().split(/[/\\]/)) {
    const [segment = ''] = text.split(';')
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  return `/${segments.join('/')}`
}
