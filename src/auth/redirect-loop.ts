import { epochSeconds } from '../time.ts'
import { EntradaFailure } from '../failure.ts'
import { clearedOwnCookie, ownCookie, readOwnCookies } from '../cookies.ts'

/** Holds the times of this browser's recent sign-ins, in epoch seconds, joined by dots. */
const COOKIE = '__Host-entrada-recent'
const WINDOW_SECONDS = 60
/** So many sign-ins inside the window without a session are a loop. */
const MAX_SIGN_INS = 2

/**
 * Ends redirect loops. A browser that signs in and at once returns without a session does not keep our cookie.
 * Attempts that were only begun do not count: ten restored tabs are no loop.
 * @throws EntradaFailure `sign_in_loop`
 */
export function assertNoRedirectLoop(cookieHeader: string | null): void {
  if (recentTimes(cookieHeader).length < MAX_SIGN_INS) return
  throw new EntradaFailure('sign_in_loop', {
    detail: 'This browser did not keep the session: cookies are blocked, or a proxy removes them.',
    headers: { 'set-cookie': clearRecentSignIns() },
  })
}

/** `Set-Cookie` line for a sign-out: a sign-in after it is no loop. */
export function clearRecentSignIns(): string {
  return clearedOwnCookie(COOKIE)
}

/** `Set-Cookie` line that records a finished sign-in. */
export function recordSignIn(cookieHeader: string | null): string {
  const times = [...recentTimes(cookieHeader), epochSeconds()].slice(-MAX_SIGN_INS)
  return ownCookie(COOKIE, times.join('.'), WINDOW_SECONDS)
}

function recentTimes(cookieHeader: string | null): readonly number[] {
  const now = Date.now() / 1000
  return (readOwnCookies(cookieHeader).get(COOKIE) ?? '')
    .split('.')
    .map(Number)
    .filter((time) => time > 0 && now - time < WINDOW_SECONDS)
}
