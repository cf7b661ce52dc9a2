import { compactVerify } from 'jose'
import { JOSEError } from 'jose/errors'
import * as oauth from 'oauth4webapi'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import type { AttemptSecrets } from './authorization.ts'
import { claimsParameter } from './claims-request.ts'
import type { Entra } from './entra.ts'
import { checkAudience, claimedTenant, readIdentity } from './id-token.ts'
import { readTokens, type RedeemedTokens } from './redeemed-tokens.ts'
import { refusalOf, type Refusal } from './refusal.ts'
import { readUserInfo } from './user-info.ts'

export interface RefreshRequest {
  readonly scope: string
  /** Claims challenge, JSON text. */
  readonly claims?: string | null
  /** `sub` of the sign-in. */
  readonly subject: string
  /** Worth checking the signature of an id token that comes along. */
  readonly wantsIdentity: boolean
}

export type Redemption =
  | { readonly ok: true; readonly tokens: RedeemedTokens }
  | { readonly ok: false; readonly refusal: Refusal }

type Server = oauth.AuthorizationServer

/** @throws EntradaFailure `identity_rejected`, `wrong_account`, `sign_in_unavailable` */
export function redeemCode(
  entra: Entra,
  parameters: URLSearchParams,
  { codeVerifier, nonce }: AttemptSecrets,
): Promise<Redemption> {
  const { client, redirectUri, settings } = entra
  return redeem(
    entra,
    (server, authentication) =>
      oauth.authorizationCodeGrantRequest(
        server,
        client,
        authentication,
        parameters,
        redirectUri,
        codeVerifier,
        tokenOptions(entra, settings.scopes.token.join(' ')),
      ),
    async (issuedBy, response) => {
      const body = await oauth.processAuthorizationCodeResponse(issuedBy, client, response, {
        expectedNonce: nonce,
        requireIdToken: true,
      })
      const claims = await verifiedClaims(entra, issuedBy, body)
      // Entra's id token says all there is; others keep names and groups for the UserInfo endpoint.
      const info =
        settings.issuer.microsoft === null
          ? await readUserInfo(entra, issuedBy, {
              accessToken: body.access_token,
              subject: claims.sub,
            })
          : {}
      return readTokens(body, readIdentity({ ...info, ...claims }, settings.issuer))
    },
  )
}

/**
 * Redeems a refresh token for one resource. `scope` is always sent: Entra refuses without (AADSTS90009).
 * @throws EntradaFailure `identity_rejected` when a returned id token is somebody else's
 */
export function redeemRefreshToken(
  entra: Entra,
  refreshToken: string,
  { scope, claims: challenge, subject, wantsIdentity }: RefreshRequest,
): Promise<Redemption> {
  const { client, settings } = entra
  return redeem(
    entra,
    (server, authentication) =>
      oauth.refreshTokenGrantRequest(
        server,
        client,
        authentication,
        refreshToken,
        tokenOptions(entra, scope, challenge),
      ),
    async (issuedBy, response) => {
      const body = await oauth.processRefreshTokenResponse(issuedBy, client, response)
      const claims = oauth.getValidatedIdTokenClaims(body)
      // OIDC Core §12.2: same subject as at sign-in. The token itself may be unsigned on refresh; then it
      // confirms who this is and decides nothing else.
      if (claims !== undefined && claims.sub !== subject) {
        throw new EntradaFailure('identity_rejected')
      }
      const verified = wantsIdentity
        ? await verifiedClaims(entra, issuedBy, body)
            .then((found) => readIdentity(found, settings.issuer))
            .catch(() => null)
        : null
      return readTokens(body, verified)
    },
  )
}

/** Tries the next credential only when this one was refused as such. */
async function redeem(
  entra: Entra,
  ask: (server: Server, authentication: oauth.ClientAuth) => Promise<Response>,
  read: (issuedBy: Server, response: Response) => Promise<RedeemedTokens>,
): Promise<Redemption> {
  const server = await entra.metadata.read()
  let refusal: Refusal = { kind: 'client' }
  for (const authentication of entra.credentials) {
    try {
      const response = await ask(server, authentication)
      const tokens = await read(await filledFrom(response, entra, server), response)
      // It comes first from now on: a rotated-out secret should not cost a call each time.
      const others = entra.credentials.filter((one) => one !== authentication)
      entra.credentials = [authentication, ...others]
      return { ok: true, tokens }
    } catch (cause) {
      if (cause instanceof EntradaFailure) throw cause
      if (isRejectedIdentity(cause)) throw new EntradaFailure('identity_rejected', { cause })
      refusal = refusalOf(cause)
      if (refusal.kind !== 'client') break
    }
  }
  return { ok: false, refusal }
}

function tokenOptions({ options, settings }: Entra, scope: string, challenge?: string | null) {
  const claims = claimsParameter(challenge, settings)
  return { ...options, additionalParameters: claims === null ? { scope } : { scope, claims } }
}

const WithIdToken = v.object({ id_token: v.string() })

/** The metadata with the `{tenantid}` template filled from the token's own, allowed tenant. */
async function filledFrom(
  response: Response,
  { settings: { issuer } }: Entra,
  server: Server,
): Promise<Server> {
  if (issuer.kind !== 'template' || response.status !== 200) return server
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => null)
  const { success, output } = v.safeParse(WithIdToken, body)
  if (!success) return server
  const tenantId = claimedTenant(output.id_token, issuer)
  return { ...server, issuer: server.issuer.replace('{tenantid}', tenantId) }
}

/** @throws EntradaFailure `identity_rejected` when the signature does not hold or the token is meant for others */
async function verifiedClaims(
  { keys, client }: Entra,
  server: Server,
  body: oauth.TokenEndpointResponse,
): Promise<oauth.IDToken> {
  const claims = oauth.getValidatedIdTokenClaims(body)
  if (claims === undefined || body.id_token === undefined) {
    throw new EntradaFailure('identity_rejected')
  }
  await compactVerify(body.id_token, keys.of(server))
  checkAudience(claims, client.client_id)
  return claims
}

const IDENTITY_ERRORS: ReadonlySet<string | undefined> = new Set([
  oauth.INVALID_RESPONSE,
  oauth.JWT_TIMESTAMP_CHECK,
  oauth.JWT_CLAIM_COMPARISON,
  oauth.JSON_ATTRIBUTE_COMPARISON,
])

/** The service answered, and what it answered does not hold. */
function isRejectedIdentity(cause: unknown): boolean {
  if (cause instanceof oauth.UnsupportedOperationError || cause instanceof JOSEError) return true
  return cause instanceof oauth.OperationProcessingError && IDENTITY_ERRORS.has(cause.code)
}
