import { isSentBy, SAFE_METHODS } from '../http/fetch-metadata.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { ChatSettings } from '../settings/chat.ts'
import { RouteMatcher } from './route-matcher.ts'

/** May this request go on, as far as its source is concerned? */
export type CrossSiteVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: 'foreign_source' | 'unknown_source' }

const PASS: CrossSiteVerdict = { ok: true }

export type CrossSiteSettings = Pick<ChatSettings, 'corsOrigins' | 'crossSiteRoutes'>

/** What other sites must not make a person's browser do to the chat app. */
export class CrossSiteGuard {
  readonly #sources: ReadonlySet<string>
  readonly #open: RouteMatcher

  constructor(publicOrigin: string, { corsOrigins, crossSiteRoutes }: CrossSiteSettings) {
    this.#sources = new Set([publicOrigin, ...corsOrigins])
    this.#open = new RouteMatcher(crossSiteRoutes)
  }

  /**
   * A write that rides on the person's cookies must come from the chat's own pages. Programs without cookies
   * have nothing to ride on, and a program that says no source at all is no browser.
   */
  judgeWrite(request: RequestHead): CrossSiteVerdict {
    const { headers, method } = request
    if (SAFE_METHODS.has(method) || headers.get('cookie') === null) return PASS
    if (isSentBy(request, this.#sources)) return PASS
    if (this.#open.match(method, new URL(request.url).pathname)) return PASS
    return { ok: false, reason: 'foreign_source' }
  }

  /**
   * Browsers let any page open a socket to any host, with cookies and without asking (RFC 6455 §10.2), and they
   * always say which page it is. So where there are cookies, silence is no answer.
   */
  judgeUpgrade(request: RequestHead): CrossSiteVerdict {
    // A handshake is a GET (RFC 6455 §4.1); whatever else comes as one is a write in disguise.
    if (request.method !== 'GET') return { ok: false, reason: 'unknown_source' }
    const { headers } = request
    const source = headers.get('origin')
    if (source === null) {
      return headers.get('cookie') === null ? PASS : { ok: false, reason: 'unknown_source' }
    }
    return this.#sources.has(source) ? PASS : { ok: false, reason: 'foreign_source' }
  }
}

/**
 * CORS for the origins an operator named, and for no other: a chat app that answers `*` or repeats whatever
 * origin asks was written for a world in which nobody is signed in.
 */
export class CrossOriginSharing {
  readonly #publicOrigin: string
  readonly #allowed: ReadonlySet<string>

  constructor(publicOrigin: string, corsOrigins: readonly string[]) {
    this.#publicOrigin = publicOrigin
    this.#allowed = new Set(corsOrigins)
  }

  /** The other origin a request comes from; `null` for our own pages and for programs. */
  #foreignOrigin(request: RequestHead): string | null {
    const origin = request.headers.get('origin')
    return origin === null || origin === this.#publicOrigin ? null : origin
  }

  /** Answers a preflight of an allowed origin. It carries no cookies, so the chat app could not know whose it is. */
  preflight(request: RequestHead): Response | null {
    if (request.method !== 'OPTIONS') return null
    const { headers } = request
    const origin = this.#foreignOrigin(request)
    if (origin === null || !this.#allowed.has(origin)) return null
    const wanted = headers.get('access-control-request-method')
    if (wanted === null) return null
    const names = headers.get('access-control-request-headers')
    const answer = {
      'access-control-allow-methods': wanted,
      ...(names !== null && { 'access-control-allow-headers': names }),
      'access-control-max-age': '600',
    }
    return this.share(request, new Response(null, { status: 204, headers: answer }))
  }

  /**
   * Opens an answer to an allowed origin and closes it to any other. An answer that differs by origin says so in
   * `Vary` to everybody: a cache would hand the one kept for our own page to another origin's (RFC 9110 §12.5.5).
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
