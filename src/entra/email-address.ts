import type { IssuerSettings } from '../settings/issuer.ts'

type Claims = Readonly<Record<string, unknown>>

/** By what somebody is known to chats that go by address. */
export interface EmailAddress {
  readonly email: string | null
  /** Entra or the issuer says that the address, or its domain, is theirs. */
  readonly isVerified: boolean
}

/** What the rule goes by, whoever reports it: a token, or the directory. */
interface Reported {
  /** The claim that `OPENID_EMAIL_CLAIM` names, or `email`; of the directory `mail`. */
  readonly named: string | null
  /** `null` when nobody says. */
  readonly isVerified: boolean | null
  /** User principal name of a member; `null` for guests, and where the issuer is not Entra. */
  readonly signInName: string | null
}

const NOBODY: EmailAddress = { email: null, isVerified: false }
const SIGN_IN_NAMES: readonly string[] = ['upn', 'preferred_username']

/**
 * The one rule for addresses. An address is a claim, which the person or another tenant's administrator may write
 * (nOAuth, Microsoft's "Migrate away from using email claims"). One that is denied counts nowhere. With several
 * tenants only a vouched one counts. The sign-in name of a member stands in, because Entra verifies its domain.
 */
function addressOf(
  { named, isVerified, signInName }: Reported,
  issuer: IssuerSettings,
): EmailAddress {
  const { emailClaim, microsoft } = issuer
  const isMail = emailClaim === 'email'
  const signIn = { email: signInName, isVerified: false }
  if (servesSeveralTenants(issuer)) {
    return isVerified === true && named !== null ? { email: named, isVerified } : signIn
  }
  // Another address in its place would make them a second account in the chat, so there is none.
  if (isVerified === false && (isMail || microsoft === null)) return NOBODY
  return named === null ? signIn : { email: named, isVerified: isVerified === true }
}

function servesSeveralTenants({ kind, allowedTenants }: IssuerSettings): boolean {
  return kind === 'template' && new Set(allowedTenants).size > 1
}

/**
 * @param idToken verified
 * @param info what the UserInfo endpoint adds; either of the two may deny the address
 */
export function addressOfToken(
  idToken: Claims,
  info: Claims,
  issuer: IssuerSettings,
): EmailAddress {
  const { emailClaim, microsoft } = issuer
  const isSignInName = microsoft !== null && SIGN_IN_NAMES.includes(emailClaim)
  const sources = [idToken, info]
  const source = sources.find((claims) => textOf(claims[emailClaim]) !== null) ?? idToken
  const named = isSignInName ? null : textOf(source[emailClaim])
  const witness = microsoft === null ? 'email_verified' : 'xms_edov'
  const isVouchedFor = sources.some(
    // What one of them says of another address verifies nothing.
    (claims) => TRUE.has(claims[witness]) && textOf(claims['email']) === named,
  )
  return addressOf(
    {
      named,
      isVerified: sources.some(denies) ? false : isVouchedFor || null,
      signInName: microsoft === null ? null : signInNameOf(idToken, emailClaim),
    },
    issuer,
  )
}

/** The same of somebody in the directory, where Graph says nothing about who owns the domain. */
export function addressInDirectory(
  { email, username }: { readonly email: string | null; readonly username: string | null },
  issuer: IssuerSettings,
): string | null {
  const isSignInName = SIGN_IN_NAMES.includes(issuer.emailClaim)
  const named = isSignInName ? null : textOf(email)
  return addressOf({ named, isVerified: null, signInName: asAddress(username) }, issuer).email
}

/** Entra's claim is optional and comes as a boolean, a number or either as text; issuers send texts as well. */
const TRUE: ReadonlySet<unknown> = new Set([true, 1, '1', 'true'])

/** There, and anything but true: `null` as well. */
function denies(claims: Claims): boolean {
  return ['email_verified', 'xms_edov'].some(
    (name) => claims[name] !== undefined && !TRUE.has(claims[name]),
  )
}

/** `upn` is optional; `preferred_username` holds the same name in v2 tokens, or a telephone number. */
function signInNameOf(claims: Claims, emailClaim: string): string | null {
  if (isFromElsewhere(claims)) return null
  const isUpnFirst = emailClaim === 'email' || emailClaim === 'upn'
  const names = isUpnFirst ? SIGN_IN_NAMES : SIGN_IN_NAMES.toReversed()
  const found = names.map((name) => asAddress(claims[name])).find((name) => name !== null)
  return found ?? null
}

/** A guest, or an external member: their name's domain is another organisation's. `idp` is absent for one's own. */
function isFromElsewhere(claims: Claims): boolean {
  const { acct, idp, tid } = claims
  const isOwn = idp === undefined || (typeof idp === 'string' && idp.includes(`/${String(tid)}/`))
  const isGuest = acct === 1 || acct === '1'
  return isGuest || !isOwn || SIGN_IN_NAMES.some((name) => /#EXT#/i.test(String(claims[name])))
}

function asAddress(name: unknown): string | null {
  const isAddress = typeof name === 'string' && /^[^@\s#]+@[^@\s#]+$/.test(name)
  return isAddress ? name : null
}

function textOf(claim: unknown): string | null {
  return typeof claim === 'string' && claim !== '' ? claim : null
}
