import type { Context } from 'hono'
import { sha256Of } from '../crypto/web-crypto.ts'
import type { EdgeEnv } from '../http/env.ts'
import type { Log } from '../log.ts'
import type { Session } from '../session/session.ts'
import { epochSeconds, issuedAt } from '../time.ts'
import { readScopes } from './authorization-request.ts'
import { type OidcGrant, TOKEN_SECONDS } from './grants.ts'
import {
  authenticateClient,
  OAuthFailure,
  type Parameters,
  readFormParameters,
  readParameters,
  required,
} from './oauth-request.ts'
import { exchangeOnBehalfOf } from './on-behalf-of.ts'
import {
  claimsOf,
  type ClientTokenRequest,
  invalidGrant,
  type ProviderDeps,
  requireActiveGrant,
  revocationKey,
} from './provider.ts'

/** `grant_type` of RFC 7523 §2.1. */
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/**
 * `POST /.entrada/oidc/token` (OpenID Connect Core §3.1.3), called by the chat's server.
 * @throws OAuthFailure, EntradaFailure `body_too_large`
 */
export async function tokenEndpoint(c: Context<EdgeEnv>, deps: ProviderDeps): Promise<Response> {
  const parameters = readParameters(await readFormParameters(c.req.raw))
  const authorization = c.req.header('authorization') ?? null
  const client = await authenticateClient(authorization, parameters, deps.clients)
  const request = { client, parameters }
  switch (required(parameters, 'grant_type')) {
    case 'authorization_code':
      return c.json(await redeemCode(request, deps, c.var.log))
    case 'refresh_token':
      return c.json(await refresh(request, deps, c.var.log))
    case JWT_BEARER:
      return c.json(await exchangeOnBehalfOf(request, deps, c.var.log))
    default:
      throw new OAuthFailure('unsupported_grant_type', 'This grant_type is not offered.')
  }
}

/** The authorization code grant (RFC 6749 §4.1.3). */
async function redeemCode(
  { client, parameters }: ClientTokenRequest,
  deps: ProviderDeps,
  log: Log,
) {
  const { grants, sessions, replayGuard } = deps
  const code = await grants.openCode(required(parameters, 'code'))
  if (code === null || code.clientId !== client.id) throw invalidGrant()
  if (code.redirectUri !== required(parameters, 'redirect_uri')) throw invalidGrant()
  const isVerified = await matchesChallenge(parameters.get('code_verifier'), code.codeChallenge)
  if (!isVerified) throw invalidGrant()
  const session = await sessions.findGranted(code, log)
  if (session === null) throw invalidGrant()
  if (!(await replayGuard.use(`oidc-code/${code.id}`, session.expiresAt))) {
    // Nobody can tell which of the two is the client, so that the whole grant is revoked (RFC 6749 §4.1.2).
    await replayGuard.use(revocationKey(code), session.expiresAt)
    const { id, tenantId } = session.user
    log.audit('oidc_code_replayed', { userId: id, tenantId, clientId: client.id })
    throw invalidGrant()
  }
  return tokenResponse(code, session, deps, { nonce: code.nonce, scopes: code.scopes })
}

/**
 * The refresh token grant (RFC 6749 §6). Refresh tokens do not rotate: their clients authenticate (RFC 9700 §2.2.2),
 * and tabs or replicas that refresh at the same time do not lock each other out.
 */
async function refresh({ client, parameters }: ClientTokenRequest, deps: ProviderDeps, log: Log) {
  const opened = await deps.grants.openRefreshToken(required(parameters, 'refresh_token'))
  const { grant, session } = await requireActiveGrant(opened, client, { ...deps, log })
  return tokenResponse(grant, session, deps, {
    nonce: null,
    scopes: narrowedScopes(grant, parameters),
  })
}

/**
 * The scopes of a refresh: all that were granted, or a part of them (RFC 6749 §6). Scopes that are not offered are
 * ignored, as at sign-in, because LibreChat repeats its whole `OPENID_SCOPE`.
 * @throws OAuthFailure `invalid_scope`
 */
function narrowedScopes({ scopes }: OidcGrant, parameters: Parameters): readonly string[] {
  const requested = readScopes(parameters)
  if (!requested.every((scope) => scopes.includes(scope))) {
    throw new OAuthFailure('invalid_scope', 'A refresh cannot add to the scopes of the sign-in.')
  }
  return requested.length === 0 ? scopes : requested
}

/**
 * A successful token response (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
 * `scopes` are those of the access token; the refresh token keeps all scopes of the grant.
 */
async function tokenResponse(
  { id, clientId, sessionName, wrappedSecret, scopes: granted }: OidcGrant,
  session: Session,
  { clients, grants, issuer, sign }: ProviderDeps,
  { nonce, scopes }: { readonly nonce: string | null; readonly scopes: readonly string[] },
) {
  const grant = { id, clientId, sessionName, wrappedSecret, scopes: granted }
  const idToken = sign({
    ...claimsOf(session, grant, clients),
    iss: issuer,
    aud: clientId,
    sid: session.id,
    auth_time: session.authenticatedAt ?? undefined,
    nonce: nonce ?? undefined,
    iat: issuedAt(),
    exp: epochSeconds() + TOKEN_SECONDS,
  })
  return {
    access_token: await grants.sealAccessToken({ ...grant, scopes }),
    token_type: 'Bearer',
    expires_in: TOKEN_SECONDS,
    scope: scopes.join(' '),
    id_token: await idToken,
    ...(granted.includes('offline_access')
      ? { refresh_token: await grants.sealRefreshToken(grant, session.expiresAt) }
      : {}),
  }
}

/**
 * Whether the code verifier fits the challenge (RFC 7636 §4.6). A verifier without a challenge is a PKCE downgrade
 * attack, just as a challenge without a verifier is (RFC 9700 §4.8.2).
 */
async function matchesChallenge(verifier: string | undefined, challenge: string | null) {
  if (verifier === undefined) return challenge === null
  return (await sha256Of(verifier)) === challenge
}

/**
 * `GET` and `POST /.entrada/oidc/userinfo` (OpenID Connect Core §5.3): the person as the session knows them now.
 * @throws OAuthFailure `invalid_token`
 */
export async function userInfoEndpoint(c: Context<EdgeEnv>, deps: ProviderDeps): Promise<Response> {
  const [, accessToken] = /^bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? []
  const grant = accessToken === undefined ? null : await deps.grants.openAccessToken(accessToken)
  const active = await requireActiveGrant(grant, null, { ...deps, log: c.var.log }).catch(
    (cause: unknown) => {
      if (!(cause instanceof OAuthFailure)) throw cause
      throw new OAuthFailure('invalid_token', cause.description, cause.code)
    },
  )
  return c.json(claimsOf(active.session, active.grant, deps.clients))
}
