import { EntradaFailure } from '../failure.ts'
import type { AccountRefusal } from './account-policy.ts'

/** Which rule, and not which groups: those are nobody's business who is not in them. */
const RULES: Readonly<Record<AccountRefusal | 'role', string>> = {
  role: 'Your account is not among those that were given access.',
  guest: 'Guest accounts have no access.',
  email_domain: 'Accounts with an address like yours have no access.',
}

/** @param helpText the operator's own words, to be added */
export function refusalOf(
  reason: AccountRefusal | 'role',
  helpText: string | null,
): EntradaFailure {
  return new EntradaFailure(reason === 'role' ? 'not_a_member' : 'wrong_account', {
    reason,
    detail: helpText === null ? RULES[reason] : `${RULES[reason]} ${helpText}`,
  })
}
