import type { VerifiedIdentity } from '../entra/id-token.ts'
import { ANOTHER_PERSON } from '../entra/token-endpoint.ts'
import type { TokenErrorKind } from '../entra/aadsts.ts'
import type { TokenError } from '../entra/token-error.ts'
import { EntradaFailure, type FailureCode } from '../failure.ts'
import type { Log } from '../log.ts'
import type { RefreshTokenBinding } from './sealed-rows.ts'
import type { AccessTokenResult, TokenFailure } from './session-rpc.ts'

/** Whose tokens they are, and which request asks for them. */
export interface TokenBinding extends RefreshTokenBinding {
  /** `sub`, compared again on every refresh (OIDC Core §12.2). */
  readonly subject: string
  /** Id of the `UserObject` that knows Microsoft's pause. */
  readonly userObjectId: string
  /** Of the request that asks. */
  readonly log: Log
}

export type TokenResult =
  | Extract<AccessTokenResult, { ok: true }>
  | {
      readonly ok: false
      readonly failure: TokenFailure
      /** Entra refused the refresh token for good, which ends the session. */
      readonly endsSession: boolean
    }

export type IdentityResult =
  | {
      readonly ok: true
      /** `null` when the answer had no id token, or none that can be trusted. */
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

/** The result of a refused redemption. Logs Microsoft's number for the operator. */
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
 * The result of a redemption that failed otherwise: discovery is down, or the answer is invalid. The session goes on,
 * unless the answer is for another person, or for a tenant that is no longer allowed.
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

/** Entra forgets a loop (AADSTS50196) after about two minutes. */
const LOOP_PAUSE_SECONDS = 150

/** Seconds for which Entra wants no request about this user; `undefined` when it named none. */
export function pauseAfter({ kind, retryAfter }: TokenError): number | undefined {
  if (kind === 'loop') return retryAfter ?? LOOP_PAUSE_SECONDS
  return kind === 'unavailable' ? retryAfter : undefined
}
