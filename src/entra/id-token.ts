import { decodeJwt } from 'jose'
import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import type { IssuerSettings } from '../settings/issuer.ts'

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** What sign-in learns from a verified id token. */
export interface Identity {
  readonly tenantId: string
  /** `oid`, or `sub` where there is none. */
  readonly userId: string
  /** Pairwise; compared again on every refresh. */
  readonly subject: string
  readonly name: string | null
  readonly email: string | null
  readonly username: string | null
  /** Identifies Entra's browser session in front-channel sign-out. */
  readonly sessionId: string | null
  /** Opaque hint that spares the account picker on sign-out. */
  readonly loginHint: string | null
  /** Every claim, for role rules; never stored. */
  readonly claims: Readonly<Record<string, unknown>>
}

const text = v.fallback(v.nullable(v.string()), null)
const Claims = v.looseObject({
  iss: v.string(),
  sub: v.string(),
  tid: v.optional(text, null),
  oid: v.optional(text, null),
  name: v.optional(text, null),
  email: v.optional(text, null),
  preferred_username: v.optional(text, null),
  sid: v.optional(text, null),
  login_hint: v.optional(text, null),
})

/** @throws EntradaFailure `wrong_account` for a tenant that is not allowed, `identity_rejected` for claims that contradict each other */
export function readIdentity(
  claims: Readonly<Record<string, unknown>>,
  issuer: IssuerSettings,
): Identity {
  const parsed = v.safeParse(Claims, claims)
  if (!parsed.success) throw new EntradaFailure('identity_rejected')
  const {
    iss,
    sub,
    tid,
    oid,
    name,
    email,
    preferred_username: username,
    sid,
    login_hint: loginHint,
  } = parsed.output
  if (issuer.microsoft !== null) {
    // `oid` needs the `profile` scope; without it there is no identity to build on.
    if (tid === null || oid === null || !GUID.test(tid) || !iss.includes(`/${tid}/`)) {
      throw new EntradaFailure('identity_rejected')
    }
    checkTenant(tid, issuer)
  }
  return {
    tenantId: issuer.microsoft === null ? iss : (tid ?? ''),
    userId: issuer.microsoft === null ? sub : (oid ?? ''),
    subject: sub,
    name,
    email,
    username,
    sessionId: sid,
    loginHint,
    claims,
  }
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
      detail: 'This account belongs to an organisation that is not served here.',
    })
  }
}

/**
 * The tenant an id token claims to be from, before anything is verified. Needed to fill the `{tenantid}`
 * template of multi-tenant metadata; allowed tenants only, so that the issuer compared against is ours.
 */
export function claimedTenant(idToken: unknown, issuer: IssuerSettings): string {
  if (typeof idToken !== 'string') throw new EntradaFailure('identity_rejected')
  let tenantId: unknown
  try {
    tenantId = decodeJwt(idToken)['tid']
  } catch (cause) {
    throw new EntradaFailure('identity_rejected', { cause })
  }
  if (typeof tenantId !== 'string' || !GUID.test(tenantId)) {
    throw new EntradaFailure('identity_rejected')
  }
  checkTenant(tenantId, issuer)
  return tenantId
}
