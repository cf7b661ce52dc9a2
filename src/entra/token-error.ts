import * as oauth from 'oauth4webapi'
import * as v from 'valibot'
import { readRetryAfter } from '../time.ts'
import { kindByNumber } from './aadsts.ts'

/**
 * Why the sign-in service refused. Branched on `error` and `suberror`, because Microsoft keeps the right to
 * change AADSTS numbers; the numbers tell apart what shares those (aadsts.ts) and pick words for help desks.
 */
export type TokenErrorKind =
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

export interface TokenError {
  readonly kind: TokenErrorKind
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
  suberror: v.optional(v.string()),
  error_codes: v.optional(v.array(v.number()), []),
  correlation_id: v.optional(v.string()),
  claims: v.optional(v.string()),
})

/** What `error` and `suberror` say. MSAL goes by the latter; `error` beside it is `invalid_grant` or `interaction_required`. */
const WORDS: readonly (readonly [TokenErrorKind, ...string[]])[] = [
  ['unavailable', 'temporarily_unavailable', 'server_error'],
  ['client', 'invalid_client', 'unauthorized_client'],
  ['consent', 'consent_required'],
  ['interaction', 'interaction_required', 'login_required', 'interrupted_user', 'ux_not_allowed'],
  ['interaction', 'additional_action', 'basic_action', 'user_password_expired'],
  // `message_only`: signing in again would only show the same words.
  ['policy', 'access_denied', 'message_only'],
  ['request', 'invalid_scope', 'invalid_request', 'invalid_resource', 'invalid_target'],
  ['request', 'unsupported_grant_type'],
  ['gone', 'invalid_grant', 'bad_token', 'token_expired'],
]

function kindByWord(word: string): TokenErrorKind | undefined {
  return WORDS.find(([, ...words]) => words.includes(word))?.[0]
}

/** Reads whatever a token request ended with. Anything unknown counts as a passing failure: nobody is signed out for it. */
export function tokenErrorOf(cause: unknown): TokenError {
  if (cause instanceof oauth.ResponseBodyError) {
    const retryAfter = retryAfterOf(cause.response)
    const { success, output: body } = v.safeParse(Body, cause.cause)
    if (!success) return { kind: 'unavailable', retryAfter }
    const { error, suberror, error_codes: codes, correlation_id: correlationId, claims } = body
    const kind = tokenErrorKindOf(error, codes, { suberror, status: cause.status })
    return { kind, error, aadsts: codes[0], correlationId, claims, retryAfter }
  }
  // A 401 with a challenge is how RFC 6749 §5.2 answers wrong HTTP Basic credentials.
  if (cause instanceof oauth.WWWAuthenticateChallengeError) return { kind: 'client' }
  const response = cause instanceof Error && cause.cause instanceof Response ? cause.cause : null
  return response?.status === 400 || response?.status === 401
    ? { kind: 'client' }
    : { kind: 'unavailable', retryAfter: retryAfterOf(response) }
}

/** Without the rest it is the authorization response, whose `error` arrives in a query. */
export function tokenErrorKindOf(
  error: string,
  codes: readonly number[],
  { suberror = '', status = 400 }: { suberror?: string | undefined; status?: number } = {},
): TokenErrorKind {
  const byNumber = kindByNumber(codes)
  if (byNumber === 'loop') return byNumber
  if (status === 429 || status >= 500) return 'unavailable'
  const byError = kindByWord(error)
  if (byError === 'unavailable' || byError === 'client') return byError
  // They come under the same words as what a person could resolve by signing in again.
  if (byNumber === 'policy' || byNumber === 'admin_consent') return byNumber
  const bySuberror = kindByWord(suberror)
  if (bySuberror !== undefined) return bySuberror
  if (byError === 'consent' || byError === 'interaction') return byError
  return byNumber ?? byError ?? 'unavailable'
}

/** Microsoft's number in a text of its own. */
export function aadstsNumberIn(text: string): number | undefined {
  const [, digits] = /\bAADSTS(\d{4,8})\b/.exec(text) ?? []
  return digits === undefined ? undefined : Number(digits)
}

function retryAfterOf(response: Response | null): number | undefined {
  return response === null ? undefined : (readRetryAfter(response.headers) ?? undefined)
}
