import * as oauth from 'oauth4webapi'
import * as v from 'valibot'
import { readRetryAfter } from '../time.ts'
import { kindByNumber, type TokenErrorKind } from './aadsts.ts'

/** Why the token endpoint gave no tokens (RFC 6749 §5.2), read from an error response or from the failed call. */
export interface TokenError {
  readonly kind: TokenErrorKind
  /** `error` of the response; left out where no error response arrived. */
  readonly error?: string
  /** Microsoft's error number, the first of `error_codes`. */
  readonly aadsts?: number | undefined
  /** Microsoft's id of the request, for a support case. */
  readonly correlationId?: string | undefined
  /** Claims challenge, JSON text. */
  readonly claims?: string | undefined
  /** Seconds. */
  readonly retryAfter?: number | undefined
}

/** Error response of Microsoft's token endpoint: RFC 6749 §5.2 with fields of its own. */
const ErrorResponse = v.object({
  error: v.string(),
  suberror: v.optional(v.string()),
  error_codes: v.optional(v.array(v.number()), []),
  correlation_id: v.optional(v.string()),
  claims: v.optional(v.string()),
})

/** Values of `error` and `suberror` by kind. MSAL decides by `suberror`, beside which `error` is always a general one. */
const KINDS: readonly (readonly [TokenErrorKind, ...string[]])[] = [
  ['unavailable', 'temporarily_unavailable', 'server_error'],
  ['client', 'invalid_client', 'unauthorized_client'],
  ['consent', 'consent_required'],
  ['interaction', 'interaction_required', 'login_required', 'interrupted_user', 'ux_not_allowed'],
  ['interaction', 'additional_action', 'basic_action', 'user_password_expired'],
  // `message_only`: another sign-in would show the same message.
  ['policy', 'access_denied', 'message_only'],
  ['request', 'invalid_scope', 'invalid_request', 'invalid_resource', 'invalid_target'],
  ['request', 'unsupported_grant_type'],
  ['gone', 'invalid_grant', 'bad_token', 'token_expired'],
]

function kindByValue(value: string): TokenErrorKind | undefined {
  return KINDS.find(([, ...values]) => values.includes(value))?.[0]
}

/** Reads the error of a failed token request. An unknown error counts as temporary, so that it ends no session. */
export function tokenErrorOf(cause: unknown): TokenError {
  if (cause instanceof oauth.ResponseBodyError) {
    const retryAfter = retryAfterOf(cause.response)
    const { success, output: body } = v.safeParse(ErrorResponse, cause.cause)
    if (!success) return { kind: 'unavailable', retryAfter }
    const { error, suberror, error_codes: numbers, correlation_id: correlationId, claims } = body
    const kind = tokenErrorKindOf(error, numbers, { suberror, status: cause.status })
    return { kind, error, aadsts: numbers[0], correlationId, claims, retryAfter }
  }
  // RFC 6749 §5.2 answers wrong HTTP Basic credentials with 401 and a challenge.
  if (cause instanceof oauth.WWWAuthenticateChallengeError) return { kind: 'client' }
  const response = cause instanceof Error && cause.cause instanceof Response ? cause.cause : null
  return response?.status === 400 || response?.status === 401
    ? { kind: 'client' }
    : { kind: 'unavailable', retryAfter: retryAfterOf(response) }
}

/**
 * Decides the kind of an error response.
 * @param error `error` of the token response, or of the authorization response (RFC 6749 §4.1.2.1)
 * @param numbers AADSTS numbers
 */
export function tokenErrorKindOf(
  error: string,
  numbers: readonly number[],
  { suberror = '', status = 400 }: { suberror?: string | undefined; status?: number } = {},
): TokenErrorKind {
  const byNumber = kindByNumber(numbers)
  if (byNumber === 'loop') return byNumber
  if (status === 429 || status >= 500) return 'unavailable'
  const byError = kindByValue(error)
  if (byError === 'unavailable' || byError === 'client') return byError
  // These two share their `error` and `suberror` with errors that another sign-in resolves.
  if (byNumber === 'policy' || byNumber === 'admin_consent') return byNumber
  const bySuberror = kindByValue(suberror)
  if (bySuberror !== undefined) return bySuberror
  if (byError === 'consent' || byError === 'interaction') return byError
  return byNumber ?? byError ?? 'unavailable'
}

/** The first AADSTS number in a text of Microsoft's. */
export function aadstsNumberIn(text: string): number | undefined {
  const [, digits] = /\bAADSTS(\d{4,8})\b/.exec(text) ?? []
  return digits === undefined ? undefined : Number(digits)
}

function retryAfterOf(response: Response | null): number | undefined {
  return response === null ? undefined : (readRetryAfter(response.headers) ?? undefined)
}
