import { PROVIDER_PATH } from '../paths.ts'
import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import type { EdgeEnv } from '../http/env.ts'
import { withParameters } from '../url.ts'
import { RESPONSE_MODES, SCOPES } from './authorization-request.ts'
import { authorizationEndpoint, endSessionEndpoint } from './authorize.ts'
import { OAuthFailure, readFormParameters } from './oauth-request.ts'
import { CLAIMS, codeInjectionTest, type CodeInjectionTest, type ProviderDeps } from './provider.ts'
import { JWT_BEARER, tokenEndpoint, userInfoEndpoint } from './token.ts'

/** The provider's metadata (OpenID Connect Discovery §3, RFC 8414 §2, RFC 9207 §3). */
function providerMetadata({ issuer, clients }: ProviderDeps) {
  const offersOnBehalfOf = clients.some(({ resources }) => resources.length > 0)
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
      ...(offersOnBehalfOf ? [JWT_BEARER] : []),
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

/** The `iss` of everything that the provider signs and answers; the sign-in service has another. */
export function issuerOf(publicOrigin: string): string {
  return `${publicOrigin}${PROVIDER_PATH}`
}

/** Entrada as the OpenID provider of chats. */
export interface Provider {
  readonly issuer: string
  /** To be mounted at `/.entrada`. */
  readonly routes: Hono<EdgeEnv>
  readonly isInjectedCode: CodeInjectionTest
}

/** Makes the provider's endpoints: discovery, keys, authorize, token, UserInfo and logout. */
export function createProvider(deps: ProviderDeps): Provider {
  const metadata = providerMetadata(deps)
  const routes = new Hono<EdgeEnv>()
    .get('/oidc/.well-known/openid-configuration', (c) =>
      c.json(metadata, 200, { 'cache-control': 'public, max-age=3600' }),
    )
    .get('/oidc/jwks', deps.publicKeys)
    .get('/oidc/authorize', (c) => authorizationEndpoint(c, deps))
    .post('/oidc/authorize', (c) => withOAuthErrors(c, () => redirectToGet(c, deps)))
    .post('/oidc/token', (c) => withOAuthErrors(c, () => tokenEndpoint(c, deps)))
    .get('/oidc/userinfo', (c) => withOAuthErrors(c, () => userInfoEndpoint(c, deps)))
    .post('/oidc/userinfo', (c) => withOAuthErrors(c, () => userInfoEndpoint(c, deps)))
    .get('/oidc/logout', (c) => endSessionEndpoint(c, c.req.query('id_token_hint'), deps))
    .post('/oidc/logout', (c) =>
      withOAuthErrors(c, async () => {
        const hint = (await readFormParameters(c.req.raw)).get('id_token_hint')
        return endSessionEndpoint(c, hint ?? undefined, deps)
      }),
    )
  return { issuer: deps.issuer, routes, isInjectedCode: codeInjectionTest(deps) }
}

/**
 * Turns a form post into a GET: clients may send authorization requests by POST (OpenID Connect Core §3.1.2.1), but
 * browsers send our `SameSite=Lax` cookie from another site only with a GET.
 */
async function redirectToGet(c: Context<EdgeEnv>, { issuer }: ProviderDeps): Promise<Response> {
  const url = withParameters(`${issuer}/authorize`, {})
  url.search = (await readFormParameters(c.req.raw)).toString()
  return c.redirect(url.href, 303)
}

/** Turns an `OAuthFailure` into an error response (RFC 6749 §5.2, RFC 6750 §3). */
async function withOAuthErrors(
  c: Context<EdgeEnv>,
  respond: () => Promise<Response>,
): Promise<Response> {
  try {
    return await respond()
  } catch (cause) {
    if (!(cause instanceof OAuthFailure)) throw cause
    const { error, description, code } = cause
    const { aadsts, retryAfter } = cause.details
    c.var.log.info('request_refused', { code, reason: error })
    const isUnauthorized = error === 'invalid_token' || error === 'invalid_client'
    const status = isUnauthorized ? 401 : error === 'temporarily_unavailable' ? 503 : 400
    const challenge = challengeFor(cause, c)
    // In Entra's format, for clients that read its errors.
    const body =
      aadsts === undefined
        ? { error, error_description: description }
        : { error, error_description: `AADSTS${aadsts}: ${description}`, error_codes: [aadsts] }
    return c.json(body, status, {
      'entrada-error': code,
      ...(retryAfter === undefined
        ? {}
        : { 'retry-after': `${Math.max(1, Math.ceil(retryAfter))}` }),
      ...(challenge === null ? {} : { 'www-authenticate': challenge }),
    })
  }
}

/**
 * The header `WWW-Authenticate` of an error response. A client that sent its secret in the form gets none:
 * oauth4webapi, which openid-client and Auth.js use, reports a challenge instead of the OAuth error.
 */
function challengeFor({ error }: OAuthFailure, c: Context<EdgeEnv>): string | null {
  if (error === 'invalid_token') return `Bearer error="invalid_token"`
  const isBasic = /^basic /i.test(c.req.header('authorization') ?? '')
  const realm = issuerOf(c.var.settings.publicOrigin)
  return error === 'invalid_client' && isBasic ? `Basic realm="${realm}"` : null
}
