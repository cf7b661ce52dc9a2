import { EntradaFailure } from '../failure.ts'
import type { ReadonlyHeaders, RequestHead } from './request-head.ts'

/**
 * What kind of answer a request can use. Fetch metadata decides where the browser sends it, then `Accept`,
 * then the method; never why a session is missing. Getting this wrong is how proxies break chats: an HTML
 * login page parsed as JSON, a service worker replaced by a redirect, a POST silently lost.
 */
export type Navigation =
  /** A page load that may be redirected. */
  | 'document'
  /** A page load that sent a form: shows a page, must never be redirected elsewhere. */
  | 'form'
  /** A script's request, an asset, a socket, a prefetch. */
  | 'background'

export function navigationOf(request: RequestHead): Navigation {
  const { headers, method } = request
  if (headers.get('upgrade') !== null) return 'background'
  // A prefetch is not a person asking; a login started for it would litter cookies (oauth2-proxy#817).
  if (isSpeculative(headers)) return 'background'
  const mode = headers.get('sec-fetch-mode')
  const destination = headers.get('sec-fetch-dest')
  if (mode !== null || destination !== null) {
    // `iframe` and `frame` navigate too, but Entra refuses to be framed; a redirect there ends in a blank box.
    if ((mode ?? 'navigate') !== 'navigate' || (destination ?? 'document') !== 'document') {
      return 'background'
    }
  } else if (headers.get('x-requested-with') !== null || !acceptsHtml(headers)) return 'background'
  return method === 'GET' || method === 'HEAD' ? 'document' : 'form'
}

/** `true` for the top-level page load that may begin a sign-in. */
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
 * Whether the session object itself must be asked. A proxied sub-resource may go by what this isolate learned
 * seconds ago; documents, unsafe methods and sockets may not, so that a sign-out is final where it shows.
 */
export function mustRevalidate(request: RequestHead): boolean {
  const { headers, method } = request
  if (method !== 'GET' && method !== 'HEAD') return true
  if (headers.get('upgrade') !== null) return true
  const destination = headers.get('sec-fetch-dest')
  if (destination !== null) return EMBEDDED_DOCUMENTS.has(destination)
  return navigationOf(request) === 'document'
}

/** They change nothing (RFC 9110 §9.2.1), so another site may make a browser send them. */
export const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Proof that a state-changing request comes from our own pages: `Sec-Fetch-Site: same-origin`, or, from a
 * browser that does not send it, our `Origin`. Saying neither is not proof. SameSite cookies alone would let
 * a sibling host in.
 * @throws EntradaFailure `cross_site_refused`
 */
export function requireSameOrigin(request: Request, publicOrigin: string): void {
  const site = request.headers.get('sec-fetch-site')
  const origin = request.headers.get('origin')
  // A form on a page with `Referrer-Policy: no-referrer` says `Origin: null` even to its own site.
  const contradicts = origin !== null && origin !== 'null' && origin !== publicOrigin
  const isOurs = site === null ? origin === publicOrigin : site === 'same-origin'
  if (!isOurs || contradicts) throw new EntradaFailure('cross_site_refused')
}
