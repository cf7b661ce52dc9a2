import type { RequestHead } from '../request-head.ts'
import { SAFE_METHODS } from '../same-origin.ts'
import type { OriginSettings } from '../settings/origin.ts'
import { RouteMatcher } from './skip-rules.ts'

/** May this request go on, as far as its source is concerned? */
export type CrossSiteVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: 'foreign_source' | 'unknown_source' }

const PASS: CrossSiteVerdict = { ok: true }

export type CrossSiteSettings = Pick<OriginSettings, 'corsOrigins' | 'crossSiteRoutes'>

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
    const site = headers.get('sec-fetch-site')
    const source = headers.get('origin')
    if (this.#isOwn(site, source)) return PASS
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

  #isOwn(site: string | null, source: string | null): boolean {
    // A sibling host is same-site, and somebody else's all the same.
    if (source !== null && source !== 'null') return this.#sources.has(source)
    // A form on a page with `Referrer-Policy: no-referrer`, which many chats have, says `null` to its own site.
    if (source === 'null') return site === 'same-origin'
    return site === null || site === 'same-origin' || site === 'none'
  }
}
