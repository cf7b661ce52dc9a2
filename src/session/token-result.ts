import type { VerifiedIdentity } from '../entra/id-token.ts'
import { ANOTHER_PERSON } from '../entra/redemption.ts'
import type { TokenError, TokenErrorKind } from '../entra/token-error.ts'
import { EntradaFailure, type FailureCode } from '../failure.ts'
import type { TokenBinding } from './token-manager.ts'
import type { AccessTokenResult, TokenFailure } from './session-rpc.ts'

export type TokenResult =
  | Extract<AccessTokenResult, { ok: true }>
  | {
      readonly ok: false
      readonly failure: TokenFailure
      /** The grant is gone for good, and with it the session. */
      readonly endsSession: boolean
    }

export type IdentityResult =
  | {
      readonly ok: true
      /** `null` when no id token came along, or none that can be trusted. */
      readonly identity: VerifiedIdentity | null
    }
  | Extract<TokenResult, { ok: false }>

const CODES: Readonly<Record<TokenErrorKind, FailureCode>> = {
  gone: 'session_required',
  account: 'session_required',
  interaction: 'interaction_required',
  consent: 'consent_required',
  admin_consent: 'admin_consent_required',
  policy: 'blocked_by_policy',
  client: 'registration_rejected',
  request: 'registration_rejected',
  loop: 'sign_in_unavailable',
  unavailable: 'sign_in_unavailable',
}

/** What a refused redemption means to whoever wanted the token; the operator is told as well. */
export function tokenErrorResult(
  refusal: TokenError,
  { owner: { userId, sessionId }, log }: TokenBinding,
): TokenResult {
  const { kind, aadsts, correlationId, claims, retryAfter } = refusal
  const fields = { kind, aadsts, correlationId, userId, sessionId }
  if (kind === 'client') log.error('client_credentials_refused', undefined, fields)
  else log.audit('refresh_refused', fields)
  return {
    ok: false,
    failure: { code: CODES[kind], aadsts, correlationId, claims, retryAfter },
    endsSession: kind === 'gone' || kind === 'account',
  }
}

/**
 * Discovery down, or an answer that does not hold: no token, and no verdict on the session. An answer for another
 * person, or for a tenant that is not allowed any more, ends it.
 */
export function failureResult(
  cause: unknown,
  { owner: { userId, sessionId }, log }: TokenBinding,
): TokenResult {
  if (!(cause instanceof EntradaFailure)) throw cause
  const { code, details } = cause
  const endsSession = code === 'wrong_account' || details.reason === ANOTHER_PERSON
  if (!endsSession) return temporaryFailure({ code })
  log.audit('refresh_refused', { kind: 'identity', userId, sessionId })
  return { ok: false, failure: { code: 'session_required' }, endsSession }
}

export function temporaryFailure(failure: TokenFailure): TokenResult {
  return { ok: false, failure, endsSession: false }
}

/** AADSTS50196 takes about two minutes to forget. */
const LOOP_PAUSE_SECONDS = 150

/** Seconds the service wants to be left alone for about this user; `undefined` when it did not ask. */
export function pauseAfter({ kind, retryAfter }: TokenError): number | undefined {
  if (kind === 'loop') return retryAfter ?? LOOP_PAUSE_SECONDS
  return kind === 'unavailable' ? retryAfter : undefined
}
