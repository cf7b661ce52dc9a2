import { LEAVE_OUT, type Variables } from './variables.ts'

/** Who may come in beside what the role rules say, and what those who may not are told. */
export interface AccessSettings {
  readonly allowGuests: boolean
  /** Lower-case; empty admits any address, or none. */
  readonly emailDomains: readonly string[]
  /** The operator's own words for whoever is kept out. */
  readonly helpText: string | null
  readonly helpUrl: string | null
}

/** Held against the text as written: lower-casing folds look-alikes such as the Kelvin sign into plain letters. */
const DOMAIN = /^(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}$/

const LONGEST_HELP = 600

export function readAccess(variables: Variables, isMicrosoft: boolean): AccessSettings {
  const allowGuests = variables.flag('ALLOW_GUESTS', true)
  if (!allowGuests && !isMicrosoft) {
    variables.problem('ALLOW_GUESTS', 'is about guests of an Entra tenant', LEAVE_OUT)
  }
  const helpText = variables.text('ACCESS_HELP_TEXT')
  if (helpText !== null && helpText.length > LONGEST_HELP) {
    variables.problem(
      'ACCESS_HELP_TEXT',
      `is longer than ${LONGEST_HELP} characters`,
      'Put the rest behind ACCESS_HELP_URL',
    )
  }
  return {
    allowGuests,
    emailDomains: variables.entries(
      'ALLOWED_EMAIL_DOMAINS',
      readDomain,
      'a domain',
      'List domains such as contoso.com, international ones in their xn-- form',
    ),
    helpText,
    helpUrl: variables.url('ACCESS_HELP_URL')?.href ?? null,
  }
}

function readDomain(entry: string): string | null {
  const domain = entry.replace(/^@/, '')
  return DOMAIN.test(domain) ? domain.toLowerCase() : null
}
