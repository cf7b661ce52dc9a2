import * as oauth from 'oauth4webapi'
import * as v from 'valibot'

/**
 * Why the sign-in service refused. Branched on `error` and `suberror`, because Microsoft keeps the right to
 * change AADSTS numbers; the numbers pick words for help desks, and name the two cases (client loop, disabled
 * account) that share `error` with others.
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
  readonly error: string | null
  readonly aadsts: number | null
  readonly correlationId: string | null
  /** Claims challenge, JSON text. */
  readonly claims: string | null
  /** Seconds. */
  readonly retryAfter: number | null
}

const Body = v.object({
  error: v.string(),
  suberror: v.optional(v.string(), ''),
  error_codes: v.optional(v.array(v.number()), []),
  correlation_id: v.optional(v.string()),
  claims: v.optional(v.string()),
})

const INTERACTION = new Set([
  'interaction_required',
  'login_required',
  'interrupted_user',
  'ux_not_allowed',
])
const INTERACTION_SUBERRORS = new Set([
  'message_only',
  'additional_action',
  'basic_action',
  'user_password_expired',
  'ux_not_allowed',
  'interrupted_user',
])
const UNAVAILABLE = new Set(['temporarily_unavailable', 'server_error'])
const CLIENT = new Set(['invalid_client', 'unauthorized_client'])
const REQUEST = new Set([
  'invalid_scope',
  'invalid_request',
  'invalid_resource',
  'unsupported_grant_type',
  'invalid_target',
])

const CLIENT_LOOP = 50196
const ACCOUNT_CODES = new Set([50057, 50053, 50034, 51004, 50020])
const POLICY_CODES = new Set([53003, 530032, 50131, 530035, 53000, 53001, 53002])
const ADMIN_CONSENT_CODES = new Set([90094, 90095])

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
    aadsts: codes[0] ?? null,
    correlationId: correlationId ?? null,
    claims: claims ?? null,
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
  const has = (set: ReadonlySet<number>) => codes.some((code) => set.has(code))
  if (codes.includes(CLIENT_LOOP)) return 'loop'
  if (status === 429 || status >= 500 || UNAVAILABLE.has(error)) return 'unavailable'
  if (CLIENT.has(error)) return 'client'
  if (has(ADMIN_CONSENT_CODES)) return 'admin_consent'
  if (error === 'consent_required' || suberror === 'consent_required') return 'consent'
  if (has(POLICY_CODES)) return 'policy'
  if (INTERACTION.has(error) || INTERACTION_SUBERRORS.has(suberror)) return 'interaction'
  if (error === 'access_denied') return 'policy'
  if (REQUEST.has(error)) return 'request'
  if (error === 'invalid_grant') return has(ACCOUNT_CODES) ? 'account' : 'gone'
  return 'unavailable'
}

function plain(kind: RefusalKind, response: Response | null): Refusal {
  return {
    kind,
    error: null,
    aadsts: null,
    correlationId: null,
    claims: null,
    retryAfter: response === null ? null : retryAfterOf(response),
  }
}

function responseIn(cause: unknown): Response | null {
  if (!(cause instanceof Error)) return null
  return cause.cause instanceof Response ? cause.cause : null
}

function retryAfterOf(response: Response): number | null {
  const value = response.headers.get('retry-after')
  return value !== null && /^\d+$/.test(value) ? Number(value) : null
}
