import { SIGNED_OUT_PATH } from '../paths.ts'
import type { Context } from 'hono'
import { randomText } from '../crypto/web-crypto.ts'
import type { Entra } from '../entra/entra.ts'
import {
  addCookies,
  clearedOwnCookie,
  ownCookie,
  readOwnCookies,
  SESSION_COOKIE,
} from '../cookies.ts'
import type { EdgeEnv } from '../http/env.ts'
import { navigationOf } from '../http/request-metadata.ts'
import { signedOutPage } from '../pages/pages.ts'
import type { EndedSession } from '../session/session-rpc.ts'
import type { User } from '../session/session.ts'
import type { Sessions } from '../session/sessions.ts'
import type { Settings } from '../settings/settings.ts'
import { withParameters } from '../url.ts'
import { clearRecentSignIns } from './redirect-loop.ts'

/** Holds the `state` of a sign-out at the sign-in service, or `returned` after the return. */
const COOKIE = '__Host-entrada-leaving'
const RETURNED = 'returned'
const LIFE_SECONDS = 900

/** Binds the return from the sign-in service's sign-out to this browser (RP-Initiated Logout 1.0 §2). */
function rememberReturn(): { readonly state: string; readonly cookie: string } {
  const state = randomText(24)
  return { state, cookie: ownCookie(COOKIE, state, LIFE_SECONDS) }
}

/**
 * `GET /.entrada/signed-out`: shows what has ended. Only a return with the right `state` proves that the sign-in
 * service was reached. Nothing else depends on it, because our own session ended first.
 */
export async function signedOut(c: Context<EdgeEnv>): Promise<Response> {
  const expected = readOwnCookies(c.req.header('cookie')).get(COOKIE)
  const state = c.req.query('state')
  if (state !== undefined) {
    const isReturn = expected !== RETURNED && state === expected
    const line = isReturn ? ownCookie(COOKIE, RETURNED, LIFE_SECONDS) : clearedOwnCookie(COOKIE)
    addCookies(c, [line])
    // Removes the query from history and referrer.
    return c.redirect(SIGNED_OUT_PATH, 302)
  }
  const page = await signedOutPage(expected === RETURNED)
  if (expected !== undefined) page.headers.append('set-cookie', clearedOwnCookie(COOKIE))
  return page
}

/** Cookies of the chat app, which must not outlive its user. */
export interface ChatMemory {
  /** `Set-Cookie` lines for a sign-out. */
  onLeave(): readonly string[]
  /** `Set-Cookie` lines for a sign-in, which may be of another user than the last one. */
  onEnter(cookieHeader: string | null, user: User): Promise<readonly string[]>
}

/** What signing out needs. */
export interface LogoutDeps {
  readonly entra: Entra
  readonly sessions: Sessions
  readonly chatMemory: ChatMemory
}

/** `POST /.entrada/logout`: ends our session, then continues at the sign-in service. */
export async function logout(
  c: Context<EdgeEnv>,
  { entra, sessions, chatMemory }: LogoutDeps,
): Promise<Response> {
  const { log } = c.var
  const end = await sessions.end(c.req.header('cookie') ?? null, log)
  if (end !== null) {
    log.audit('signed_out', { userId: end.user?.id, tenantId: end.user?.tenantId })
  }
  addCookies(c, [clearedOwnCookie(SESSION_COOKIE), clearRecentSignIns(), ...chatMemory.onLeave()])
  const { state, cookie } = rememberReturn()
  const serviceUrl = await endSessionUrl(entra, c.var.settings, { end, state }).catch(
    (cause: unknown) => {
      // Our sign-out must also work while the sign-in service is down.
      log.error('end_session_unavailable', cause)
      return null
    },
  )
  if (serviceUrl !== null) addCookies(c, [cookie])
  const next = serviceUrl ?? `${c.var.settings.publicOrigin}${SIGNED_OUT_PATH}`
  // A script cannot follow a redirect to another site, so it gets the address.
  if (navigationOf(c.req.raw) === 'background') return c.json({ redirect: next })
  return c.redirect(next, 303)
}

/** Address of the sign-in service's sign-out; `null` when only our session ends. */
async function endSessionUrl(
  entra: Entra,
  settings: Settings,
  { end, state }: { readonly end: EndedSession | null; readonly state: string },
): Promise<string | null> {
  if (!settings.useEndSessionEndpoint || end === null) return null
  const { end_session_endpoint: endpoint } = await entra.metadata.read()
  if (endpoint === undefined) return null
  const bare = withParameters(endpoint, {
    post_logout_redirect_uri: settings.postLogoutRedirectUri,
    client_id: settings.client.id,
    state,
  })
  const hinted = withParameters(bare, {
    logout_hint: end.loginHint,
    id_token_hint: end.loginHint === null ? end.idToken : null,
  })
  // Fat id tokens make URLs that servers refuse (LibreChat#12326); without a hint Entra asks which account.
  return (hinted.href.length <= settings.maxLogoutUrlLength ? hinted : bare).href
}
