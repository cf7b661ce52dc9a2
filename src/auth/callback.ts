import type { Context } from 'hono'
import type { EdgeEnv } from '../http/env.ts'
import { readAuthorizationResponse } from '../entra/authorization.ts'
import type { VerifiedIdentity } from '../entra/id-token.ts'
import { redeemCode, redeemRefreshToken } from '../entra/token-endpoint.ts'
import { EntradaFailure } from '../failure.ts'
import { type Membership, SignInTokens } from '../membership/membership.ts'
import { callerOf } from '../http/rate-limit.ts'
import { scopeFor } from '../session/resource-scopes.ts'
import { sessionCookie } from '../session/session-cookie.ts'
import type { LoginAttempt } from './login-attempts.ts'
import type { LoginDeps } from './login.ts'
import type { ChatMemory } from './logout.ts'
import { recordSignIn } from './redirect-loop.ts'
import { addCookies } from '../cookies.ts'
import { authorizationFailure, redemptionFailure } from './sign-in-errors.ts'

export interface CallbackDeps extends LoginDeps {
  readonly membership: Membership
  readonly chatMemory: ChatMemory
}

/** `GET {OPENID_CALLBACK_URL}`: checks the answer, redeems the code, begins a session. */
export async function callback(c: Context<EdgeEnv>, deps: CallbackDeps): Promise<Response> {
  // Hono answers HEAD with GET's handler; a link preview must not spend the code.
  if (c.req.method !== 'GET') {
    throw new EntradaFailure('method_not_allowed', { headers: { allow: 'GET' } })
  }
  const parameters = new URL(c.req.url).searchParams
  const cookieHeader = c.req.header('cookie') ?? null
  const state = parameters.get('state') ?? ''
  const attempt = await deps.attempts.find(state, cookieHeader)
  if (attempt === null) return late(c, deps, cookieHeader)
  // The beginning has counted this attempt. Its first callback is never put off: the code may expire meanwhile.
  if (!deps.limiter.isFirst(state)) await deps.limiter.take('callback', callerOf(c.req.raw))
  // Spent whatever comes of it: a second look at this URL is a late callback.
  addCookies(c, [await deps.attempts.end(state)])
  try {
    return await finish(c, deps, { attempt, parameters })
  } catch (cause) {
    if (!(cause instanceof EntradaFailure)) throw cause
    const { aadsts, correlationId, facts } = cause.details
    if (!TOLD_BY_MEMBERSHIP.has(cause.code)) {
      c.var.log.audit('sign_in_refused', {
        code: cause.code,
        aadsts,
        correlationId,
        ...facts,
      })
    }
    // The way out of a refusal leads to where the person was going.
    throw new EntradaFailure(cause.code, { ...cause.details, returnTo: attempt.returnTo })
  }
}

/** Audited where the rule that was not met is known. */
const TOLD_BY_MEMBERSHIP: ReadonlySet<string> = new Set([
  'not_a_member',
  'no_address',
  'membership_unknown',
])

interface Answered {
  readonly attempt: LoginAttempt
  readonly parameters: URLSearchParams
}

async function finish(
  c: Context<EdgeEnv>,
  deps: CallbackDeps,
  { attempt, parameters }: Answered,
): Promise<Response> {
  const cookieHeader = c.req.header('cookie') ?? null
  if (attempt.purpose === 'admin_consent') {
    // Entra answers an administrator's approval with `admin_consent=True` and no code: nobody was signed in.
    const error = parameters.get('error')
    if (error === null) return c.redirect(attempt.returnTo, 302)
    throw authorizationFailure(error, parameters.get('error_description') ?? '')
  }
  const answer = await readAuthorizationResponse(deps.entra, parameters, attempt.state)
  if (!answer.ok) {
    // Declining a feature is a choice, not a failure: whoever is signed in stays so, without it.
    const isDeclined = attempt.purpose === 'consent' && answer.error === 'access_denied'
    const failure = authorizationFailure(answer.error, answer.description)
    if (isDeclined && failure.code === 'sign_in_refused') return c.redirect(attempt.returnTo, 302)
    throw failure
  }
  const redemption = await redeemCode(deps.entra, answer.parameters, attempt)
  if (!redemption.ok) throw redemptionFailure(redemption.error)
  const { reuseTokens, useEndSessionEndpoint } = c.var.settings
  const { tokens } = redemption
  const { identity } = tokens
  if (identity === null) throw new EntradaFailure('identity_rejected')
  const { log } = c.var
  const signInTokens = new SignInTokens(tokens, async (refreshToken) => {
    const scope = scopeFor('graph', c.var.settings)
    const request = { scope, expected: identity, verifyIdToken: false }
    const second = await redeemRefreshToken(deps.entra, refreshToken, request)
    return second.ok ? second.tokens : null
  })
  const { isOperator, ...held } = await deps.membership.admit(identity, signInTokens, log)
  // Whoever was signed in here before is not any more (session fixation, [requirement 28]).
  await deps.sessions.end(cookieHeader, log)
  const { key, session } = await deps.sessions.begin(
    {
      identity: {
        user: { ...userOf(identity), ...held },
        isEmailVerified: identity.isEmailVerified,
        isOperator,
        subject: identity.subject,
        loginHint: identity.loginHint,
        authenticatedAt: identity.authenticatedAt,
        idToken: useEndSessionEndpoint && identity.loginHint === null ? tokens.idToken : null,
      },
      refreshToken: reuseTokens ? signInTokens.refreshToken : null,
      userAgent: c.req.header('user-agent') ?? '',
    },
    identity.sessionId,
  )
  log.audit('signed_in', {
    userId: session.user.id,
    tenantId: session.user.tenantId,
    sessionId: session.id,
  })
  const maxAge = Math.max(0, session.expiresAt - session.createdAt)
  addCookies(c, [
    sessionCookie(key, maxAge),
    recordSignIn(cookieHeader),
    ...(await deps.chatMemory.onEnter(cookieHeader, session.user)),
  ])
  return c.redirect(attempt.returnTo, 302)
}

/**
 * A callback without its attempt: opened twice, restored with the browser, or finished in another tab. With a
 * session there is nothing to do but go on; without one, a fresh start is offered and nothing is redeemed.
 */
async function late(
  c: Context<EdgeEnv>,
  { sessions, limiter }: CallbackDeps,
  cookieHeader: string | null,
): Promise<Response> {
  if ((await sessions.find(cookieHeader, c.var.log)) !== null) return c.redirect('/', 302)
  await limiter.take('callback', callerOf(c.req.raw))
  throw new EntradaFailure('sign_in_expired', {
    detail: 'It was open for too long, or finished in another tab.',
  })
}

function userOf({ userId, tenantId, name, email, username }: VerifiedIdentity) {
  return { id: userId, tenantId, name, email, username }
}
