import { EntradaFailure, type FailureCode } from '../failure.ts'
import type { AccountRefusal } from './account-policy.ts'

/** Which rule, and not which groups: those are nobody's business who is not in them. */
const RULES: Readonly<Record<AccountRefusal | 'role', string>> = {
  role: 'Your account is not among those that were given access.',
  guest: 'Guest accounts have no access.',
  no_address:
    'This chat knows people by their e-mail address, and your account has none that is known to be yours.',
  email_domain: 'Accounts with an address like yours have no access.',
}

const CODES: Readonly<Record<AccountRefusal | 'role', FailureCode>> = {
  role: 'not_a_member',
  guest: 'wrong_account',
  no_address: 'no_address',
  email_domain: 'wrong_account',
}

/** @param helpText the operator's own words, to be added */
export function membershipFailure(
  reason: AccountRefusal | 'role',
  helpText: string | null,
): EntradaFailure {
  return new EntradaFailure(CODES[reason], {
    reason,
    detail: helpText === null ? RULES[reason] : `${RULES[reason]} ${helpText}`,
  })
}
