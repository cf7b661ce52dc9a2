import * as v from 'valibot'
import type { VerifiedIdentity } from '../entra/id-token.ts'
import type { AccessSettings } from '../settings/membership.ts'
import { isRefusal, membershipCheckFailed, type MembershipGraphClient } from './graph-client.ts'

/** Why an account is refused, whatever groups it is in. */
export type AccountRefusal = 'guest' | 'email_domain' | 'no_address'

/** The access settings, and what the chat app needs of an account. */
export interface AccessRules extends AccessSettings {
  /** The chat app identifies people by e-mail address, so an account needs one. */
  readonly needsAddress: boolean
}

/**
 * The rule that the account itself does not meet; `null` when it meets all.
 * @param client asks Graph; `null` for an issuer that is not Entra
 * @throws EntradaFailure `membership_unknown`
 */
export async function refusedAccount(
  { email, claims }: VerifiedIdentity,
  access: Pick<AccessRules, 'allowGuests' | 'emailDomains' | 'needsAddress'>,
  client: MembershipGraphClient | null,
): Promise<AccountRefusal | null> {
  if (access.emailDomains.length > 0) {
    const domain = emailDomainOf(email)
    if (domain === null || !access.emailDomains.includes(domain)) return 'email_domain'
  }
  if (!access.allowGuests && (await isGuest(claims['acct'], client))) return 'guest'
  return access.needsAddress && email === null ? 'no_address' : null
}

/**
 * The domain of an address, in lower case; `null` unless it has exactly one `@` and an ASCII domain. Two parsers may
 * disagree about a second `@` (`a@evil.example@corp.com`, GHSA-c5c4) and about other letters.
 */
export function emailDomainOf(email: string | null): string | null {
  const [, domain] = /^[^@\s]+@([A-Za-z0-9.-]+)$/.exec(email ?? '') ?? []
  return domain?.toLowerCase() ?? null
}

/** Accounts from before 2014 have the type `null` and are members. A response without the property is a failure. */
const Me = v.object({ userType: v.nullable(v.string()) })

/** Reads the optional claim `acct`; without it, asks Graph for the person's own profile. */
async function isGuest(account: unknown, client: MembershipGraphClient | null): Promise<boolean> {
  if (account === 0 || account === '0') return false
  if (account === 1 || account === '1') return true
  if (client === null) throw membershipCheckFailed('unreadable_claim')
  const { userType } = await client
    .ask({ path: 'me?$select=userType' }, Me)
    .catch((cause: unknown) => {
      // The reason `not_permitted` would tell the operator about group permissions.
      throw isRefusal(cause) ? membershipCheckFailed('graph_refused', { cause }) : cause
    })
  return (userType ?? 'Member') !== 'Member'
}
