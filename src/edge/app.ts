import { OWN_PREFIX } from '../paths.ts'
import { createMiddleware } from 'hono/factory'
import { Hono } from 'hono/tiny'
import { requireSession } from '../http/require-session.ts'
import { authRoutes, callbackRoute } from '../auth/routes.ts'
import { checkRoutes, healthRoutes } from '../diagnostics/routes.ts'
import type { EdgeDeps } from './deps.ts'
import type { EdgeEnv } from '../http/env.ts'
import { EntradaFailure } from '../failure.ts'
import { createLog } from '../log.ts'
import { pageScriptRoutes } from '../proxy/page-script.ts'
import { respondWithFailure, harden } from '../http/problem.ts'
import { callerOf, limitOf, rateLimitKeyOfUser } from '../http/rate-limit.ts'
import { requireSameOrigin, SAFE_METHODS } from '../http/request-metadata.ts'
import type { Session } from '../session/session.ts'

/** Hono app for all routes of Entrada's own. Proxied requests do not pass here. */
export function createApp(deps: EdgeDeps) {
  const { settings, sessions, auth, limiter, publicKeys, provider, check, features } = deps
  const app = new Hono<EdgeEnv>()
  app.use(async (c, next) => {
    c.set('settings', settings)
    c.set('log', createLog())
    // Hono's small router matches `/login/` as `/login`, and `%2e` as a dot. A second spelling could bypass a rule
    // for the first, so it is refused.
    const { pathname } = new URL(c.req.url)
    const isOurs = pathname.startsWith(OWN_PREFIX) || pathname === settings.callbackPath
    if (!isOurs || c.req.path.endsWith('/')) throw new EntradaFailure('not_found')
    // Logout notices have no session, so only the caller's address can be counted.
    if (limitOf(c.req.path) === 'notice') await limiter.take('notice', callerOf(c.req.raw))
    await next()
    harden(c.res.headers, settings)
  })
  app.route(settings.callbackPath, callbackRoute(auth))
  app.route(OWN_PREFIX, authRoutes(auth))
  app.route(OWN_PREFIX, healthRoutes(check.dependencies))
  // One setup check sends about twelve requests to Microsoft.
  const countCheck = (session: Session | null) =>
    limiter.take('login', session === null ? 'loopback' : rateLimitKeyOfUser(session))
  app.route(OWN_PREFIX, checkRoutes(check, sessions, countCheck))
  app.route(OWN_PREFIX, pageScriptRoutes())
  app.get(`${OWN_PREFIX}/jwks.json`, publicKeys)
  if (provider !== null) app.route(OWN_PREFIX, provider.routes)
  const withinLimits = limitFeature(deps)
  for (const { routes, tokenFor } of features) {
    // The guard is set per path, so that an unknown path is 404 and does not start a sign-in.
    for (const path of new Set(routes.routes.map((route) => route.path))) {
      app.use(
        `${OWN_PREFIX}${path}`,
        requireSession(sessions, { token: tokenFor(path) }),
        withinLimits,
      )
    }
    app.route(OWN_PREFIX, routes)
  }
  app.notFound(() => {
    throw new EntradaFailure('not_found')
  })
  app.onError(async (cause, c) => {
    const response = await respondWithFailure(cause, c.req.raw, settings, c.var.log)
    // Keeps cookies that were set before the failure, such as that of a used login attempt.
    for (const line of c.res.headers.getSetCookie()) response.headers.append('set-cookie', line)
    return response
  })
  return app
}

/** Requires proof of same origin for unsafe methods, then applies the user's rate limit. */
function limitFeature({ settings, limiter }: EdgeDeps) {
  return createMiddleware<EdgeEnv>(async (c, next) => {
    if (!SAFE_METHODS.has(c.req.method)) requireSameOrigin(c.req.raw, settings.publicOrigin)
    const limited = limitOf(c.req.path)
    if (limited !== null) await limiter.take(limited, rateLimitKeyOfUser(c.var.session))
    await next()
  })
}
