import { readJson } from '../json.ts'
import { JOSEError } from 'jose/errors'
import * as oauth from 'oauth4webapi'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import { type AttemptSecrets, claimsParameter } from './authorization.ts'
import { issuerMismatch } from './discovery.ts'
import type { Entra } from './entra.ts'
import {
  type ExpectedPerson,
  fetchUserInfo,
  identityFromClaims,
  isExpectedPerson,
  unverifiedTenantId,
  type VerifiedIdentity,
  verifiedClaims,
} from './id-token.ts'
import { type TokenError, tokenErrorOf } from './token-error.ts'

/** What a token request ended with: tokens, or the service's refusal. Outages are refusals of a kind of their own. */
export type TokenResponse =
  | { readonly ok: true; readonly tokens: RedeemedTokens }
  | { readonly ok: false; readonly error: TokenError }

/** The fields of a successful token response (RFC 6749 §5.1). */
export interface RedeemedTokens {
  readonly accessToken: string
  /** Lifetime in seconds. Nothing else is known of it, because an access token is opaque to its client. */
  readonly expiresIn: number
  /** Granted scopes by their short names, e.g. `People.Read`. */
  readonly scopes: readonly string[]
  readonly refreshToken: string | null
  /** Always there after a code. After a refresh token, `null` unless a verified id token was returned. */
  readonly identity: VerifiedIdentity | null
  /** In compact form. */
  readonly idToken: string | null
}

/** `reason` of the failure when a refresh brought the id token of another person: the session must end. */
export const ANOTHER_PERSON = 'another_person'

/** What a redemption of a refresh token asks for, and whom it must be about. */
export interface RefreshRequest {
  readonly scope: string
  /** Claims challenge to meet, JSON text. */
  readonly claims?: string | null
  readonly expected: ExpectedPerson
  /** Whether to verify the signature of a returned id token. */
  readonly verifyIdToken: boolean
}

/**
 * Redeems an authorization code (RFC 6749 §4.1.3).
 * @param parameters what `readAuthorizationResponse` gave
 * @throws EntradaFailure `identity_rejected`, `wrong_account`, `sign_in_unavailable`
 */
export function redeemCode(
  entra: Entra,
  parameters: URLSearchParams,
  { codeVerifier, nonce }: AttemptSecrets,
): Promise<TokenResponse> {
  const { client, redirectUri, settings } = entra
  return requestTokens(
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
    async (server, response) => {
      const body = await oauth.processAuthorizationCodeResponse(server, client, response, {
        expectedNonce: nonce,
        requireIdToken: true,
      })
      const claims = await verifiedClaims(entra, server, body)
      // Entra's id token holds all claims; other issuers give names and groups at the UserInfo endpoint.
      const userInfo =
        settings.issuer.microsoft === null
          ? await fetchUserInfo(entra, server, {
              accessToken: body.access_token,
              subject: claims.sub,
            })
          : {}
      return readTokens(body, identityFromClaims(claims, settings.issuer, userInfo))
    },
  )
}

/**
 * Redeems a refresh token for one resource (RFC 6749 §6). `scope` is always sent: Entra refuses without (AADSTS90009).
 * @throws EntradaFailure `identity_rejected`, with the reason `ANOTHER_PERSON` when a returned id token is somebody
 *   else's; `wrong_account` when it is of a tenant that is not allowed; `sign_in_unavailable`
 */
export function redeemRefreshToken(
  entra: Entra,
  refreshToken: string,
  { scope, claims: challenge, expected, verifyIdToken }: RefreshRequest,
): Promise<TokenResponse> {
  const { client, settings } = entra
  return requestTokens(
    entra,
    (server, authentication) =>
      oauth.refreshTokenGrantRequest(
        server,
        client,
        authentication,
        refreshToken,
        tokenOptions(entra, scope, challenge),
      ),
    async (server, response) => {
      const body = await oauth.processRefreshTokenResponse(server, client, response)
      const claims = oauth.getValidatedIdTokenClaims(body)
      // Compared before verification: another person's token ends the session even where it cannot be verified.
      if (claims !== undefined && !isExpectedPerson(expected, claims, settings.issuer)) {
        throw new EntradaFailure('identity_rejected', { reason: ANOTHER_PERSON })
      }
      const identity = verifyIdToken
        ? await verifiedClaims(entra, server, body)
            .then((verified) => identityFromClaims(verified, settings.issuer))
            .catch(() => null)
        : null
      return readTokens(body, identity)
    },
  )
}

type Server = oauth.AuthorizationServer

/** Sends a token request. Tries the next credential only when the service refused the client itself. */
async function requestTokens(
  entra: Entra,
  send: (server: Server, authentication: oauth.ClientAuth) => Promise<Response>,
  read: (server: Server, response: Response) => Promise<RedeemedTokens>,
): Promise<TokenResponse> {
  const server = await entra.metadata.read()
  let error: TokenError = { kind: 'client' }
  for (const authentication of entra.credentials.inOrder) {
    try {
      const response = await send(server, authentication)
      const tokens = await read(await withTenantIssuer(server, response, entra), response)
      entra.credentials.remember(authentication)
      return { ok: true, tokens }
    } catch (cause) {
      if (cause instanceof EntradaFailure) throw cause
      if (isRejectedIdentity(cause)) throw rejectedIdentity(cause)
      error = tokenErrorOf(cause)
      if (error.kind !== 'client') break
    }
  }
  return { ok: false, error }
}

function tokenOptions({ options, settings }: Entra, scope: string, challenge?: string | null) {
  const claims = claimsParameter(challenge, settings)
  return { ...options, additionalParameters: claims === null ? { scope } : { scope, claims } }
}

const WithIdToken = v.object({ id_token: v.string() })

/**
 * The metadata with the tenant of the id token, an allowed one, in place of `{tenantid}`. Only the multi-tenant
 * metadata of `organizations` and `common` have that template.
 */
async function withTenantIssuer(
  server: Server,
  response: Response,
  { settings: { issuer } }: Entra,
): Promise<Server> {
  if (issuer.kind !== 'template' || response.status !== 200) return server
  const body = await readJson(response.clone(), WithIdToken)
  if (body === null) return server
  const tenantId = unverifiedTenantId(body.id_token, issuer)
  return { ...server, issuer: server.issuer.replace('{tenantid}', tenantId) }
}

const IDENTITY_ERRORS: ReadonlySet<string | undefined> = new Set([
  oauth.INVALID_RESPONSE,
  oauth.JWT_TIMESTAMP_CHECK,
  oauth.JWT_CLAIM_COMPARISON,
  oauth.JSON_ATTRIBUTE_COMPARISON,
])

/** Whether the service answered with tokens that fail verification. */
function isRejectedIdentity(cause: unknown): boolean {
  if (cause instanceof oauth.UnsupportedOperationError || cause instanceof JOSEError) return true
  return cause instanceof oauth.OperationProcessingError && IDENTITY_ERRORS.has(cause.code)
}

/** oauth4webapi's error for an id token of another issuer. */
const WrongIssuer = v.object({
  cause: v.object({
    claim: v.literal('iss'),
    expected: v.string(),
    claims: v.object({ iss: v.unknown() }),
  }),
})

function rejectedIdentity(cause: unknown): EntradaFailure {
  const { success, output } = v.safeParse(WrongIssuer, cause)
  if (!success) return new EntradaFailure('identity_rejected', { cause })
  const { claims, expected } = output.cause
  return issuerMismatch('Its token names another issuer', [claims.iss, expected], cause)
}

function readTokens(
  body: oauth.TokenEndpointResponse,
  identity: VerifiedIdentity | null,
): RedeemedTokens {
  return {
    accessToken: body.access_token,
    // RFC 6749 §5.1 leaves it optional. Five minutes is short enough to be safe and long enough to be useful.
    expiresIn: body.expires_in ?? 300,
    scopes: (body.scope ?? '')
      .split(' ')
      .flatMap((scope) => (scope === '' ? [] : [scope.slice(scope.lastIndexOf('/') + 1)])),
    refreshToken: body.refresh_token ?? null,
    identity,
    idToken: body.id_token ?? null,
  }
}
