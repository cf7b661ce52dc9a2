import * as v from 'valibot'
import type { VerifiedIdentity } from '../entra/id-token.ts'
import type { AccessSettings } from '../settings/membership.ts'
import { isRefusal, membershipCheckFailed, type MembershipGraphClient } from './graph-client.ts'

/** Kinds of account that are kept out whatever groups they are in. */
export type AccountRefusal = 'guest' | 'email_domain' | 'no_address'

/** The settings, and what the chat demands of an account. */
export interface AccessRules extends AccessSettings {
  /** The chat knows people by their address: without one, nobody there. */
  readonly needsAddress: boolean
}

/**
 * What the account itself stands in the way of, `null` if nothing.
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
 * The part after the one and only `@`. With a second one, two readers would disagree on which part is the
 * domain (`a@evil.example@corp.com`, GHSA-c5c4); outside ASCII, on which letters it has.
 */
export function emailDomainOf(email: string | null): string | null {
  const [, domain] = /^[^@\s]+@([A-Za-z0-9.-]+)$/.exec(email ?? '') ?? []
  return domain?.toLowerCase() ?? null
}

/** Accounts from before 2014 have no type; they are the tenant's own. An answer without the property is none. */
const Me = v.object({ userType: v.nullable(v.string()) })

/** The `acct` claim tells if the registration asks for it; else the person's own profile does. */
async function isGuest(account: unknown, client: MembershipGraphClient | null): Promise<boolean> {
  if (account === 0 || account === '0') return false
  if (account === 1 || account === '1') return true
  if (client === null) throw membershipCheckFailed('unreadable_claim')
  const { userType } = await client
    .ask({ path: 'me?$select=userType' }, Me)
    .catch((cause: unknown) => {
      // Not about groups, as a refusal otherwise would be.
      throw isRefusal(cause) ? membershipCheckFailed('graph_refused', { cause }) : cause
    })
  return (userType ?? 'Member') !== 'Member'
}
