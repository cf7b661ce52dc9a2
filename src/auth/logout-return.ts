import type { Context } from 'hono'
import type { EdgeEnv } from '../edge-env.ts'
import { signedOutPage } from '../pages/signed-out-page.ts'
import { randomText } from '../stores/random-text.ts'
import { addCookies, clearedCookie, transientCookie, ownCookiesOf } from './passing-cookies.ts'

/** The `state` this browser was sent to the sign-in service's sign-out with, or that it came back from there. */
const COOKIE = '__Host-entrada-leaving'
const RETURNED = 'returned'
const LIFE_SECONDS = 900

/** Ties the way back from the sign-in service's sign-out to the browser that went (RP-Initiated Logout 1.0 §2). */
export function rememberReturn(): { readonly state: string; readonly cookie: string } {
  const state = randomText(24)
  return { state, cookie: transientCookie(COOKIE, state, LIFE_SECONDS) }
}

/**
 * `GET /.entrada/signed-out`: says what is over. Only a return with the right `state` shows that the sign-in
 * service was reached; nothing else depends on it, because our own session ended first.
 */
export async function signedOut(c: Context<EdgeEnv>): Promise<Response> {
  const expected = ownCookiesOf(c.req.header('cookie')).get(COOKIE)
  const state = c.req.query('state')
  if (state !== undefined) {
    const isReturn = expected !== RETURNED && state === expected
    const line = isReturn ? transientCookie(COOKIE, RETURNED, LIFE_SECONDS) : clearedCookie(COOKIE)
    addCookies(c, [line])
    // Without the query: neither history nor referrer has a use for it.
    return c.redirect('/.entrada/signed-out', 302)
  }
  const page = await signedOutPage(expected === RETURNED)
  if (expected !== undefined) page.headers.append('set-cookie', clearedCookie(COOKIE))
  return page
}
