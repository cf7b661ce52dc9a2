import type { Resource } from '../entra/access-token.ts'
import { createMiddleware } from 'hono/factory'
import { Hono } from 'hono/tiny'
import type { EdgeEnv } from '../http/env.ts'
import { renewedPage } from '../pages/pages.ts'
import { requireSameOrigin } from '../http/request-metadata.ts'
import type { Features } from '../session/features.ts'
import type { Session } from '../session/session.ts'
import { callback, type CallbackDeps } from './callback.ts'
import { consent } from './consent.ts'
import { login } from './login.ts'
import { backChannelLogout, frontChannelLogout } from './logout-notices.ts'
import { logout, signedOut } from './logout.ts'
import { endSessions, endSessionsOfUser, listSessions } from './session-management.ts'
import { requireSession, type PollingTest } from '../http/require-session.ts'

/** What sign-in, sign-out and session management need. */
export interface AuthDeps extends CallbackDeps {
  readonly featuresOf: (session: Session) => Promise<Features>
  /** The token that `featuresOf` needs; `null` where no token is available. */
  readonly featuresToken: Resource | null
  readonly isPolling: PollingTest
}

/** Routes of sign-in, sign-out and session management, mounted at `/.entrada`. */
export function authRoutes(deps: AuthDeps) {
  const signedIn = requireSession(deps.sessions)
  return new Hono<EdgeEnv>()
    .get('/login', (c) => login(c, deps))
    .get('/consent', (c) => consent(c, deps))
    .post('/logout', fromOurPages, (c) => logout(c, deps))
    .get('/frontchannel-logout', (c) => frontChannelLogout(c, deps))
    .post('/backchannel-logout', (c) => backChannelLogout(c, deps))
    .get('/sessions', signedIn, (c) => listSessions(c, deps.sessions))
    .post('/sessions/end', signedIn, fromOurPages, (c) => endSessions(c, deps))
    .post('/admin/users/:user/end', signedIn, fromOurPages, (c) =>
      endSessionsOfUser(c, deps.sessions),
    )
    .get('/signed-out', (c) => signedOut(c))
    .get('/renewed', signedIn, () => renewedPage())
    .get(
      '/session',
      requireSession(deps.sessions, { isPolling: deps.isPolling, token: deps.featuresToken }),
      async (c) => {
        const { user, expiresAt, idleExpiresAt } = c.var.session
        return c.json({
          user,
          expiresAt,
          idleExpiresAt,
          features: await deps.featuresOf(c.var.session),
        })
      },
    )
}

const fromOurPages = createMiddleware<EdgeEnv>(async (c, next) => {
  requireSameOrigin(c.req.raw, c.var.settings.publicOrigin)
  await next()
})

/** `GET {OPENID_CALLBACK_URL}`, the only path of ours outside `/.entrada`. */
export function callbackRoute(deps: AuthDeps) {
  return new Hono<EdgeEnv>().get('/', (c) => callback(c, deps))
}
