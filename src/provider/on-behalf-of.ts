import { EntradaFailure } from '../failure.ts'
import type { Log } from '../log.ts'
import { epochSeconds } from '../time.ts'
import { SCOPES } from './authorization-request.ts'
import { type ClientTokenRequest, type ProviderDeps, requireActiveGrant } from './provider.ts'
import { OAuthFailure, required } from './oauth-request.ts'

/** A permission of Graph without its resource, such as `User.Read`; clients use both forms. */
const SHORT_GRAPH_SCOPE = /^[A-Za-z]+(?:\.[A-Za-z]+)*$/

/**
 * The jwt-bearer grant (RFC 7523 §2.1) as in Entra's on-behalf-of flow, which LibreChat uses: exchanges our access
 * token for an access token of Microsoft's. Only for resources that `OIDC_CLIENTS` gives this client. The token comes
 * from the person's own refresh token, so that no exposed API and no second consent is needed.
 * @throws OAuthFailure `invalid_request`, `invalid_grant`, `invalid_scope`, `invalid_target`, `interaction_required`,
 *   `temporarily_unavailable`
 */
export async function exchangeOnBehalfOf(
  { client, parameters }: ClientTokenRequest,
  deps: ProviderDeps,
  log: Log,
) {
  if (parameters.get('requested_token_use') !== 'on_behalf_of') {
    throw new OAuthFailure('invalid_request', 'requested_token_use must be on_behalf_of.')
  }
  const grant = await deps.grants.openAccessToken(required(parameters, 'assertion'))
  const { session } = await requireActiveGrant(grant, client, { ...deps, log })
  const scope = required(parameters, 'scope')
  const origin = resourceOriginOf(scope, deps)
  const resource = client.resources.includes(origin) ? deps.resourceOf(origin) : null
  if (resource === null) {
    throw new OAuthFailure(
      'invalid_target',
      'OIDC_CLIENTS does not give this client that resource.',
    )
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
    throw oauthFailureOf(cause)
  }
}

/**
 * The origin of the one resource that all scopes are for (RFC 8707 §2.2).
 * @throws OAuthFailure `invalid_scope`
 */
function resourceOriginOf(scope: string, { graphOrigin }: ProviderDeps): string {
  const origins = scope
    .split(' ')
    .filter((name) => name !== '' && !SCOPES.includes(name))
    .map((name) => (SHORT_GRAPH_SCOPE.test(name) ? graphOrigin : URL.parse(name)?.origin))
  const [origin, ...others] = new Set(origins)
  if (origin == null || others.length > 0) {
    throw new OAuthFailure('invalid_scope', 'All scopes of one request must be for one resource.')
  }
  return origin
}

/** The error that Entra's own token endpoint would send, with its AADSTS number: clients of Entra's understand it. */
function oauthFailureOf({ code, status, details }: EntradaFailure): OAuthFailure {
  const { aadsts, retryAfter } = details
  if (code === 'session_required') {
    return new OAuthFailure('invalid_grant', 'The session has ended.', code)
  }
  if (status >= 500) {
    return new OAuthFailure(
      'temporarily_unavailable',
      'Microsoft gave no token. Try again later.',
      code,
      {
        aadsts,
        retryAfter,
      },
    )
  }
  return new OAuthFailure('interaction_required', 'The person has to sign in at Microsoft.', code, {
    aadsts,
  })
}
