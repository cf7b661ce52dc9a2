import { parseJson } from '../json.ts'
import * as oauth from 'oauth4webapi'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import type { Settings } from '../settings/settings.ts'
import { withParameters } from '../url.ts'
import type { Entra } from './entra.ts'

/** Announces that this client handles claims challenges (continuous access evaluation). */
const CLIENT_CAPABILITIES = { xms_cc: { values: ['cp1'] } }

const ClaimsChallenge = v.record(v.string(), v.record(v.string(), v.unknown()))

/**
 * The `claims` parameter (OpenID Connect Core §5.5): a challenge to meet, our own capabilities, or both merged.
 * @param challenge JSON text from Microsoft
 * @returns JSON text, or `null` where there is nothing to send
 */
export function claimsParameter(
  challenge: string | null | undefined,
  { announcesCapabilities }: Settings,
): string | null {
  // An unreadable challenge is not forwarded; the service will repeat it.
  const requested = parseJson(challenge, ClaimsChallenge) ?? {}
  if (announcesCapabilities) {
    requested['access_token'] = { ...requested['access_token'], ...CLIENT_CAPABILITIES }
  }
  return Object.keys(requested).length === 0 ? null : JSON.stringify(requested)
}

/** Random values of one sign-in attempt, kept in its cookie until the callback. */
export interface AttemptSecrets {
  /** RFC 6749 §10.12. */
  readonly state: string
  /** OpenID Connect Core §3.1.2.1. */
  readonly nonce: string
  /** RFC 7636 §4.1. */
  readonly codeVerifier: string
}

/** What our own authorization request to the sign-in service asks for (RFC 6749 §4.1.1). */
export interface AuthorizationRequest extends AttemptSecrets {
  /** Scopes to ask consent for, in addition to those of sign-in. */
  readonly scopes?: readonly string[]
  readonly loginHint?: string | null | undefined
  readonly domainHint?: string | undefined
  readonly prompt?: 'select_account' | 'consent' | 'login' | 'none'
  /** Claims challenge to meet, JSON text. */
  readonly claims?: string | null
}

/**
 * The address of the sign-in service to which the browser is redirected.
 * @throws EntradaFailure `sign_in_unavailable`, `identity_rejected`
 */
export async function authorizationUrl(entra: Entra, request: AuthorizationRequest): Promise<URL> {
  const { client, redirectUri, settings } = entra
  const server = await entra.metadata.read()
  if (server.authorization_endpoint === undefined) throw new EntradaFailure('identity_rejected')
  const scopes = new Set([...settings.scopes.authorize, ...(request.scopes ?? [])])
  return withParameters(server.authorization_endpoint, {
    client_id: client.client_id,
    response_type: 'code',
    response_mode: 'query',
    redirect_uri: redirectUri,
    scope: [...scopes].join(' '),
    state: request.state,
    nonce: request.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(request.codeVerifier),
    code_challenge_method: 'S256',
    login_hint: request.loginHint,
    domain_hint: request.domainHint,
    prompt: request.prompt,
    // `max_age` makes `auth_time` part of the id token (OpenID Connect Core §2). Entra has an optional claim for it.
    max_age: request.prompt === 'login' && settings.issuer.microsoft === null ? '900' : null,
    claims: claimsParameter(request.claims, settings),
  })
}

/** The address where an administrator consents for the whole organisation. */
export function adminConsentUrl(
  entra: Entra,
  { state, scopes = [] }: Pick<AuthorizationRequest, 'state' | 'scopes'>,
): URL {
  return withParameters(`${entra.settings.issuer.authority.href}/adminconsent`, {
    client_id: entra.client.client_id,
    redirect_uri: entra.redirectUri,
    scope: scopes.join(' '),
    state,
  })
}

/**
 * Checks `state` and `iss` (RFC 9207) of an authorization response before the code is redeemed.
 * @returns the parameters to redeem, or the error of the response (RFC 6749 §4.1.2.1)
 * @throws EntradaFailure `identity_rejected` when the response does not belong to this attempt, `sign_in_unavailable`
 */
export async function readAuthorizationResponse(
  { metadata, client }: Entra,
  parameters: URLSearchParams,
  expectedState: string,
): Promise<
  | { readonly ok: true; readonly parameters: URLSearchParams }
  | { readonly ok: false; readonly error: string; readonly description: string }
> {
  const server = await metadata.read()
  try {
    const checked = oauth.validateAuthResponse(server, client, parameters, expectedState)
    return { ok: true, parameters: checked }
  } catch (cause) {
    if (cause instanceof oauth.AuthorizationResponseError) {
      return { ok: false, error: cause.error, description: cause.error_description ?? '' }
    }
    throw new EntradaFailure('identity_rejected', { cause })
  }
}
