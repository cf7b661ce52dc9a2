import { PROVIDER_PATH } from '../paths.ts'
import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import type { EdgeEnv } from '../http/env.ts'
import { withParameters } from '../url.ts'
import { RESPONSE_MODES, SCOPES } from './authorization-request.ts'
import { authorize, endSession } from './authorize.ts'
import { strayAnswerTest, type StrayAnswerTest } from './code-binding.ts'
import { OAuthFailure, readFormParameters } from './oauth-request.ts'
import { CLAIMS, type ProviderDeps } from './provider.ts'
import { JWT_BEARER, token, userInfo } from './token.ts'

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

/** The one name of the issuer; what the sign-in service answers bears another. */
export function issuerOf(publicOrigin: string): string {
  return `${publicOrigin}${PROVIDER_PATH}`
}

/** Entrada as the chat's OpenID provider. */
export interface Provider {
  readonly issuer: string
  /** Mounted at `/.entrada`. */
  readonly routes: Hono<EdgeEnv>
  readonly isStrayAnswer: StrayAnswerTest
}

export function createProvider(deps: ProviderDeps): Provider {
  const metadata = metadataOf(deps)
  const routes = new Hono<EdgeEnv>()
    .get('/oidc/.well-known/openid-configuration', (c) =>
      c.json(metadata, 200, { 'cache-control': 'public, max-age=3600' }),
    )
    .get('/oidc/jwks', deps.publicKeys)
    .get('/oidc/authorize', (c) => authorize(c, deps))
    .post('/oidc/authorize', (c) => inProtocol(c, () => asGet(c, deps)))
    .post('/oidc/token', (c) => inProtocol(c, () => token(c, deps)))
    .get('/oidc/userinfo', (c) => inProtocol(c, () => userInfo(c, deps)))
    .post('/oidc/userinfo', (c) => inProtocol(c, () => userInfo(c, deps)))
    .get('/oidc/logout', (c) => endSession(c, c.req.query('id_token_hint'), deps))
    .post('/oidc/logout', (c) =>
      inProtocol(c, async () => {
        const hint = (await readFormParameters(c.req.raw)).get('id_token_hint')
        return endSession(c, hint ?? undefined, deps)
      }),
    )
  return { issuer: deps.issuer, routes, isStrayAnswer: strayAnswerTest(deps) }
}

/** A form is a request like any other (OIDC Core §3.1.2.1), but only a GET brings the session's cookie along. */
async function asGet(c: Context<EdgeEnv>, { issuer }: ProviderDeps): Promise<Response> {
  const url = withParameters(`${issuer}/authorize`, {})
  url.search = (await readFormParameters(c.req.raw)).toString()
  return c.redirect(url.href, 303)
}

/** Refusals as a client reads them (RFC 6749 §5.2, RFC 6750 §3). */
async function inProtocol(c: Context<EdgeEnv>, answer: () => Promise<Response>): Promise<Response> {
  try {
    return await answer()
  } catch (cause) {
    if (!(cause instanceof OAuthFailure)) throw cause
    const { error, description, code } = cause
    const { aadsts, retryAfter } = cause.details
    c.var.log.info('request_refused', { code, reason: error })
    const isUnknown = error === 'invalid_token' || error === 'invalid_client'
    const status = isUnknown ? 401 : error === 'temporarily_unavailable' ? 503 : 400
    const challenge = challengeFor(cause, c)
    // As Entra writes them, for clients that read its errors.
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
 * `WWW-Authenticate` of a refusal. A client that sent its secret in the form gets none: oauth4webapi, which
 * openid-client and Auth.js stand on, shows a challenge in place of the OAuth error.
 */
function challengeFor({ error }: OAuthFailure, c: Context<EdgeEnv>): string | null {
  if (error === 'invalid_token') return `Bearer error="invalid_token"`
  const isBasic = /^basic /i.test(c.req.header('authorization') ?? '')
  const realm = issuerOf(c.var.settings.publicOrigin)
  return error === 'invalid_client' && isBasic ? `Basic realm="${realm}"` : null
}
