import type { Refusal, RefusalKind } from '../entra/refusal.ts'
import type { FailureCode } from '../failure.ts'
import type { TokenFailure } from './session-calls.ts'

const CODES: Readonly<Record<RefusalKind, FailureCode>> = {
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

/** What a refused redemption means to whoever wanted the token. */
export function tokenFailureOf(refusal: Refusal): TokenFailure {
  const { kind, aadsts, correlationId, claims, retryAfter } = refusal
  return { code: CODES[kind], aadsts, correlationId, claims, retryAfter }
}

/** AADSTS50196 takes about two minutes to forget. */
const LOOP_PAUSE_SECONDS = 150

/** Seconds the service wants to be left alone for about this user; `undefined` when it did not ask. */
export function pauseAfter({ kind, retryAfter }: Refusal): number | undefined {
  if (kind === 'loop') return retryAfter ?? LOOP_PAUSE_SECONDS
  return kind === 'unavailable' ? retryAfter : undefined
}
