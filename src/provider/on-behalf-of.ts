import { epochSeconds } from '../time.ts'
import { EntradaFailure } from '../failure.ts'
import type { Log } from '../log.ts'
import { SCOPES } from './authorization-request.ts'
import { type ClientTokenRequest, type ProviderDeps, requireActiveGrant } from './provider.ts'
import { OAuthFailure, required } from './oauth-request.ts'

/** Names of Graph's permissions are written without their resource as often as with it. */
const GRAPH_BY_ITS_NAME = /^[A-Za-z]+(?:\.[A-Za-z]+)*$/

/**
 * The jwt-bearer grant as Entra's on-behalf-of flow uses it, which LibreChat speaks: our access token for a token
 * of Microsoft's. Only for resources the operator has given this client, and only to its server; it is made from
 * the person's own refresh token, so no exposed API and no second consent is needed.
 * @throws OAuthRefusal
 */
export async function exchangeOnBehalf(
  { client, parameters }: ClientTokenRequest,
  deps: ProviderDeps,
  log: Log,
) {
  if (parameters.get('requested_token_use') !== 'on_behalf_of') {
    throw new OAuthFailure('invalid_request', 'requested_token_use has to be on_behalf_of.')
  }
  const grant = await deps.grants.openAccessToken(required(parameters, 'assertion'))
  const { session } = await requireActiveGrant(grant, client, { ...deps, log })
  const scope = required(parameters, 'scope')
  const origin = originOf(scope, deps)
  const resource = client.resources.includes(origin) ? deps.resourceOf(origin) : null
  if (resource === null) {
    throw new OAuthFailure('invalid_target', 'OIDC_CLIENTS gives this client no such resource.')
  }
  const { id, tenantId } = session.user
  const fields = { userId: id, tenantId, clientId: client.id, resource: origin }
  try {
    const { value, expiresAt, scopes } = await session.accessToken(resource)
    log.audit('oidc_resource_token_issued', fields)
    return {
      access_token: value,
      token_type: 'Bearer',
      expires_in: Math.max(0, expiresAt - epochSeconds()),
      scope: scopes.join(' '),
    }
  } catch (cause) {
    if (!(cause instanceof EntradaFailure)) throw cause
    throw refusalOf(cause)
  }
}

/** The one resource all of the scopes are for. */
function originOf(scope: string, { graphOrigin }: ProviderDeps): string {
  const origins = scope
    .split(' ')
    .filter((one) => one !== '' && !SCOPES.includes(one))
    .map((one) => (GRAPH_BY_ITS_NAME.test(one) ? graphOrigin : URL.parse(one)?.origin))
  const [origin, ...others] = new Set(origins)
  if (origin == null || others.length > 0) {
    throw new OAuthFailure('invalid_scope', 'One token is for the permissions of one resource.')
  }
  return origin
}

/** Whose turn it is, in words that a client of Entra's knows, with the number it was refused with. */
function refusalOf({ code, status, details }: EntradaFailure): OAuthFailure {
  const { aadsts, retryAfter } = details
  if (code === 'session_required') {
    return new OAuthFailure('invalid_grant', 'The session has ended.', code)
  }
  if (status >= 500) {
    return new OAuthFailure('temporarily_unavailable', 'Microsoft did not give a token.', code, {
      aadsts,
      retryAfter,
    })
  }
  return new OAuthFailure('interaction_required', 'Microsoft wants the person themselves.', code, {
    aadsts,
  })
}
