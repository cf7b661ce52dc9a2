import { epochSeconds } from '../time.ts'
import { EntradaFailure } from '../failure.ts'
import { clearedOwnCookie, ownCookie, readOwnCookies } from '../cookies.ts'

/** When recent sign-ins of this browser were finished; holds times and nothing else. */
const COOKIE = '__Host-entrada-recent'
const WINDOW_SECONDS = 60
/** Finished this often inside the window and still without a session: another round will not help. */
const LIMIT = 2

/**
 * Ends redirect loops. A browser that finishes signing in and comes straight back without a session does not
 * keep our cookie, and would go round for ever. Attempts that were only started do not count: ten tabs
 * restored at once are no loop.
 * @throws EntradaFailure `sign_in_loop`
 */
export function assertNoRedirectLoop(cookieHeader: string | null): void {
  if (recentTimes(cookieHeader).length < LIMIT) return
  throw new EntradaFailure('sign_in_loop', {
    detail: 'This browser did not keep the session: cookies are blocked, or a proxy removes them.',
    headers: { 'set-cookie': clearRecentSignIns() },
  })
}

/** `Set-Cookie` line for whoever signs out: coming back after that is no loop. */
export function clearRecentSignIns(): string {
  return clearedOwnCookie(COOKIE)
}

/** `Set-Cookie` line that notes a finished sign-in. */
export function recordSignIn(cookieHeader: string | null): string {
  const times = [...recentTimes(cookieHeader), epochSeconds()].slice(-LIMIT)
  return ownCookie(COOKIE, times.join('.'), WINDOW_SECONDS)
}

function recentTimes(cookieHeader: string | null): readonly number[] {
  const now = Date.now() / 1000
  return (readOwnCookies(cookieHeader).get(COOKIE) ?? '')
    .split('.')
    .map(Number)
    .filter((time) => time > 0 && now - time < WINDOW_SECONDS)
}
