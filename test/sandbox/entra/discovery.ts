import type { EntraWorld } from './entra-state.ts'
import { type Authority, CONSUMERS, segmentOf } from './authority.ts'

export function issuerOf(login: string, tenantId: string): string {
  return `${login}/${tenantId}/v2.0`
}

/** The issuer of the metadata: a template with `{tenantid}` where any tenant may sign in. */
function metadataIssuer(login: string, authority: Authority): string {
  if (authority.kind === 'tenant') return issuerOf(login, authority.directory.tenantId)
  return issuerOf(login, authority.kind === 'consumers' ? CONSUMERS : '{tenantid}')
}

/**
 * Puts the GUID into every URL, even when the client asked by domain. A client that compares the
 * issuer with its own URL fails.
 */
export function openIdConfiguration(
  world: EntraWorld,
  authority: Authority,
  appId: string | null,
): object {
  const { login, graph } = world.hosts
  const base = `${login}/${segmentOf(authority)}`
  return {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: [
      'client_secret_post',
      'private_key_jwt',
      'client_secret_basic',
    ],
    jwks_uri: `${base}/discovery/v2.0/keys${appId === null ? '' : `?appid=${appId}`}`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: metadataIssuer(login, authority),
    request_uri_parameter_supported: false,
    userinfo_endpoint: `${graph}/oidc/userinfo`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    http_logout_supported: true,
    frontchannel_logout_supported: true,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    claims_supported: [
      ...['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'acr', 'nonce'],
      ...['preferred_username', 'name', 'tid', 'ver', 'at_hash', 'c_hash', 'email'],
    ],
    tenant_region_scope: authority.kind === 'tenant' ? 'EU' : null,
    cloud_instance_name: new URL(login).host.replace(/^login\./, ''),
    msgraph_host: new URL(graph).host,
  }
}

/**
 * Each key names the issuer it may sign for. A client that accepts any key for any issuer is
 * insecure.
 */
export async function keySet(
  world: EntraWorld,
  authority: Authority,
  appId: string | null,
): Promise<object> {
  const { login } = world.hosts
  const { clientId, hasOwnSigningKey } = world.registration
  const { keys } = world.entra
  const personal = { ...(await keys.consumers()).publicJwk, issuer: issuerOf(login, CONSUMERS) }
  if (authority.kind === 'consumers') return { keys: [personal] }
  const issuer = metadataIssuer(login, authority)
  if (appId === clientId && hasOwnSigningKey) {
    return { keys: [{ ...(await keys.ofApp()).publicJwk, issuer }] }
  }
  const rolling = (await keys.published()).map(({ publicJwk }) => ({ ...publicJwk, issuer }))
  return { keys: authority.kind === 'common' ? [personal, ...rolling] : rolling }
}

/** Instance discovery: MSAL asks this before it trusts an unknown host. */
export function instanceDiscovery(world: EntraWorld): object {
  const { login } = world.hosts
  const { host } = new URL(login)
  return {
    tenant_discovery_endpoint: `${login}/common/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  }
}
