import * as oauth from 'oauth4webapi'
import * as v from 'valibot'
import { kindByNumber } from './aadsts.ts'

/**
 * Why the sign-in service refused. Branched on `error` and `suberror`, because Microsoft keeps the right to
 * change AADSTS numbers; the numbers tell apart what shares those (aadsts.ts) and pick words for help desks.
 */
export type RefusalKind =
  /** The grant will never work again: end the session. */
  | 'gone'
  /** The person must act: multi-factor, terms of use, password. */
  | 'interaction'
  | 'consent'
  | 'admin_consent'
  /** Conditional Access says no, whatever the person does here. */
  | 'policy'
  /** The account is disabled, locked or deleted. */
  | 'account'
  /** Our own credentials are not accepted: the operator's turn, and nobody is signed out for it. */
  | 'client'
  /** Malformed scope, unknown resource: a wrong setting or our mistake. */
  | 'request'
  /** AADSTS50196: we asked too often. */
  | 'loop'
  /** Network, 429, 5xx: the session lives on. */
  | 'unavailable'

export interface Refusal {
  readonly kind: RefusalKind
  readonly error?: string
  readonly aadsts?: number | undefined
  readonly correlationId?: string | undefined
  /** Claims challenge, JSON text. */
  readonly claims?: string | undefined
  /** Seconds. */
  readonly retryAfter?: number | undefined
}

const Body = v.object({
  error: v.string(),
  suberror: v.optional(v.string(), ''),
  error_codes: v.optional(v.array(v.number()), []),
  correlation_id: v.optional(v.string()),
  claims: v.optional(v.string()),
})

const ERRORS: ReadonlyMap<string, RefusalKind> = new Map([
  ['temporarily_unavailable', 'unavailable'],
  ['server_error', 'unavailable'],
  ['invalid_client', 'client'],
  ['unauthorized_client', 'client'],
  ['consent_required', 'consent'],
  ['interaction_required', 'interaction'],
  ['login_required', 'interaction'],
  ['interrupted_user', 'interaction'],
  ['ux_not_allowed', 'interaction'],
  ['access_denied', 'policy'],
  ['invalid_scope', 'request'],
  ['invalid_request', 'request'],
  ['invalid_resource', 'request'],
  ['invalid_target', 'request'],
  ['unsupported_grant_type', 'request'],
  ['invalid_grant', 'gone'],
])

/** What MSAL goes by; `error` beside them is `invalid_grant` or `interaction_required`. */
const SUBERRORS: ReadonlyMap<string, RefusalKind> = new Map([
  ['additional_action', 'interaction'],
  ['basic_action', 'interaction'],
  ['user_password_expired', 'interaction'],
  ['ux_not_allowed', 'interaction'],
  ['interrupted_user', 'interaction'],
  ['consent_required', 'consent'],
  // Signing in again would only show the same words.
  ['message_only', 'policy'],
  ['bad_token', 'gone'],
  ['token_expired', 'gone'],
])

/** Reads whatever a token request ended with. Anything unknown counts as a passing failure: nobody is signed out for it. */
export function refusalOf(cause: unknown): Refusal {
  if (cause instanceof oauth.ResponseBodyError) {
    return ofBody(cause.cause, cause.response)
  }
  // A 401 with a challenge is how RFC 6749 §5.2 answers wrong HTTP Basic credentials.
  if (cause instanceof oauth.WWWAuthenticateChallengeError) return plain('client', cause.response)
  const response = responseIn(cause)
  if (response !== null && (response.status === 400 || response.status === 401)) {
    return plain('client', response)
  }
  return plain('unavailable', response)
}

function ofBody(body: unknown, response: Response): Refusal {
  const parsed = v.safeParse(Body, body)
  if (!parsed.success) return plain('unavailable', response)
  const {
    error,
    suberror,
    error_codes: codes,
    correlation_id: correlationId,
    claims,
  } = parsed.output
  return {
    kind: kindOf(error, suberror, codes, response.status),
    error,
    aadsts: codes[0],
    correlationId,
    claims,
    retryAfter: retryAfterOf(response),
  }
}

/** Exported for the authorization response, whose `error` arrives in a query. */
export function kindOf(
  error: string,
  suberror: string,
  codes: readonly number[],
  status: number,
): RefusalKind {
  const byNumber = kindByNumber(codes)
  if (byNumber === 'loop') return byNumber
  if (status === 429 || status >= 500) return 'unavailable'
  const byError = ERRORS.get(error)
  if (byError === 'unavailable' || byError === 'client') return byError
  // They come under the same words as what a person could resolve by signing in again.
  if (byNumber === 'policy' || byNumber === 'admin_consent') return byNumber
  const bySuberror = SUBERRORS.get(suberror)
  if (bySuberror !== undefined) return bySuberror
  if (byError === 'consent' || byError === 'interaction') return byError
  return byNumber ?? byError ?? 'unavailable'
}

function plain(kind: RefusalKind, response: Response | null): Refusal {
  return { kind, retryAfter: retryAfterOf(response) }
}

function responseIn(cause: unknown): Response | null {
  if (!(cause instanceof Error)) return null
  return cause.cause instanceof Response ? cause.cause : null
}

function retryAfterOf(response: Response | null): number | undefined {
  const value = response?.headers.get('retry-after') ?? ''
  return /^\d+$/.test(value) ? Number(value) : undefined
}
