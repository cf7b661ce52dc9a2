import { RESPONSE_MODES, SCOPES } from './authorization-request.ts'
import { CLAIMS } from './claims.ts'
import type { ProviderDeps } from './provider-parts.ts'
import { JWT_BEARER } from './token.ts'

/** OpenID Connect Discovery 1.0 §3, RFC 8414, RFC 9207. */
export function metadataOf({ issuer, clients }: ProviderDeps) {
  const exchanges = clients.some(({ resources }) => resources.length > 0)
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
    end_session_endpoint: `${issuer}/logout`,
    scopes_supported: SCOPES,
    claims_supported: CLAIMS,
    response_types_supported: ['code'],
    response_modes_supported: RESPONSE_MODES,
    grant_types_supported: [
      ...['authorization_code', 'refresh_token'],
      ...(exchanges ? [JWT_BEARER] : []),
    ],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    claims_parameter_supported: false,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
  }
}
