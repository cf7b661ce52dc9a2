import type { Context } from 'hono'
import type { EdgeEnv } from '../edge-env.ts'
import type { Entra } from '../entra/entra.ts'
import { EntradaFailure } from '../failure.ts'
import { isTopLevelNavigation } from '../navigation.ts'
import type { Sessions } from '../session/sessions.ts'
import { randomText } from '../stores/random-text.ts'
import type { LoginAttempts } from './login-attempts.ts'
import { readReturnTo } from './return-to.ts'
import type { LoopBreaker } from './loop-breaker.ts'

export interface LoginParts {
  readonly entra: Entra
  readonly sessions: Sessions
  readonly attempts: LoginAttempts
  readonly loops: LoopBreaker
}

/** Passed on to the sign-in service; everything else a caller writes is ignored. */
const HINT = /^[\x21-\x7E]{1,256}$/

/** `GET /.entrada/login`: begins an attempt and leads to the sign-in service. */
export async function login(c: Context<EdgeEnv>, parts: LoginParts): Promise<Response> {
  // A cookie per image, prefetch or API call is how attempts pile up (oauth2-proxy#817, #2481).
  if (c.req.method !== 'GET' || !isTopLevelNavigation(c.req.raw))
    throw new EntradaFailure('session_required')
  const { publicOrigin, callbackPath } = c.var.settings
  const returnTo = readReturnTo(c.req.query('return_to'), publicOrigin, callbackPath)
  const wantsOtherAccount = c.req.query('account') === 'other'
  const cookieHeader = c.req.header('cookie') ?? null
  // Somebody else's link must not make a signed-in person change accounts.
  if (!wantsOtherAccount && (await parts.sessions.find(cookieHeader, 'certain')) !== null) {
    return c.redirect(returnTo, 302)
  }
  parts.loops.check(cookieHeader)
  const attempt = {
    state: randomText(32),
    nonce: randomText(32),
    codeVerifier: randomText(32),
    returnTo,
    startedAt: Math.floor(Date.now() / 1000),
  }
  const loginHint = readHint(c.req.query('login_hint'))
  const domainHint = readHint(c.req.query('domain_hint'))
  const url = await parts.entra.authorizationUrl({
    ...attempt,
    // Entra refuses `login_hint` beside `select_account`.
    ...(wantsOtherAccount ? { prompt: 'select_account' as const } : {}),
    ...(loginHint === null || wantsOtherAccount ? {} : { loginHint }),
    ...(domainHint === null ? {} : { domainHint }),
  })
  for (const line of await parts.attempts.begin(attempt, cookieHeader))
    c.header('set-cookie', line, { append: true })
  return c.redirect(url.href, 302)
}

function readHint(value: string | undefined): string | null {
  return value !== undefined && HINT.test(value) ? value : null
}
