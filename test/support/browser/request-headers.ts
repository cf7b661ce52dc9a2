import { isSameSite, isTrustworthy } from './site.ts'

/** The request's destination, in the terms of the Fetch standard. */
export type Destination =
  | 'document'
  | 'iframe'
  | 'empty'
  | 'image'
  | 'script'
  | 'style'
  | 'manifest'
  | 'serviceworker'
  | 'font'

/** The document that sends a request. */
export interface Initiator {
  readonly url: URL
  /** Its `Referrer-Policy`, `null` for the default. */
  readonly referrerPolicy: string | null
}

export interface Intent {
  readonly destination: Destination
  readonly mode: 'navigate' | 'cors' | 'no-cors' | 'same-origin'
  /** `null` when the user typed the address. */
  readonly initiator: Initiator | null
}

export type Relation = 'none' | 'same-origin' | 'same-site' | 'cross-site'

const HTML =
  'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8'
const ACCEPT: Readonly<Partial<Record<Destination, string>>> = {
  document: HTML,
  iframe: HTML,
  image: 'image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8',
  style: 'text/css,*/*;q=0.1',
}

const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'

/**
 * The headers Chromium adds by itself. `chain` contains every address of the request so far,
 * redirects included, the current one last.
 */
export function headersOf(intent: Intent, method: string, chain: readonly URL[]): Headers {
  const url = chain.at(-1)
  const headers = new Headers({
    accept: ACCEPT[intent.destination] ?? '*/*',
    'accept-language': 'en-GB,en;q=0.9',
    'user-agent': USER_AGENT,
  })
  if (url !== undefined && isTrustworthy(url)) {
    headers.set('sec-fetch-site', relationOf(intent.initiator, chain))
    headers.set('sec-fetch-mode', intent.mode)
    headers.set('sec-fetch-dest', intent.destination)
    if (intent.mode === 'navigate') headers.set('sec-fetch-user', '?1')
  }
  if (intent.mode === 'navigate') headers.set('upgrade-insecure-requests', '1')
  const origin = originHeader(intent, method, chain)
  if (origin !== null) headers.set('origin', origin)
  const referrer = refererHeader(intent.initiator, url)
  if (referrer !== null) headers.set('referer', referrer)
  return headers
}

/** `Sec-Fetch-Site` of the chain; one cross-site hop makes the rest cross-site. */
export function relationOf(initiator: Initiator | null, chain: readonly URL[]): Relation {
  if (initiator === null) return 'none'
  const { url: from } = initiator
  if (chain.some((url) => !isSameSite(from, url))) return 'cross-site'
  return chain.some((url) => url.origin !== from.origin) ? 'same-site' : 'same-origin'
}

/**
 * `Origin` is sent with every method except GET and HEAD, and with every cross-origin script
 * request.
 */
function originHeader(intent: Intent, method: string, chain: readonly URL[]): string | null {
  const { initiator, mode } = intent
  const from = initiator?.url.origin ?? null
  const isForeign = chain.some((url) => url.origin !== from)
  const isSafe = method === 'GET' || method === 'HEAD'
  if (isSafe && !(mode === 'cors' && isForeign)) return null
  if (from === null || isTainted(from, chain)) return 'null'
  // A page with `no-referrer` sends `Origin: null` even to itself, except for script requests.
  const policy = initiator?.referrerPolicy
  const hides = policy === 'no-referrer' || (policy === 'same-origin' && isForeign)
  return hides && mode !== 'cors' ? 'null' : from
}

/** After a redirect by a foreign host, the origin becomes opaque. */
function isTainted(from: string, chain: readonly URL[]): boolean {
  return chain.some((url, index) => {
    const next = chain[index + 1]
    return next !== undefined && next.origin !== url.origin && url.origin !== from
  })
}

function refererHeader(initiator: Initiator | null, url: URL | undefined): string | null {
  if (initiator === null || url === undefined) return null
  const { url: from, referrerPolicy: policy } = initiator
  if (policy === 'no-referrer') return null
  const isSameOrigin = from.origin === url.origin
  if (isSameOrigin) return `${from.origin}${from.pathname}${from.search}`
  const isDowngrade = from.protocol === 'https:' && !isTrustworthy(url)
  return policy === 'same-origin' || isDowngrade ? null : `${from.origin}/`
}
