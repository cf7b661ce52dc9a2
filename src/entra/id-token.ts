import { decodeJwt } from 'jose'
import { EntradaFailure } from '../failure.ts'
import { isGuid, type IssuerSettings } from '../settings/issuer.ts'
import { addressOfToken } from './email-address.ts'

/** What sign-in learns from a verified id token. */
export interface VerifiedIdentity {
  readonly tenantId: string
  /** `oid`, or `sub` where there is none. */
  readonly userId: string
  /** Pairwise; compared again on every refresh. */
  readonly subject: string
  readonly name: string | null
  /** `null` unless it counts (email-address.ts). */
  readonly email: string | null
  readonly isEmailVerified: boolean
  readonly username: string | null
  /** Epoch seconds of `auth_time`; Entra says it only as an optional claim. */
  readonly authenticatedAt: number | null
  /** Identifies Entra's browser session in front-channel sign-out. */
  readonly sessionId: string | null
  /** Opaque hint that spares the account picker on sign-out. */
  readonly loginHint: string | null
  /** Every claim, for role rules; never stored. An address that does not count is not among them. */
  readonly claims: Readonly<Record<string, unknown>>
}

/**
 * @param info what the UserInfo endpoint adds
 * @throws EntradaFailure `wrong_account` for a tenant that is not allowed, `identity_rejected` for claims that contradict each other
 */
export function readIdentity(
  idToken: Readonly<Record<string, unknown>> & { readonly iss: string; readonly sub: string },
  issuer: IssuerSettings,
  info: Readonly<Record<string, unknown>> = {},
): VerifiedIdentity {
  const { iss, sub } = idToken
  const claims = { ...info, ...idToken }
  const tenantId = textOf(claims['tid']) ?? ''
  const objectId = textOf(claims['oid'])
  const isMicrosoft = issuer.microsoft !== null
  if (isMicrosoft) {
    // `oid` needs the `profile` scope; without it there is no identity to build on.
    if (objectId === null || !isGuid(tenantId) || !iss.includes(`/${tenantId}/`)) {
      throw new EntradaFailure('identity_rejected')
    }
    checkTenant(tenantId, issuer)
  }
  // Other issuers let people choose it (OIDC Core §5.7), and LibreChat takes it for the address where there is none.
  const username = textOf(claims['preferred_username'])
  const { email, isVerified } = addressOfToken(idToken, info, issuer)
  const { email: said, ...rest } = claims
  return {
    tenantId: isMicrosoft ? tenantId : iss,
    userId: isMicrosoft ? (objectId ?? '') : sub,
    subject: sub,
    name: textOf(claims['name']),
    email,
    isEmailVerified: isVerified,
    username: isMicrosoft || email !== null || !username?.includes('@') ? username : null,
    authenticatedAt: timeOf(claims['auth_time']),
    sessionId: textOf(claims['sid']),
    loginHint: textOf(claims['login_hint']),
    claims: said === email ? claims : rest,
  }
}

function textOf(claim: unknown): string | null {
  return typeof claim === 'string' ? claim : null
}

function timeOf(claim: unknown): number | null {
  return typeof claim === 'number' && Number.isSafeInteger(claim) ? claim : null
}

/**
 * For us and nobody else: OIDC Core §3.1.3.7 has tokens refused that name audiences one does not trust, and
 * those whose authorized party is another client.
 * @throws EntradaFailure `identity_rejected`
 */
export function checkAudience(
  { aud, azp }: { readonly aud: unknown; readonly azp?: unknown },
  clientId: string,
): void {
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  const isOurs = audiences.length === 1 && audiences[0] === clientId
  if (!isOurs || (azp !== undefined && azp !== clientId)) {
    throw new EntradaFailure('identity_rejected')
  }
}

function checkTenant(tenantId: string, { allowedTenants }: IssuerSettings): void {
  if (allowedTenants.length > 0 && !allowedTenants.includes(tenantId.toLowerCase())) {
    throw new EntradaFailure('wrong_account', {
      detail: 'It belongs to an organisation that is not served here.',
    })
  }
}

/**
 * The tenant an id token claims to be from, before anything is verified. Needed to fill the `{tenantid}`
 * template of multi-tenant metadata; allowed tenants only, so that the issuer compared against is ours.
 */
export function claimedTenant(idToken: unknown, issuer: IssuerSettings): string {
  let tenantId: unknown
  try {
    tenantId = decodeJwt(String(idToken))['tid']
  } catch (cause) {
    throw new EntradaFailure('identity_rejected', { cause })
  }
  if (typeof tenantId !== 'string' || !isGuid(tenantId)) {
    throw new EntradaFailure('identity_rejected')
  }
  checkTenant(tenantId, issuer)
  return tenantId
}
