import { WRONG_PLATFORM, wordingByNumber, type Wording } from '../entra/aadsts.ts'
import { aadstsNumberIn, tokenErrorKindOf, type TokenError } from '../entra/token-error.ts'
import { EntradaFailure, type FailureCode } from '../failure.ts'

/** Failure code and public sentence for each kind of sign-in error. */
const FAILURE_OF: Readonly<
  Record<Wording | 'cancelled' | 'unexplained', readonly [code: FailureCode, detail?: string]>
> = {
  loop: ['sign_in_unavailable'],
  unavailable: ['sign_in_unavailable'],
  wrong_account: ['wrong_account', 'You may be signed in to Microsoft with another account.'],
  not_assigned: ['not_assigned'],
  account: ['account_disabled'],
  policy: ['blocked_by_policy', 'Conditional Access does not allow this sign-in.'],
  other_tenant: ['blocked_by_policy', 'Accounts of another organisation are not allowed.'],
  device: ['blocked_by_policy', 'It asks for a managed or compliant device.'],
  client: ['registration_rejected', 'The client secret or certificate is wrong or has expired.'],
  request: ['registration_rejected', 'The app registration and the settings here do not match.'],
  platform: ['registration_rejected', WRONG_PLATFORM],
  other_cloud: ['registration_rejected', 'The organisation is in another Microsoft cloud.'],
  consent: ['consent_required'],
  admin_consent: ['admin_consent_required'],
  declined: ['sign_in_refused', 'You declined the permissions this app asks for.'],
  cancelled: ['sign_in_refused', 'The sign-in was cancelled or declined.'],
  unexplained: ['sign_in_refused', 'Microsoft gave an unknown reason.'],
  password: ['interaction_required', 'Your password has expired or was changed.'],
  interaction: ['interaction_required'],
  gone: ['sign_in_expired', 'It was already used, or took too long.'],
}

/** Failure for an `error` in the authorization response. Its text may be an attacker's, so only ids are read. */
export function authorizationFailure(error: string, description: string): EntradaFailure {
  const aadsts = aadstsNumberIn(description)
  const [, correlationId] = /Correlation ID: ([0-9a-f-]{36})/i.exec(description) ?? []
  const kind = tokenErrorKindOf(error, aadsts === undefined ? [] : [aadsts])
  return redemptionFailure({ kind, error, aadsts, correlationId })
}

/** Failure for a refused redemption of the code. */
export function redemptionFailure(refusal: TokenError): EntradaFailure {
  const { aadsts, correlationId, retryAfter } = refusal
  const [code, detail] = FAILURE_OF[wordingByNumber(aadsts) ?? wordingOf(refusal)]
  const needsConsent = code === 'consent_required' || code === 'admin_consent_required'
  const consentFeature = needsConsent ? 'sign_in' : undefined
  return new EntradaFailure(code, { detail, consentFeature, aadsts, correlationId, retryAfter })
}

/** Finds the kind of error by its OAuth code, where Microsoft's number decides nothing. */
function wordingOf({ kind, error, aadsts }: TokenError): keyof typeof FAILURE_OF {
  if (kind === 'policy' && error === 'access_denied') return 'cancelled'
  // `invalid_grant` without a number is a used or expired code (RFC 6749 §5.2). With an unknown number it can be
  // anything, and a new sign-in may not help.
  return kind === 'gone' && aadsts !== undefined ? 'unexplained' : kind
}
