import { epochSeconds } from '../time.ts'
import { EntradaFailure } from '../failure.ts'
import type { SessionView } from '../session/session.ts'
import { OAuthFailure, type Parameters } from './oauth-request.ts'
import type { ProviderDeps } from './provider.ts'

/** Ours, on the way back from a sign-in: what it had to bring. A second sign-in would not bring it either. */
export const ASKED_SINCE = 'entrada_since'
export const ASKED_SUBJECT = 'entrada_subject'

/** Entra's clock may be behind ours by so much. */
const CLOCK_TOLERANCE_SECONDS = 30

export const SCOPES: readonly string[] = ['openid', 'profile', 'email', 'offline_access']

/** OAuth 2.0 Multiple Response Types §2.1, Form Post Response Mode §2. */
export const RESPONSE_MODES: readonly string[] = ['query', 'form_post']

/** BASE64URL of SHA-256 (RFC 7636 §4.2). */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/

/** An answer may be led to the client only once it is known that the address is the client's. */
export interface RequestingClient {
  readonly clientId: string
  readonly redirectUri: string
}

/**
 * Neither is believed before both are: a mistake in one of them is shown here, and led nowhere (RFC 9700 §4.11).
 * @throws EntradaFailure `invalid_request`
 */
export function readRequestingClient(
  given: URLSearchParams,
  { clients }: ProviderDeps,
): RequestingClient {
  const only = (name: string) => {
    const [value, ...others] = given.getAll(name)
    return others.length > 0 ? undefined : value
  }
  const client = clients.find(({ id }) => id === only('client_id'))
  const redirectUri = client?.redirectUris.find((uri) => uri === only('redirect_uri'))
  if (client === undefined || redirectUri === undefined) {
    throw new EntradaFailure('invalid_request', {
      detail: `${client === undefined ? 'client_id' : 'redirect_uri'} is not one of OIDC_CLIENTS.`,
    })
  }
  return { clientId: client.id, redirectUri }
}

/** What a client asks for, once it is known that it is the client. */
export interface ClientAuthorizationRequest {
  readonly scopes: readonly string[]
  readonly prompts: readonly string[]
  /** Epoch seconds since when the person must have authenticated; `null` where any time will do. */
  readonly since: number | null
  /** They were asked to authenticate for this request already. */
  readonly wasAsked: boolean
  /** `sub` of the person they were asked to sign in as for this request already. */
  readonly askedSubject: string | null
  readonly nonce: string | null
  /** An id token of ours: who the client takes the person for. */
  readonly idTokenHint: string | null
  readonly loginHint: string | null
  readonly codeChallenge: string | null
}

/** Of the scopes asked for, those that are offered; others are passed over (OIDC Core §3.1.2.1). */
export function scopesIn(parameters: Parameters): readonly string[] {
  return words(parameters.get('scope')).filter((scope) => SCOPES.includes(scope))
}

/** @throws OAuthRefusal what the client has to mend */
export function readClientAuthorizationRequest(parameters: Parameters): ClientAuthorizationRequest {
  for (const name of ['request', 'request_uri'] as const) {
    if (parameters.has(name)) {
      throw new OAuthFailure(`${name}_not_supported`, 'Send the parameters themselves.')
    }
  }
  if (parameters.get('response_type') !== 'code') {
    throw new OAuthFailure('unsupported_response_type', 'The one response_type is code.')
  }
  if (!RESPONSE_MODES.includes(parameters.get('response_mode') ?? 'query')) {
    throw new OAuthFailure('invalid_request', 'response_mode is query or form_post.')
  }
  const scopes = scopesIn(parameters)
  if (!scopes.includes('openid')) {
    throw new OAuthFailure('invalid_scope', 'scope has to contain openid.')
  }
  const prompts = words(parameters.get('prompt'))
  if (prompts.includes('none') && prompts.length > 1) {
    throw new OAuthFailure('invalid_request', 'prompt=none stands alone.')
  }
  return {
    scopes,
    prompts,
    ...readFreshness(parameters, prompts),
    askedSubject: parameters.get(ASKED_SUBJECT) ?? null,
    nonce: parameters.get('nonce') ?? null,
    idTokenHint: parameters.get('id_token_hint') ?? null,
    loginHint: parameters.get('login_hint') ?? null,
    codeChallenge: readChallenge(parameters),
  }
}

/** @throws OAuthRefusal `invalid_request` */
function readFreshness(
  parameters: Parameters,
  prompts: readonly string[],
): Pick<ClientAuthorizationRequest, 'since' | 'wasAsked'> {
  const maxAge = secondsIn(parameters, 'max_age')
  const asked = secondsIn(parameters, ASKED_SINCE)
  if (asked !== null) return { since: asked - CLOCK_TOLERANCE_SECONDS, wasAsked: true }
  const now = epochSeconds()
  if (prompts.includes('login')) return { since: now, wasAsked: false }
  return { since: maxAge === null ? null : now - maxAge, wasAsked: false }
}

/** @throws OAuthRefusal `invalid_request` */
function secondsIn(parameters: Parameters, name: string): number | null {
  const text = parameters.get(name)
  if (text === undefined) return null
  if (!/^\d{1,10}$/.test(text)) {
    throw new OAuthFailure('invalid_request', `${name} is not a number of seconds.`)
  }
  return Number(text)
}

/** @throws OAuthRefusal `invalid_request` */
function readChallenge(parameters: Parameters): string | null {
  const challenge = parameters.get('code_challenge')
  // Without a method it would be `plain`, which protects from nothing (RFC 9700 §2.1.1).
  const isS256 = parameters.get('code_challenge_method') === 'S256'
  if (challenge === undefined && !parameters.has('code_challenge_method')) return null
  if (challenge === undefined || !isS256 || !CHALLENGE.test(challenge)) {
    throw new OAuthFailure('invalid_request', 'code_challenge has to be of the method S256.')
  }
  return challenge
}

/**
 * Whether the person authenticated when the client wants it. Only the sign-in service's word counts: a session
 * begins without anybody at the keyboard where the service knows the browser.
 */
export function isFresh(
  { authenticatedAt }: SessionView,
  { prompts, since, wasAsked }: ClientAuthorizationRequest,
): boolean {
  // Until they were asked: an authentication of this very second is another one.
  if (prompts.includes('login') && !wasAsked) return false
  return since === null || (authenticatedAt !== null && authenticatedAt >= since)
}

function words(text = ''): readonly string[] {
  return text.split(' ').filter((word) => word !== '')
}
