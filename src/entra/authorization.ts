import { parseJson } from '../json.ts'
import * as oauth from 'oauth4webapi'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import type { Settings } from '../settings/settings.ts'
import { withParameters } from '../url.ts'
import type { Entra } from './entra.ts'

/** Tells resources that we understand claims challenges (continuous access evaluation). */
const CLIENT_CAPABILITIES = { xms_cc: { values: ['cp1'] } }

const Challenge = v.record(v.string(), v.record(v.string(), v.unknown()))

/**
 * The `claims` parameter (OpenID Connect Core §5.5): a challenge to meet, our own capabilities, or both merged.
 * @param challenge JSON text of Microsoft's
 */
export function claimsParameter(
  challenge: string | null | undefined,
  { announcesCapabilities }: Settings,
): string | null {
  // What cannot be read is not sent on; the service will say so again.
  const asked = parseJson(challenge, Challenge) ?? {}
  if (announcesCapabilities) {
    asked['access_token'] = { ...asked['access_token'], ...CLIENT_CAPABILITIES }
  }
  return Object.keys(asked).length === 0 ? null : JSON.stringify(asked)
}

/** Secrets of one sign-in attempt, kept in its cookie until the callback. */
export interface AttemptSecrets {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
}

export interface AuthorizationRequest extends AttemptSecrets {
  /** Further scopes to ask consent for, beside those of sign-in. */
  readonly scopes?: readonly string[]
  readonly loginHint?: string | null | undefined
  readonly domainHint?: string | undefined
  readonly prompt?: 'select_account' | 'consent' | 'login' | 'none'
  /** Claims challenge to meet, JSON text. */
  readonly claims?: string | null
}

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
    // Elsewhere it makes `auth_time` a part of the id token (OIDC Core §3.1.2.1); Entra has an optional claim for it.
    max_age: request.prompt === 'login' && settings.issuer.microsoft === null ? '900' : null,
    claims: claimsParameter(request.claims, settings),
  })
}

/** Where an administrator approves the app for the whole organisation. */
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
 * Checks `state` and `iss` of an authorization response before the code is spent.
 * @returns the parameters to redeem, or the error the service answered with
 * @throws EntradaFailure `identity_rejected` when the response is not an answer to this attempt
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
