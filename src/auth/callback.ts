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

/** What the callback needs beyond sign-in. */
export interface CallbackDeps extends LoginDeps {
  readonly membership: Membership
  readonly chatMemory: ChatMemory
}

/** `GET {OPENID_CALLBACK_URL}`: checks the authorization response, redeems the code and begins a session. */
export async function callback(c: Context<EdgeEnv>, deps: CallbackDeps): Promise<Response> {
  // Hono answers HEAD with the handler of GET. A link preview must not use up the code.
  if (c.req.method !== 'GET') {
    throw new EntradaFailure('method_not_allowed', { headers: { allow: 'GET' } })
  }
  const parameters = new URL(c.req.url).searchParams
  const cookieHeader = c.req.header('cookie') ?? null
  const state = parameters.get('state') ?? ''
  const attempt = await deps.attempts.find(state, cookieHeader)
  if (attempt === null) return handleUnknownAttempt(c, deps, cookieHeader)
  // `login` has counted this attempt. Its first callback is not limited, because the code may expire.
  if (!deps.limiter.isFirst(state)) await deps.limiter.take('callback', callerOf(c.req.raw))
  // The attempt ends now, whatever the result, so that this URL works only once.
  addCookies(c, [await deps.attempts.end(state)])
  try {
    return await finish(c, deps, { attempt, parameters })
  } catch (cause) {
    if (!(cause instanceof EntradaFailure)) throw cause
    const { aadsts, correlationId, facts } = cause.details
    if (!AUDITED_BY_MEMBERSHIP.has(cause.code)) {
      c.var.log.audit('sign_in_refused', {
        code: cause.code,
        aadsts,
        correlationId,
        ...facts,
      })
    }
    // A new sign-in after the failure returns to the page that the user wanted.
    throw new EntradaFailure(cause.code, { ...cause.details, returnTo: attempt.returnTo })
  }
}

/** Membership audits these itself, with the rule that was not met. */
const AUDITED_BY_MEMBERSHIP: ReadonlySet<string> = new Set([
  'not_a_member',
  'no_address',
  'membership_unknown',
])

interface AuthorizationResponse {
  readonly attempt: LoginAttempt
  readonly parameters: URLSearchParams
}

async function finish(
  c: Context<EdgeEnv>,
  deps: CallbackDeps,
  { attempt, parameters }: AuthorizationResponse,
): Promise<Response> {
  const cookieHeader = c.req.header('cookie') ?? null
  if (attempt.purpose === 'admin_consent') {
    // After an administrator's approval Entra sends `admin_consent=True` and no code, so no session begins.
    const error = parameters.get('error')
    if (error === null) return c.redirect(attempt.returnTo, 302)
    throw authorizationFailure(error, parameters.get('error_description') ?? '')
  }
  const answer = await readAuthorizationResponse(deps.entra, parameters, attempt.state)
  if (!answer.ok) {
    // A user may decline a feature. The session stays, without the feature.
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
  // Ends the previous session of this browser (session fixation, [requirement 28]).
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
 * Handles a callback without its attempt: opened twice, restored with the browser, or finished in another tab. With
 * a session it leads to the chat. Without one it offers a new sign-in and redeems nothing.
 */
async function handleUnknownAttempt(
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
