import type { IssuerSettings } from '../settings/issuer.ts'

type Claims = Readonly<Record<string, unknown>>

/** The e-mail address that chats may identify a person by. */
export interface EmailAddress {
  readonly email: string | null
  /** Entra or the issuer confirms that the address, or its domain, belongs to the person. */
  readonly isVerified: boolean
}

/** What a token or the directory reports of a person. */
interface Reported {
  /** The claim that `OPENID_EMAIL_CLAIM` names, or `email`; `mail` in the directory. */
  readonly email: string | null
  /** `null` where neither a token nor UserInfo says. */
  readonly isVerified: boolean | null
  /** User principal name of a member; `null` for guests and external members, and where the issuer is not Entra. */
  readonly signInName: string | null
}

const NO_EMAIL: EmailAddress = { email: null, isVerified: false }
const SIGN_IN_NAME_CLAIMS: readonly string[] = ['upn', 'preferred_username']

/**
 * The one rule for addresses. An address is a claim that the person or the administrator of another tenant may write
 * (nOAuth, Microsoft's “Migrate away from using email claims”). A denied address is never used. With several tenants
 * only a confirmed one is used. Otherwise a member's sign-in name takes its place, because Entra verifies its domain.
 */
function effectiveEmail(
  { email, isVerified, signInName }: Reported,
  issuer: IssuerSettings,
): EmailAddress {
  const { emailClaim, microsoft } = issuer
  const isStandardClaim = emailClaim === 'email'
  const fallback = { email: signInName, isVerified: false }
  if (servesSeveralTenants(issuer)) {
    return isVerified === true && email !== null ? { email, isVerified } : fallback
  }
  // No fallback for a denied address: another address would create a second account in the chat.
  if (isVerified === false && (isStandardClaim || microsoft === null)) return NO_EMAIL
  return email === null ? fallback : { email, isVerified: isVerified === true }
}

function servesSeveralTenants({ kind, allowedTenants }: IssuerSettings): boolean {
  return kind === 'template' && new Set(allowedTenants).size > 1
}

/**
 * The address of a person who signs in.
 * @param idToken verified claims
 * @param userInfo claims of the UserInfo endpoint; either of the two may deny the address
 */
export function emailFromClaims(
  idToken: Claims,
  userInfo: Claims,
  issuer: IssuerSettings,
): EmailAddress {
  const { emailClaim, microsoft } = issuer
  const isSignInName = microsoft !== null && SIGN_IN_NAME_CLAIMS.includes(emailClaim)
  const sources = [idToken, userInfo]
  const source = sources.find((claims) => textOf(claims[emailClaim]) !== null) ?? idToken
  const email = isSignInName ? null : textOf(source[emailClaim])
  const verificationClaim = microsoft === null ? 'email_verified' : 'xms_edov'
  const isConfirmed = sources.some(
    // A source may confirm another address than the one that is used.
    (claims) => TRUE.has(claims[verificationClaim]) && textOf(claims['email']) === email,
  )
  return effectiveEmail(
    {
      email,
      isVerified: sources.some(isDenied) ? false : isConfirmed || null,
      signInName: microsoft === null ? null : signInNameOf(idToken, emailClaim),
    },
    issuer,
  )
}

/**
 * The address of a person found in the directory, by the same rule. Graph does not say whether their organisation
 * owns the domain of `mail`.
 */
export function emailFromDirectory(
  { email, username }: { readonly email: string | null; readonly username: string | null },
  issuer: IssuerSettings,
): string | null {
  const isSignInName = SIGN_IN_NAME_CLAIMS.includes(issuer.emailClaim)
  return effectiveEmail(
    {
      email: isSignInName ? null : textOf(email),
      isVerified: null,
      signInName: asAddress(username),
    },
    issuer,
  ).email
}

/** True values of `xms_edov` and `email_verified`: Entra and other issuers send booleans, numbers and both as text. */
const TRUE: ReadonlySet<unknown> = new Set([true, 1, '1', 'true'])

/** Whether a claim is present with a value other than true; `null` denies as well. */
function isDenied(claims: Claims): boolean {
  return ['email_verified', 'xms_edov'].some(
    (name) => claims[name] !== undefined && !TRUE.has(claims[name]),
  )
}

/** The sign-in name. `upn` is optional; `preferred_username` of v2 tokens has the same name or a telephone number. */
function signInNameOf(claims: Claims, emailClaim: string): string | null {
  if (isExternalAccount(claims)) return null
  const isUpnFirst = emailClaim === 'email' || emailClaim === 'upn'
  const order = isUpnFirst ? SIGN_IN_NAME_CLAIMS : SIGN_IN_NAME_CLAIMS.toReversed()
  return order.map((claim) => asAddress(claims[claim])).find((name) => name !== null) ?? null
}

/** A guest or an external member: another organisation owns the domain of their name. Own members have no `idp`. */
function isExternalAccount(claims: Claims): boolean {
  const { acct, idp, tid } = claims
  const isOwnTenant =
    idp === undefined || (typeof idp === 'string' && idp.includes(`/${String(tid)}/`))
  const isGuest = acct === 1 || acct === '1'
  return (
    isGuest ||
    !isOwnTenant ||
    SIGN_IN_NAME_CLAIMS.some((name) => /#EXT#/i.test(String(claims[name])))
  )
}

function asAddress(name: unknown): string | null {
  const isAddress = typeof name === 'string' && /^[^@\s#]+@[^@\s#]+$/.test(name)
  return isAddress ? name : null
}

function textOf(claim: unknown): string | null {
  return typeof claim === 'string' && claim !== '' ? claim : null
}
