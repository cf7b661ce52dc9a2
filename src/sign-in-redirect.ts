import { withParameters } from './address.ts'
import type { EntradaFailure } from './failure.ts'
import { isTopLevelNavigation } from './navigation.ts'

/** Longest path and query to come back to, in characters. */
export const RETURN_PATH_LIMIT = 2048

/** Would lead to themselves, for a request that may not begin a sign-in. */
const BEGINNINGS = /^\/\.entrada\/(?:login|consent)$/

/**
 * A page load that lacks a session is led to sign-in and comes back to its own address; `null` for any other
 * request, which is told, because a script would take a redirect for its answer.
 */
export function signInRedirect(
  { code, details }: EntradaFailure,
  request: Request,
  publicOrigin: string,
): Response | null {
  if (code !== 'session_required' || !isTopLevelNavigation(request)) return null
  const url = new URL(request.url)
  if (details.returnTo === undefined && BEGINNINGS.test(url.pathname)) return null
  const login = withParameters(`${publicOrigin}/.entrada/login`, {
    return_to: details.returnTo ?? returnPathOf(url),
  })
  return new Response(null, { status: 302, headers: { location: login.href } })
}

/**
 * A return path to an address. A backslash, which the URL parser leaves in a query and a return path may not
 * hold, is escaped; where it would be too long, the query stays behind.
 */
export function returnPathOf({ pathname, search }: URL): string {
  const path = `${pathname}${search.replaceAll('\\', '%5C')}`
  return path.length > RETURN_PATH_LIMIT ? pathname : path
}
