import type { RouteRule } from '../settings/routes.ts'

/**
 * Paths that every server reads alike. Escapes, path parameters and empty segments are read differently from
 * server to server (`%2f`, `..;`, `//`), and each has opened a door somewhere; such a path is never skipped.
 */
const UNAMBIGUOUS_PATH = /^(?:\/[A-Za-z0-9._~!$&'()*+,=:@-]+)*\/?$/
const DOT_SEGMENT = /\/\.{1,2}(?:\/|$)/

/**
 * Which requests need no sign-in: by method and normalised path, and by nothing else a client can write.
 * oauth2-proxy's advisories are the list of what "else" has been: the query (GHSA-7rh7-c77v-6434), `#` and
 * `%23` (GHSA-pxq7-h93f-9jrg), `X-Forwarded-Uri` (GHSA-7x63-xv5r-3p2x), a health checker's User-Agent
 * (GHSA-5hvv-m4w4-gf6v).
 */
export class RouteMatcher {
  readonly #routes: readonly RouteRule[]

  constructor(routes: readonly RouteRule[]) {
    this.#routes = routes
  }

  /** @param path of a parsed URL, without query */
  match(method: string, path: string): boolean {
    if (!this.#routes.some((route) => isWithin(route, method, path))) return false
    return UNAMBIGUOUS_PATH.test(path) && !DOT_SEGMENT.test(path)
  }
}

function isWithin(route: RouteRule, method: string, path: string): boolean {
  // Every server answers HEAD as it would GET, less the content (RFC 9110 §9.3.2).
  const isMeant = route.method === method || (route.method === 'GET' && method === 'HEAD')
  if (!isMeant) return false
  return route.isPrefix ? path.startsWith(`${route.path}/`) : path === route.path
}
