import { compactVerify, decodeJwt } from 'jose'
import { JWKSNoMatchingKey } from 'jose/errors'
import * as oauth from 'oauth4webapi'
import { EntradaFailure } from '../failure.ts'
import { isGuid, type IssuerSettings } from '../settings/issuer.ts'
import { unlistedKeyFailure } from './discovery.ts'
import { emailFromClaims } from './email-address.ts'
import type { Entra } from './entra.ts'

/** Who signed in, read from a verified id token and, where the issuer is not Entra, from UserInfo. */
export interface VerifiedIdentity {
  /** `tid`; the issuer's address where the issuer is not Entra. */
  readonly tenantId: string
  /** `oid`; `sub` where the issuer is not Entra. */
  readonly userId: string
  /** `sub`, which Entra makes pairwise. Compared again on every refresh. */
  readonly subject: string
  readonly name: string | null
  /** `null` where the address must not be used (email-address.ts). */
  readonly email: string | null
  readonly isEmailVerified: boolean
  readonly username: string | null
  /** `auth_time` in epoch seconds; Entra sends it only as an optional claim. */
  readonly authenticatedAt: number | null
  /** `sid`, the browser session that front-channel logout names. */
  readonly sessionId: string | null
  /** `login_hint`, an opaque value that skips the account picker on sign-out. */
  readonly loginHint: string | null
  /** Every claim, for role rules; never stored. An address that must not be used is left out. */
  readonly claims: Readonly<Record<string, unknown>>
}

/**
 * Reads who signed in.
 * @param idToken verified claims
 * @param userInfo the claims of the UserInfo endpoint
 * @throws EntradaFailure `wrong_account` for a tenant that is not allowed, `identity_rejected` for claims that are
 *   missing or contradict each other
 */
export function identityFromClaims(
  idToken: Readonly<Record<string, unknown>> & { readonly iss: string; readonly sub: string },
  issuer: IssuerSettings,
  userInfo: Readonly<Record<string, unknown>> = {},
): VerifiedIdentity {
  const { iss, sub } = idToken
  const claims = { ...userInfo, ...idToken }
  const tenantId = textOf(claims['tid']) ?? ''
  const objectId = textOf(claims['oid'])
  const isMicrosoft = issuer.microsoft !== null
  if (isMicrosoft) {
    // `oid` needs the `profile` scope; without it nothing identifies the person across apps.
    if (objectId === null || !isGuid(tenantId) || !iss.includes(`/${tenantId}/`)) {
      throw new EntradaFailure('identity_rejected')
    }
    assertTenantAllowed(tenantId, issuer)
  }
  // Other issuers let people choose it (OpenID Connect Core §5.7). LibreChat uses it as address where there is none.
  const username = textOf(claims['preferred_username'])
  const { email, isVerified } = emailFromClaims(idToken, userInfo, issuer)
  const { email: claimedEmail, ...withoutEmail } = claims
  return {
    tenantId: isMicrosoft ? tenantId : iss,
    userId: isMicrosoft ? (objectId ?? '') : sub,
    subject: sub,
    name: textOf(claims['name']),
    email,
    isEmailVerified: isVerified,
    username: isMicrosoft || email !== null || !username?.includes('@') ? username : null,
    authenticatedAt: integerOf(claims['auth_time']),
    sessionId: textOf(claims['sid']),
    loginHint: textOf(claims['login_hint']),
    claims: claimedEmail === email ? claims : withoutEmail,
  }
}

/** Whom a refreshed id token must be about: the person who signed in. */
export type ExpectedPerson = Pick<VerifiedIdentity, 'subject' | 'tenantId' | 'userId'>

/**
 * Whether a refreshed id token is about the same subject as at sign-in (OpenID Connect Core §12.2). At Entra the
 * tenant and the object id are compared as well; they need the `profile` scope and may be absent.
 */
export function isExpectedPerson(
  { subject, tenantId, userId }: ExpectedPerson,
  claims: oauth.IDToken,
  { microsoft }: IssuerSettings,
): boolean {
  if (claims.sub !== subject) return false
  if (microsoft === null) return true
  return (claims['tid'] ?? tenantId) === tenantId && (claims['oid'] ?? userId) === userId
}

/**
 * Verifies signature and audience of the id token in a token response that oauth4webapi has processed.
 * @throws EntradaFailure `identity_rejected` without an id token, for an unlisted key and for another audience;
 *   `sign_in_unavailable`; errors of jose for a wrong signature
 */
export async function verifiedClaims(
  { keys, client }: Entra,
  server: oauth.AuthorizationServer,
  body: oauth.TokenEndpointResponse,
): Promise<oauth.IDToken> {
  const claims = oauth.getValidatedIdTokenClaims(body)
  const token = body.id_token
  if (claims === undefined || token === undefined) throw new EntradaFailure('identity_rejected')
  await compactVerify(token, keys.keysFor(server)).catch((cause: unknown) => {
    throw cause instanceof JWKSNoMatchingKey ? unlistedKeyFailure(server, token, cause) : cause
  })
  assertAudience(claims, client.client_id)
  return claims
}

/**
 * The id token must be for this client alone. OpenID Connect Core §3.1.3.7 has tokens refused that name an
 * untrusted audience, and tokens whose authorized party is another client.
 */
function assertAudience({ aud, azp }: oauth.IDToken, clientId: string): void {
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  const isOurs = audiences.length === 1 && audiences[0] === clientId
  if (!isOurs || (azp !== undefined && azp !== clientId)) {
    throw new EntradaFailure('identity_rejected')
  }
}

/**
 * The claims of the UserInfo endpoint (OpenID Connect Core §5.3). In the code flow §5.4 returns the claims of
 * scopes there, so that many issuers keep name, e-mail and groups out of the id token. When the endpoint fails,
 * sign-in continues with the claims of the id token.
 * @throws EntradaFailure `identity_rejected` when the claims are about another subject (§5.3.2)
 */
export async function fetchUserInfo(
  { client, options }: Entra,
  server: oauth.AuthorizationServer,
  { accessToken, subject }: { readonly accessToken: string; readonly subject: string },
): Promise<Readonly<Record<string, unknown>>> {
  if (server.userinfo_endpoint === undefined) return {}
  try {
    const response = await oauth.userInfoRequest(server, client, accessToken, options)
    return await oauth.processUserInfoResponse(server, client, subject, response)
  } catch (cause) {
    const isAnotherSubject =
      cause instanceof oauth.OperationProcessingError &&
      cause.code === oauth.JSON_ATTRIBUTE_COMPARISON
    if (isAnotherSubject) throw new EntradaFailure('identity_rejected', { cause })
    return {}
  }
}

/**
 * The tenant that an id token names, before anything is verified. It completes the `{tenantid}` template of
 * multi-tenant metadata. Only an allowed tenant passes, so that the issuer to compare against is a configured one.
 * @param idToken in compact form
 * @throws EntradaFailure `identity_rejected`, `wrong_account`
 */
export function unverifiedTenantId(idToken: string, issuer: IssuerSettings): string {
  let tenantId: unknown
  try {
    tenantId = decodeJwt(idToken)['tid']
  } catch (cause) {
    throw new EntradaFailure('identity_rejected', { cause })
  }
  if (typeof tenantId !== 'string' || !isGuid(tenantId)) {
    throw new EntradaFailure('identity_rejected')
  }
  assertTenantAllowed(tenantId, issuer)
  return tenantId
}

function assertTenantAllowed(tenantId: string, { allowedTenants }: IssuerSettings): void {
  if (allowedTenants.length > 0 && !allowedTenants.includes(tenantId.toLowerCase())) {
    throw new EntradaFailure('wrong_account', {
      detail: 'It belongs to an organisation that is not served here.',
    })
  }
}

function textOf(claim: unknown): string | null {
  return typeof claim === 'string' ? claim : null
}

function integerOf(claim: unknown): number | null {
  return typeof claim === 'number' && Number.isSafeInteger(claim) ? claim : null
}
