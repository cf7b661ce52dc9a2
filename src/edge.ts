import { Hono } from 'hono/tiny'
import { createMiddleware } from 'hono/factory'
import { addressOf } from './address.ts'
import { authRoutes, callbackRoute, type AuthParts } from './auth/routes.ts'
import { requireSession } from './auth/require-session.ts'
import { checkRoutes } from './check/routes.ts'
import type { CheckParts } from './check/verdict.ts'
import type { EdgeEnv } from './edge-env.ts'
import { EntradaFailure } from './failure.ts'
import { healthRoutes } from './health.ts'
import { kitRoutes } from './kit/routes.ts'
import { createLog } from './log.ts'
import { isTopLevelNavigation, needsCertainty } from './navigation.ts'
import { ASSERTION_HEADER } from './origin/identity-headers.ts'
import type { Origin } from './origin/origin.ts'
import { renderFailure } from './problem.ts'
import { readHead, type RequestHead } from './request-head.ts'
import { limitOf, type RateLimiter } from './rate-limit.ts'
import { requireSameOrigin, SAFE_METHODS } from './same-origin.ts'
import type { Session, SessionView } from './session/session.ts'
import type { Sessions } from './session/sessions.ts'
import type { RateLimited } from './settings/rate-limits.ts'
import type { Settings } from './settings/settings.ts'
import { isLoopback as isLoopbackAddress } from './settings/variables.ts'

/** Everything of ours is below it; the callback path is the one exception. */
const PREFIX = '/.entrada'

/** What is added to the chat's pages. */
export interface PageKit {
  inject(request: RequestHead, response: Response): Response
}

export interface EdgeParts {
  readonly settings: Settings
  readonly sessions: Sessions
  readonly auth: AuthParts
  readonly chat: Origin
  /** `null`: pages pass as they are. */
  readonly kit: PageKit | null
  readonly limiter: RateLimiter
  /** Requests of the chat's own that we add to on their way, by `METHOD /path`. */
  readonly enriched: ReadonlyMap<
    string,
    { readonly limited: RateLimited; readonly enrich: Enrichment }
  >
  /** `GET /.entrada/jwks.json`: what assertions are verified with. */
  readonly publicKeys: () => Promise<Response>
  /** What `GET /.entrada/check` looks at; its dependencies are those `GET /.entrada/ready` asks. */
  readonly check: CheckParts
  /** Feature routes below the prefix, behind a session and, for unsafe methods, behind proof of same origin. */
  readonly features: readonly Hono<EdgeEnv>[]
}

/** Answers in the chat app's place, with what it answers itself. */
export type Enrichment = (
  request: Request,
  asker: { readonly session: Session; waitUntil(work: Promise<unknown>): void },
  forward: (request: Request) => Promise<Response>,
) => Promise<Response>

export type Edge = (request: Request, context: ExecutionContext) => Promise<Response>

/** The road of a request, in the order it travels. */
export function createEdge(parts: EdgeParts): Edge {
  const own = createOwnApp(parts)
  const { settings } = parts
  const { callbackPath } = settings
  // Not asynchronous itself: each turn of a promise shows on a proxied request.
  return (request, context) => {
    const url = new URL(request.url)
    // Plain http is for one's own machine; under any other name it is DNS rebinding (hono#1467).
    if (settings.isLoopback && !isLoopbackAddress(url)) {
      return rendered(new EntradaFailure('wrong_host'), request, crypto.randomUUID(), settings)
    }
    const { pathname } = url
    const isOwn =
      pathname === PREFIX || pathname.startsWith(`${PREFIX}/`) || pathname === callbackPath
    return isOwn
      ? Promise.resolve(own.fetch(request, {}, context))
      : toChat(request, pathname, parts, context)
  }
}

/** Hono stays off this road: a proxied request should cost what a pass-through costs. */
async function toChat(
  request: Request,
  pathname: string,
  parts: EdgeParts,
  context: ExecutionContext,
): Promise<Response> {
  const { auth, chat, kit, sessions, settings } = parts
  const head = readHead(request)
  const { method, headers } = head
  try {
    if (chat.skipRules.match(method, pathname)) {
      // No sign-in of ours, but perhaps one of the chat's own, which another site must not ride on either.
      chat.guard(head)
      return await chat.forward(request, null, head)
    }
    const preflight = chat.sharing.preflight(head)
    if (preflight !== null) return preflight
    const cookie = headers.get('cookie')
    const isActivity = !auth.isPolling(method, pathname)
    const remembered = needsCertainty(head) ? null : sessions.recall(cookie, isActivity)
    const session = remembered ?? (await sessions.find(cookie, isActivity))
    if (session === null) {
      // One of ours come back: on a custom domain the Worker is the host's origin itself, and only a route lets
      // its requests past it. A sign-in page would begin an endless loop; a client that sends it shuts itself out.
      if (headers.has(ASSERTION_HEADER))
        throw new EntradaFailure('misconfigured', { detail: CIRCLE })
      return withoutSession(head, settings)
    }
    chat.guard(head)
    const enriched = parts.enriched.get(`${method} ${pathname}`)
    if (enriched !== undefined) {
      parts.limiter.take(enriched.limited, userName(session))
      const asker = { session, waitUntil: (work: Promise<unknown>) => context.waitUntil(work) }
      return await enriched.enrich(request, asker, (onward) => chat.forward(onward, session))
    }
    const response = await chat.forward(request, session, head)
    return kit === null ? response : kit.inject(head, response)
  } catch (cause) {
    return chat.sharing.share(head, await rendered(cause, request, crypto.randomUUID(), settings))
  }
}

const CIRCLE =
  'The request came back to Entrada instead of reaching the chat app. Use a route rather than a custom domain, or set ORIGIN_URL.'

/** A page load is led to sign-in; anything else is told, because a redirect would be mistaken for an answer. */
function withoutSession(request: RequestHead, { publicOrigin }: Settings): Response {
  if (!isTopLevelNavigation(request)) throw new EntradaFailure('session_required')
  const { pathname, search } = new URL(request.url)
  const { href: location } = addressOf(`${publicOrigin}${PREFIX}/login`, {
    return_to: `${pathname}${search}`,
  })
  return new Response(null, {
    status: 302,
    headers: {
      location,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    },
  })
}

function createOwnApp(parts: EdgeParts) {
  const { settings, sessions, auth, limiter, publicKeys, check, features } = parts
  const app = new Hono<EdgeEnv>()
  app.use(async (c, next) => {
    c.set('settings', settings)
    c.set('requestId', crypto.randomUUID())
    // Hono's small router takes `/login/` for `/login`; a second spelling is a way around a rule for the first.
    if (c.req.path.endsWith('/')) throw new EntradaFailure('not_found')
    const limited = limitOf(c.req.path, settings.callbackPath)
    // Before sign-in there is an address and nothing else to count by.
    if (limited === 'login' || limited === 'callback') {
      // Cloudflare's word on who is calling; a client cannot write it.
      limiter.take(limited, c.req.header('cf-connecting-ip') ?? 'unknown')
    }
    await next()
    harden(c.res.headers, settings)
  })
  app.route(settings.callbackPath, callbackRoute(auth))
  app.route(PREFIX, authRoutes(auth))
  app.route(PREFIX, healthRoutes(check.dependencies))
  app.route(PREFIX, checkRoutes(check, sessions))
  app.route(PREFIX, kitRoutes())
  app.get(`${PREFIX}/jwks.json`, publicKeys)
  const guard = guardFeature(parts)
  for (const routes of features) {
    // By path, so that an unknown address is unknown rather than a reason to sign in.
    for (const path of new Set(routes.routes.map((route) => route.path))) {
      app.use(`${PREFIX}${path}`, ...guard)
    }
    app.route(PREFIX, routes)
  }
  app.notFound(() => {
    throw new EntradaFailure('not_found')
  })
  app.onError(async (cause, c) => {
    const response = await rendered(cause, c.req.raw, c.var.requestId, settings)
    // Cookies set before the failure (a spent attempt) still hold.
    for (const line of c.res.headers.getSetCookie()) response.headers.append('set-cookie', line)
    return response
  })
  return app
}

/** A session, proof of same origin for what changes something, and a limit per user. */
function guardFeature({ settings, sessions, limiter }: EdgeParts) {
  const withinLimits = createMiddleware<EdgeEnv>(async (c, next) => {
    if (!SAFE_METHODS.has(c.req.method)) requireSameOrigin(c.req.raw, settings.publicOrigin)
    const limited = limitOf(c.req.path, settings.callbackPath)
    if (limited !== null) limiter.take(limited, userName(c.var.session))
    await next()
  })
  return [requireSession(sessions), withinLimits] as const
}

/** Whom a limit counts once somebody is signed in. */
function userName({ user }: SessionView): string {
  return `${user.tenantId} ${user.id}`
}

/** Defaults for our own responses; a route that knows better has set its own. */
function harden(headers: Headers, { isLoopback }: Settings): void {
  const defaults = {
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    ...(isLoopback ? {} : { 'strict-transport-security': 'max-age=31536000' }),
  }
  for (const [name, value] of Object.entries(defaults)) {
    if (!headers.has(name)) headers.set(name, value)
  }
}

/** Whatever breaks, the request does not reach the chat, and the answer has one shape. */
async function rendered(
  cause: unknown,
  request: Request,
  requestId: string,
  settings: Settings,
): Promise<Response> {
  const failure =
    cause instanceof EntradaFailure ? cause : new EntradaFailure('internal', { cause })
  const log = createLog(requestId)
  const { code, details } = failure
  const fields = { code, reason: details.reason }
  if (failure.status >= 500) log.error('request_failed', failure.cause, fields)
  else log.info('request_refused', fields)
  const response = await renderFailure(failure, {
    request,
    requestId,
    publicOrigin: settings.publicOrigin,
    callbackPath: settings.callbackPath,
  })
  harden(response.headers, settings)
  return response
}
