import { epochSeconds } from '../time.ts'
import type { Context } from 'hono'
import type { EdgeEnv } from '../http/env.ts'
import {
  adminConsentUrl,
  authorizationUrl,
  type AuthorizationRequest,
} from '../entra/authorization.ts'
import type { Entra } from '../entra/entra.ts'
import { EntradaFailure } from '../failure.ts'
import { isTopLevelNavigation } from '../http/request-metadata.ts'
import { callerOf, type RateLimiter } from '../http/rate-limit.ts'
import type { Sessions } from '../session/sessions.ts'
import { randomText } from '../crypto/web-crypto.ts'
import {
  type LoginAttempt,
  type LoginAttempts,
  readReturnTo,
  type ReturnTo,
} from './login-attempts.ts'
import { addCookies } from '../cookies.ts'
import { assertNoRedirectLoop } from './redirect-loop.ts'

/** What beginning a sign-in needs. */
export interface LoginDeps {
  readonly entra: Entra
  readonly sessions: Sessions
  readonly attempts: LoginAttempts
  readonly limiter: RateLimiter
  /** Scopes to ask consent for at one SharePoint host; `null` for another host. */
  readonly sharePointScopes: (origin: string) => readonly string[] | null
}

/** Form of `login_hint` and `domain_hint`, the only parameters passed on to the sign-in service. */
const HINT = /^[\x21-\x7E]{1,256}$/

/** `GET /.entrada/login`: redirects to the sign-in service, or to `return_to` where there is a session. */
export async function login(c: Context<EdgeEnv>, deps: LoginDeps): Promise<Response> {
  requireNavigation(c)
  const returnTo = returnToOf(c)
  const cookieHeader = c.req.header('cookie') ?? null
  const session = await deps.sessions.find(cookieHeader, c.var.log)
  if (c.req.query('step_up') === '1' && session !== null) {
    return beginSignIn(c, deps, {
      purpose: 'step_up',
      returnTo,
      loginHint: session.user.username,
      claims: await session.pendingClaims(),
    })
  }
  const isOther = c.req.query('account') === 'other'
  if (c.req.query('fresh') === '1') {
    const known = isOther ? undefined : session?.user.username
    return beginSignIn(c, deps, {
      // A user with a session cannot be in a redirect loop.
      purpose: session === null ? 'sign_in' : 'step_up',
      returnTo,
      prompt: 'login',
      loginHint: readHint(c.req.query('login_hint')) ?? known,
    })
  }
  // Entra refuses `login_hint` together with `select_account`.
  if (isOther) {
    return beginSignIn(c, deps, { purpose: 'sign_in', returnTo, prompt: 'select_account' })
  }
  // A link from another site must not make a user change accounts.
  if (session !== null) return c.redirect(returnTo, 302)
  return beginSignIn(c, deps, {
    purpose: 'sign_in',
    returnTo,
    loginHint: readHint(c.req.query('login_hint')),
    domainHint: readHint(c.req.query('domain_hint')),
  })
}

type Beginning = Pick<LoginAttempt, 'purpose' | 'returnTo'> &
  Pick<AuthorizationRequest, 'scopes' | 'loginHint' | 'domainHint' | 'prompt' | 'claims'>

/**
 * Begins an attempt and redirects to the sign-in service. Only this counts against the limit of an address. Images
 * and frames on other sites do not reach it, so they cannot use up that limit.
 * @throws EntradaFailure `rate_limited`, `sign_in_loop`
 */
export async function beginSignIn(
  c: Context<EdgeEnv>,
  deps: LoginDeps,
  beginning: Beginning,
): Promise<Response> {
  await deps.limiter.take('login', callerOf(c.req.raw))
  const cookieHeader = c.req.header('cookie') ?? null
  const { purpose, returnTo, ...request } = beginning
  // Other purposes cannot loop: the user has a session, or approves for everybody.
  if (purpose === 'sign_in') assertNoRedirectLoop(cookieHeader)
  const attempt = {
    state: randomText(32),
    nonce: randomText(32),
    codeVerifier: randomText(32),
    returnTo,
    purpose,
    startedAt: epochSeconds(),
  }
  const asked = { ...attempt, ...request }
  const url =
    purpose === 'admin_consent'
      ? adminConsentUrl(deps.entra, asked)
      : await authorizationUrl(deps.entra, asked)
  addCookies(c, await deps.attempts.begin(attempt, cookieHeader))
  return c.redirect(url.href, 302)
}

/**
 * Requires a page load. Otherwise each image, prefetch or API call would begin an attempt and set a cookie
 * (oauth2-proxy#817, #2481).
 * @throws EntradaFailure `session_required`
 */
export function requireNavigation(c: Context<EdgeEnv>): void {
  if (c.req.method !== 'GET' || !isTopLevelNavigation(c.req.raw)) {
    throw new EntradaFailure('session_required', {
      detail: 'Open this address in a browser to sign in.',
    })
  }
}

/** Reads `return_to` of a request. */
export function returnToOf(c: Context<EdgeEnv>): ReturnTo {
  const { publicOrigin, callbackPath } = c.var.settings
  return readReturnTo(c.req.query('return_to'), publicOrigin, callbackPath)
}

function readHint(value = ''): string | undefined {
  return HINT.test(value) ? value : undefined
}
