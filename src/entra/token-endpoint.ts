import { readJson } from '../json.ts'
import { JOSEError } from 'jose/errors'
import * as oauth from 'oauth4webapi'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import { claimsParameter } from './authorization.ts'
import { anotherIssuer } from './discovery.ts'
import type { Entra } from './entra.ts'
import { claimedTenant, type VerifiedIdentity } from './id-token.ts'
import { type TokenError, tokenErrorOf } from './token-error.ts'

export type TokenResponse =
  | { readonly ok: true; readonly tokens: RedeemedTokens }
  | { readonly ok: false; readonly refusal: TokenError }

type Server = oauth.AuthorizationServer

/** Tries the next credential only when this one was refused as such. */
export async function redeem(
  entra: Entra,
  ask: (server: Server, authentication: oauth.ClientAuth) => Promise<Response>,
  read: (issuedBy: Server, response: Response) => Promise<RedeemedTokens>,
): Promise<TokenResponse> {
  const server = await entra.metadata.read()
  let refusal: TokenError = { kind: 'client' }
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
      if (isRejectedIdentity(cause)) throw rejectedIdentity(cause)
      refusal = tokenErrorOf(cause)
      if (refusal.kind !== 'client') break
    }
  }
  return { ok: false, refusal }
}

export function tokenOptions(
  { options, settings }: Entra,
  scope: string,
  challenge?: string | null,
) {
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
  const body = await readJson(response.clone(), WithIdToken)
  if (body === null) return server
  const tenantId = claimedTenant(body.id_token, issuer)
  return { ...server, issuer: server.issuer.replace('{tenantid}', tenantId) }
}

const IDENTITY_ERRORS: ReadonlySet<string | undefined> = new Set([
  oauth.INVALID_RESPONSE,
  oauth.JWT_TIMESTAMP_CHECK,
  oauth.JWT_CLAIM_COMPARISON,
  oauth.JSON_ATTRIBUTE_COMPARISON,
])

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
  return anotherIssuer('Its token names another issuer', [claims.iss, expected], cause)
}

/** The service answered, and what it answered does not hold. */
function isRejectedIdentity(cause: unknown): boolean {
  if (cause instanceof oauth.UnsupportedOperationError || cause instanceof JOSEError) return true
  return cause instanceof oauth.OperationProcessingError && IDENTITY_ERRORS.has(cause.code)
}

export interface RedeemedTokens {
  readonly accessToken: string
  /** Seconds; access tokens are opaque, so this is all that is known of their life. */
  readonly expiresIn: number
  /** Short names. */
  readonly scopes: readonly string[]
  readonly refreshToken: string | null
  /** Of the code exchange, verified; of a refresh, `null` unless one came along and checked out. */
  readonly identity: VerifiedIdentity | null
  readonly idToken: string | null
}

export function readTokens(
  body: oauth.TokenEndpointResponse,
  identity: VerifiedIdentity | null,
): RedeemedTokens {
  return {
    accessToken: body.access_token,
    // RFC 6749 §5.1 leaves it optional; five minutes is short enough to be safe and long enough to be useful.
    expiresIn: body.expires_in ?? 300,
    scopes: (body.scope ?? '')
      .split(' ')
      .flatMap((scope) => (scope === '' ? [] : [scope.slice(scope.lastIndexOf('/') + 1)])),
    refreshToken: body.refresh_token ?? null,
    identity,
    idToken: body.id_token ?? null,
  }
}
