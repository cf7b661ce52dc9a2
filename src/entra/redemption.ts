import { compactVerify } from 'jose'
import { JWKSNoMatchingKey } from 'jose/errors'
import * as oauth from 'oauth4webapi'
import { EntradaFailure } from '../failure.ts'
import type { IssuerSettings } from '../settings/issuer.ts'
import type { AttemptSecrets } from './authorization.ts'
import { unlistedKey } from './discovery.ts'
import type { Entra } from './entra.ts'
import { checkAudience, readIdentity, type VerifiedIdentity } from './id-token.ts'
import { readTokens, redeem, tokenOptions, type TokenResponse } from './token-endpoint.ts'

/**
 * What the issuer says about the person beside the id token. In the code flow OIDC Core §5.4 has scopes answered
 * here, so that many issuers keep name, e-mail and groups out of the id token. Without an answer sign-in goes
 * on with what the id token said.
 * @throws EntradaFailure `identity_rejected` when it is about anybody else, a substitution (OIDC Core §5.3.2)
 */
export async function readUserInfo(
  { client, options }: Entra,
  server: oauth.AuthorizationServer,
  { accessToken, subject }: { readonly accessToken: string; readonly subject: string },
): Promise<Readonly<Record<string, unknown>>> {
  if (server.userinfo_endpoint === undefined) return {}
  try {
    const response = await oauth.userInfoRequest(server, client, accessToken, options)
    return await oauth.processUserInfoResponse(server, client, subject, response)
  } catch (cause) {
    const isSubstituted =
      cause instanceof oauth.OperationProcessingError &&
      cause.code === oauth.JSON_ATTRIBUTE_COMPARISON
    if (isSubstituted) throw new EntradaFailure('identity_rejected', { cause })
    return {}
  }
}

export interface RefreshRequest {
  readonly scope: string
  /** Claims challenge, JSON text. */
  readonly claims?: string | null
  /** Who signed in. */
  readonly person: Person
  /** Worth checking the signature of an id token that comes along. */
  readonly wantsIdentity: boolean
}

export type Person = Pick<VerifiedIdentity, 'subject' | 'tenantId' | 'userId'>

/** `reason` of the failure when a refresh brought the id token of another person: the session must end. */
export const ANOTHER_PERSON = 'another_person'

/** @throws EntradaFailure `identity_rejected`, `wrong_account`, `sign_in_unavailable` */
export function redeemCode(
  entra: Entra,
  parameters: URLSearchParams,
  { codeVerifier, nonce }: AttemptSecrets,
): Promise<TokenResponse> {
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
      return readTokens(body, readIdentity(claims, settings.issuer, info))
    },
  )
}

/**
 * Redeems a refresh token for one resource. `scope` is always sent: Entra refuses without (AADSTS90009).
 * @throws EntradaFailure `identity_rejected`, with the reason `ANOTHER_PERSON` when a returned id token is somebody
 *   else's; `wrong_account` when it is of a tenant that is not allowed; `sign_in_unavailable`
 */
export function redeemRefreshToken(
  entra: Entra,
  refreshToken: string,
  { scope, claims: challenge, person, wantsIdentity }: RefreshRequest,
): Promise<TokenResponse> {
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
      // Compared before the signature is verified: an unverifiable token decides nothing else.
      if (claims !== undefined && !isOf(person, claims, settings.issuer)) {
        throw new EntradaFailure('identity_rejected', { reason: ANOTHER_PERSON })
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

/**
 * OIDC Core §12.2: the same subject as at sign-in. At Entra also the same tenant and object id, which is who the
 * session is for; they need the `profile` scope and may be left out.
 */
function isOf(
  { subject, tenantId, userId }: Person,
  claims: oauth.IDToken,
  { microsoft }: IssuerSettings,
): boolean {
  if (claims.sub !== subject) return false
  if (microsoft === null) return true
  return (claims['tid'] ?? tenantId) === tenantId && (claims['oid'] ?? userId) === userId
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
