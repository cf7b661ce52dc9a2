import { epochSeconds } from '../time.ts'
import { EntradaFailure } from '../failure.ts'
import type { SessionView } from '../session/session.ts'
import { OAuthFailure, type Parameters } from './oauth-request.ts'
import type { ProviderDeps } from './provider.ts'

/**
 * Parameters of our own that replace a client's demand while the person signs in. They hold what the sign-in had to
 * meet; where it did not, the request ends with `login_required` instead of a second sign-in.
 */
export const AUTH_TIME_PARAMETER = 'entrada_since'
export const SUBJECT_PARAMETER = 'entrada_subject'

/** Entra's clock may be this far behind ours. */
const CLOCK_TOLERANCE_SECONDS = 30

/** `scopes_supported` (OpenID Connect Discovery §3). */
export const SCOPES: readonly string[] = ['openid', 'profile', 'email', 'offline_access']

/** OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode §2. */
export const RESPONSE_MODES: readonly string[] = ['query', 'form_post']

/** BASE64URL of SHA-256 (RFC 7636 §4.2). */
const S256_CHALLENGE = /^[A-Za-z0-9_-]{43}$/

/** The client of an authorization request, and its redirect URI, which is one of the client's own. */
export interface RequestingClient {
  readonly clientId: string
  readonly redirectUri: string
}

/**
 * Reads which client asks. An error here is shown to the person: a redirect to an unknown address would make us an
 * open redirector (RFC 6749 §4.1.2.1, RFC 9700 §4.11).
 * @throws EntradaFailure `invalid_request`
 */
export function readRequestingClient(
  query: URLSearchParams,
  { clients }: ProviderDeps,
): RequestingClient {
  const single = (name: string) => {
    const [value, ...others] = query.getAll(name)
    return others.length > 0 ? undefined : value
  }
  const client = clients.find(({ id }) => id === single('client_id'))
  const redirectUri = client?.redirectUris.find((uri) => uri === single('redirect_uri'))
  if (client === undefined || redirectUri === undefined) {
    throw new EntradaFailure('invalid_request', {
      detail: `${client === undefined ? 'client_id' : 'redirect_uri'} is not one of OIDC_CLIENTS.`,
    })
  }
  return { clientId: client.id, redirectUri }
}

/** An authorization request of a known client (OpenID Connect Core §3.1.2.1). */
export interface ClientAuthorizationRequest {
  readonly scopes: readonly string[]
  /** Values of `prompt`. */
  readonly prompts: readonly string[]
  /** The earliest `auth_time` that the client accepts, in epoch seconds; `null` where any will do. */
  readonly minAuthTimeSeconds: number | null
  /** The person was sent to sign in again for this request already. */
  readonly wasAskedToSignIn: boolean
  /** `sub` of the person who was to sign in for this request. */
  readonly requestedSubject: string | null
  readonly nonce: string | null
  /** An id token of ours, which names the person whom the client means. */
  readonly idTokenHint: string | null
  readonly loginHint: string | null
  /** RFC 7636, of the method S256. */
  readonly codeChallenge: string | null
}

/** The offered ones among the requested scopes; others are ignored (OpenID Connect Core §3.1.2.1). */
export function readScopes(parameters: Parameters): readonly string[] {
  return spaceSeparated(parameters.get('scope')).filter((scope) => SCOPES.includes(scope))
}

/** @throws OAuthFailure with the error that the client receives */
export function readClientAuthorizationRequest(parameters: Parameters): ClientAuthorizationRequest {
  for (const name of ['request', 'request_uri'] as const) {
    if (parameters.has(name)) {
      throw new OAuthFailure(`${name}_not_supported`, 'Send the parameters themselves.')
    }
  }
  if (parameters.get('response_type') !== 'code') {
    throw new OAuthFailure('unsupported_response_type', 'response_type must be code.')
  }
  if (!RESPONSE_MODES.includes(parameters.get('response_mode') ?? 'query')) {
    throw new OAuthFailure('invalid_request', 'response_mode must be query or form_post.')
  }
  const scopes = readScopes(parameters)
  if (!scopes.includes('openid')) {
    throw new OAuthFailure('invalid_scope', 'scope must contain openid.')
  }
  const prompts = spaceSeparated(parameters.get('prompt'))
  if (prompts.includes('none') && prompts.length > 1) {
    throw new OAuthFailure('invalid_request', 'prompt=none excludes other values.')
  }
  return {
    scopes,
    prompts,
    ...readAuthTime(parameters, prompts),
    requestedSubject: parameters.get(SUBJECT_PARAMETER) ?? null,
    nonce: parameters.get('nonce') ?? null,
    idTokenHint: parameters.get('id_token_hint') ?? null,
    loginHint: parameters.get('login_hint') ?? null,
    codeChallenge: readCodeChallenge(parameters),
  }
}

/** @throws OAuthFailure `invalid_request` */
function readAuthTime(
  parameters: Parameters,
  prompts: readonly string[],
): Pick<ClientAuthorizationRequest, 'minAuthTimeSeconds' | 'wasAskedToSignIn'> {
  const maxAge = readSeconds(parameters, 'max_age')
  const earliest = readSeconds(parameters, AUTH_TIME_PARAMETER)
  if (earliest !== null) {
    return { minAuthTimeSeconds: earliest - CLOCK_TOLERANCE_SECONDS, wasAskedToSignIn: true }
  }
  const now = epochSeconds()
  if (prompts.includes('login')) return { minAuthTimeSeconds: now, wasAskedToSignIn: false }
  return { minAuthTimeSeconds: maxAge === null ? null : now - maxAge, wasAskedToSignIn: false }
}

/** @throws OAuthFailure `invalid_request` */
function readSeconds(parameters: Parameters, name: string): number | null {
  const text = parameters.get(name)
  if (text === undefined) return null
  if (!/^\d{1,10}$/.test(text)) {
    throw new OAuthFailure('invalid_request', `${name} is not a number of seconds.`)
  }
  return Number(text)
}

/** @throws OAuthFailure `invalid_request` */
function readCodeChallenge(parameters: Parameters): string | null {
  const challenge = parameters.get('code_challenge')
  // Without a method the challenge would be `plain`, which reveals the verifier (RFC 9700 §2.1.1).
  const isS256 = parameters.get('code_challenge_method') === 'S256'
  if (challenge === undefined && !parameters.has('code_challenge_method')) return null
  if (challenge === undefined || !isS256 || !S256_CHALLENGE.test(challenge)) {
    throw new OAuthFailure('invalid_request', 'code_challenge must use the method S256.')
  }
  return challenge
}

/**
 * Whether the person authenticated as recently as the client demands. Only `auth_time` of the sign-in service counts:
 * a session may begin without the person typing anything, where the service recognises the browser.
 */
export function meetsAuthTime(
  { authenticatedAt }: SessionView,
  { prompts, minAuthTimeSeconds, wasAskedToSignIn }: ClientAuthorizationRequest,
): boolean {
  // `prompt=login` always asks once: an authentication in the very same second was for another request.
  if (prompts.includes('login') && !wasAskedToSignIn) return false
  if (minAuthTimeSeconds === null) return true
  return authenticatedAt !== null && authenticatedAt >= minAuthTimeSeconds
}

function spaceSeparated(text = ''): readonly string[] {
  return text.split(' ').filter((value) => value !== '')
}
