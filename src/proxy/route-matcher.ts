import type { RouteRule } from '../settings/routes.ts'

/**
 * Paths that every server reads alike. Servers differ in reading escapes, path parameters and empty segments
 * (`%2f`, `..;`, `//`), and each has caused an authentication bypass. Such a path never matches.
 */
const UNAMBIGUOUS_PATH = /^(?:\/[A-Za-z0-9._~!$&'()*+,=:@-]+)*\/?$/
const DOT_SEGMENT = /\/\.{1,2}(?:\/|$)/

/**
 * Matches requests by method and normalised path: open routes, polling routes and routes open to other sites.
 * Nothing else that a client writes may decide. oauth2-proxy's advisories show bypasses by the query
 * (GHSA-7rh7-c77v-6434), by `#` and `%23` (GHSA-pxq7-h93f-9jrg), by `X-Forwarded-Uri` (GHSA-7x63-xv5r-3p2x)
 * and by a health checker's User-Agent (GHSA-5hvv-m4w4-gf6v).
 */
export class RouteMatcher {
  readonly #routes: readonly RouteRule[]

  constructor(routes: readonly RouteRule[]) {
    this.#routes = routes
  }

  /**
   * Whether a route is listed for this request.
   * @param path of a parsed URL, without the query
   */
  readonly match = (method: string, path: string): boolean => {
    if (!this.#routes.some((route) => isWithin(route, method, path))) return false
    return UNAMBIGUOUS_PATH.test(path) && !DOT_SEGMENT.test(path)
  }
}

function isWithin(route: RouteRule, method: string, path: string): boolean {
  // HEAD is GET without the content (RFC 9110 §9.3.2).
  const hasMethod = route.method === method || (route.method === 'GET' && method === 'HEAD')
  if (!hasMethod) return false
  return route.isPrefix ? path.startsWith(`${route.path}/`) : path === route.path
}
