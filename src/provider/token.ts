import type { Context } from 'hono'
import { sha256Of } from '../crypto/digest.ts'
import type { EdgeEnv } from '../http/env.ts'
import type { Log } from '../log.ts'
import type { Session } from '../session/session.ts'
import { epochSeconds, issuedAt } from '../time.ts'
import { scopesIn } from './authorization-request.ts'
import { type OidcGrant, TOKEN_SECONDS } from './grants.ts'
import {
  authenticateClient,
  OAuthFailure,
  type Parameters,
  readFormParameters,
  readParameters,
  required,
} from './oauth-request.ts'
import { exchangeOnBehalf } from './on-behalf-of.ts'
import {
  claimsOf,
  type ClientTokenRequest,
  invalidGrant,
  type ProviderDeps,
  requireActiveGrant,
  revocationOf,
} from './provider.ts'

export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/**
 * `POST /.entrada/oidc/token`, from the chat's server.
 * @throws OAuthRefusal
 */
export async function token(c: Context<EdgeEnv>, deps: ProviderDeps): Promise<Response> {
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
      return c.json(await exchangeOnBehalf(request, deps, c.var.log))
    default:
      throw new OAuthFailure('unsupported_grant_type', 'This grant_type is not offered.')
  }
}

async function redeemCode(
  { client, parameters }: ClientTokenRequest,
  deps: ProviderDeps,
  log: Log,
) {
  const { grants, sessions, uses } = deps
  const code = await grants.openCode(required(parameters, 'code'))
  if (code === null || code.clientId !== client.id) throw invalidGrant()
  if (code.redirectUri !== required(parameters, 'redirect_uri')) throw invalidGrant()
  if (!(await isVerifier(parameters.get('code_verifier'), code.codeChallenge))) throw invalidGrant()
  const session = await sessions.findGranted(code, log)
  if (session === null) throw invalidGrant()
  if (!(await uses.use(`oidc-code/${code.id}`, session.expiresAt))) {
    // Somebody else has it, too, and nobody can tell which of the two is the client (RFC 6749 §4.1.2).
    await uses.use(revocationOf(code), session.expiresAt)
    const { id, tenantId } = session.user
    log.audit('oidc_code_replayed', { userId: id, tenantId, clientId: client.id })
    throw invalidGrant()
  }
  return tokensFor(code, session, deps, { nonce: code.nonce, scopes: code.scopes })
}

/**
 * A refresh token may be used any number of times: its client proves to be itself each time (RFC 9700 §2.2.2), and
 * tabs or replicas that refresh at once cannot shut each other out.
 */
async function refresh({ client, parameters }: ClientTokenRequest, deps: ProviderDeps, log: Log) {
  const given = await deps.grants.openRefreshToken(required(parameters, 'refresh_token'))
  const { grant, session } = await requireActiveGrant(given, client, { ...deps, log })
  return tokensFor(grant, session, deps, { nonce: null, scopes: narrowed(grant, parameters) })
}

/**
 * What a refresh is for: all that was given, or a part of it (RFC 6749 §6). Scopes that are not offered are passed
 * over as they are at sign-in, because LibreChat repeats its whole `OPENID_SCOPE`.
 * @throws OAuthRefusal `invalid_scope`
 */
function narrowed({ scopes }: OidcGrant, parameters: Parameters): readonly string[] {
  const wanted = scopesIn(parameters)
  if (!wanted.every((scope) => scopes.includes(scope))) {
    throw new OAuthFailure('invalid_scope', 'A refresh cannot add to the scopes of the sign-in.')
  }
  return wanted.length === 0 ? scopes : wanted
}

async function tokensFor(
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
    access_token: await grants.accessToken({ ...grant, scopes }),
    token_type: 'Bearer',
    expires_in: TOKEN_SECONDS,
    scope: scopes.join(' '),
    id_token: await idToken,
    ...(granted.includes('offline_access')
      ? { refresh_token: await grants.refreshToken(grant, session.expiresAt) }
      : {}),
  }
}

/** A verifier without a challenge is a downgrade as much as none with one (RFC 9700 §4.8.2). */
async function isVerifier(verifier: string | undefined, challenge: string | null) {
  if (verifier === undefined) return challenge === null
  return (await sha256Of(verifier)) === challenge
}

/**
 * `GET` and `POST /.entrada/oidc/userinfo` (OIDC Core §5.3): the person as the session knows them now.
 * @throws OAuthRefusal `invalid_token`
 */
export async function userInfo(c: Context<EdgeEnv>, deps: ProviderDeps): Promise<Response> {
  const [, accessToken] = /^bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? []
  const grant = accessToken === undefined ? null : await deps.grants.openAccessToken(accessToken)
  const living = await requireActiveGrant(grant, null, { ...deps, log: c.var.log }).catch(
    (cause: unknown) => {
      if (!(cause instanceof OAuthFailure)) throw cause
      throw new OAuthFailure('invalid_token', cause.description, cause.code)
    },
  )
  return c.json(claimsOf(living.session, living.grant, deps.clients))
}
