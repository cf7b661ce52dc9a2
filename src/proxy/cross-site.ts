import { isSentBy, type RequestHead, SAFE_METHODS } from '../http/request-metadata.ts'
import type { ChatSettings } from '../settings/chat.ts'
import { RouteMatcher } from './route-matcher.ts'

/** Whether the page or program that sent a request may send it. */
export type CrossSiteVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: 'foreign_source' | 'unknown_source' }

const PASS: CrossSiteVerdict = { ok: true }

/** The settings that open the chat app to other sites. */
export type CrossSiteSettings = Pick<ChatSettings, 'corsOrigins' | 'crossSiteRoutes'>

/** Refuses requests that another site makes a person's browser send to the chat app (CSRF). */
export class CrossSiteGuard {
  readonly #allowedOrigins: ReadonlySet<string>
  readonly #openRoutes: RouteMatcher

  constructor(publicOrigin: string, { corsOrigins, crossSiteRoutes }: CrossSiteSettings) {
    this.#allowedOrigins = new Set([publicOrigin, ...corsOrigins])
    this.#openRoutes = new RouteMatcher(crossSiteRoutes)
  }

  /**
   * Judges a write with the person's cookies: it must come from the chat's own pages. Requests without cookies
   * pass, and so do those without `Origin` and fetch metadata, because browsers send them.
   */
  judgeWrite(request: RequestHead): CrossSiteVerdict {
    const { headers, method } = request
    if (SAFE_METHODS.has(method) || headers.get('cookie') === null) return PASS
    if (isSentBy(request, this.#allowedOrigins)) return PASS
    if (this.#openRoutes.match(method, new URL(request.url).pathname)) return PASS
    return { ok: false, reason: 'foreign_source' }
  }

  /**
   * Judges a WebSocket handshake. Browsers let any page open a socket to any host, with cookies and without a
   * preflight (RFC 6455 §10.2). They always send `Origin`, so a handshake with cookies must have it.
   */
  judgeUpgrade(request: RequestHead): CrossSiteVerdict {
    // A handshake is a GET (RFC 6455 §4.1); another method would be a write that skips `judgeWrite`.
    if (request.method !== 'GET') return { ok: false, reason: 'unknown_source' }
    const { headers } = request
    const origin = headers.get('origin')
    if (origin === null) {
      return headers.get('cookie') === null ? PASS : { ok: false, reason: 'unknown_source' }
    }
    return this.#allowedOrigins.has(origin) ? PASS : { ok: false, reason: 'foreign_source' }
  }
}

/**
 * CORS for the origins of `CORS_ORIGINS` and for no others. Replaces what the chat app sends, because `*` or an
 * echoed `Origin` would open a signed-in person's chat to every site.
 */
export class CrossOriginSharing {
  readonly #publicOrigin: string
  readonly #allowed: ReadonlySet<string>

  constructor(publicOrigin: string, corsOrigins: readonly string[]) {
    this.#publicOrigin = publicOrigin
    this.#allowed = new Set(corsOrigins)
  }

  /** The value of `Origin` if it is another origin; `null` for our own pages and for programs. */
  #foreignOrigin(request: RequestHead): string | null {
    const origin = request.headers.get('origin')
    return origin === null || origin === this.#publicOrigin ? null : origin
  }

  /**
   * Answers a CORS preflight of an allowed origin; `null` for every other request. A preflight has no cookies, so
   * it would not get past the sign-in.
   */
  preflight(request: RequestHead): Response | null {
    if (request.method !== 'OPTIONS') return null
    const { headers } = request
    const origin = this.#foreignOrigin(request)
    if (origin === null || !this.#allowed.has(origin)) return null
    const method = headers.get('access-control-request-method')
    if (method === null) return null
    const names = headers.get('access-control-request-headers')
    const preflightHeaders = {
      'access-control-allow-methods': method,
      ...(names !== null && { 'access-control-allow-headers': names }),
      'access-control-max-age': '600',
    }
    return this.share(request, new Response(null, { status: 204, headers: preflightHeaders }))
  }

  /**
   * Allows an allowed origin to read a response, and removes every CORS header for others. A response that differs
   * by origin has `Vary: Origin`, or a cache would serve our page's copy to another origin (RFC 9110 §12.5.5).
   */
  share(request: RequestHead, response: Response): Response {
    const origin = this.#foreignOrigin(request)
    const differs = this.#allowed.size > 0 || response.headers.has('access-control-allow-origin')
    if (origin === null && !differs) return response
    const shared = new Response(response.body, response)
    const { headers } = shared
    if (differs && !variesByOrigin(headers)) headers.append('vary', 'Origin')
    if (origin === null) return shared
    if (this.#allowed.has(origin)) {
      headers.set('access-control-allow-origin', origin)
      headers.set('access-control-allow-credentials', 'true')
      return shared
    }
    for (const name of [...headers.keys()]) {
      if (name.startsWith('access-control-')) headers.delete(name)
    }
    return shared
  }
}

function variesByOrigin(headers: Headers): boolean {
  const names = (headers.get('vary') ?? '').split(',').map((name) => name.trim().toLowerCase())
  return names.includes('origin') || names.includes('*')
}
