import { compactVerify } from 'jose'
import { JWKSNoMatchingKey } from 'jose/errors'
import * as oauth from 'oauth4webapi'
import { EntradaFailure } from '../failure.ts'
import type { AttemptSecrets } from './authorization.ts'
import type { Entra } from './entra.ts'
import { checkAudience, readIdentity } from './id-token.ts'
import { unlistedKey } from './issuer-keys.ts'
import { readTokens } from './redeemed-tokens.ts'
import { redeem, tokenOptions, type Redemption } from './token-request.ts'
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

/** @throws EntradaFailure `identity_rejected` when the signature does not hold or the token is meant for others */
async function verifiedClaims(
  { keys, client }: Entra,
  server: oauth.AuthorizationServer,
  body: oauth.TokenEndpointResponse,
): Promise<oauth.IDToken> {
  const claims = oauth.getValidatedIdTokenClaims(body)
  if (claims === undefined || body.id_token === undefined) {
    throw new EntradaFailure('identity_rejected')
  }
  const { id_token: token } = body
  await compactVerify(token, keys.of(server)).catch((cause: unknown) => {
    throw cause instanceof JWKSNoMatchingKey ? unlistedKey(server, token, cause) : cause
  })
  checkAudience(claims, client.client_id)
  return claims
}
