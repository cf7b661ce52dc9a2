import { isGuid, type IssuerSettings } from './issuer.ts'
import { LEAVE_OUT, type Variables } from './variables.ts'

/** Whom `OPENID_REQUIRED_ROLE` or `OPENID_ADMIN_ROLE` means. */
export interface RoleRule {
  /** Any of these: app roles, group object ids or group names. */
  readonly anyOf: readonly string[]
  /** Dotted path into the claims; `groups` and `roles` are Entra's own. */
  readonly path: readonly string[]
  readonly source: 'id' | 'graph' | 'auto'
  /** The path is `groups`: what the claim leaves open, Graph can tell. */
  readonly isAboutGroups: boolean
  /** As in LibreChat, a claim that is simply `true` makes an administrator, whatever the role is called. */
  readonly acceptsTrue: boolean
  /** Lower-case ids of the tenants whose people can hold it; `null`: everyone who signs in. */
  readonly tenants: readonly string[] | null
}

interface RoleRuleSurroundings {
  readonly isMicrosoft: boolean
  readonly reuseTokens: boolean
  readonly tenants: readonly string[] | null
}

export function readRoleRule(
  variables: Variables,
  name: 'OPENID_REQUIRED_ROLE' | 'OPENID_ADMIN_ROLE',
  { isMicrosoft, reuseTokens, tenants }: RoleRuleSurroundings,
): RoleRule | null {
  const [pathName, kindName] = [`${name}_PARAMETER_PATH`, `${name}_TOKEN_KIND`]
  const anyOf = [...new Set(variables.list(name))]
  const path = variables.text(pathName) ?? 'roles'
  const kind = variables.choice(kindName, ['id', 'graph', 'auto', 'access'], 'id')
  if (anyOf.length === 0) return null
  const steps = path.split('.')
  if (steps.includes('')) {
    variables.problem(pathName, 'has an empty step', 'Write e.g. roles or resource.roles')
  }
  const { warnings } = variables
  if (kind === 'access') warnings.push(`${kindName}=access is treated as id`)
  const source = kind === 'access' ? 'id' : kind
  const isAboutGroups = path === 'groups'
  if (source !== 'id' && !isAboutGroups) {
    const fix = `Set ${pathName} to groups, or this to id`
    variables.problem(kindName, 'asks Graph, which tells of groups only', fix)
  }
  if (source !== 'id' && !isMicrosoft) {
    variables.problem(kindName, 'asks Graph, which knows nobody of this issuer', 'Set it to id')
  }
  if (path === 'roles' && anyOf.some(isGuid)) {
    warnings.push(
      `${name} holds a group object id: set ${pathName} to groups, unless groups are emitted as roles`,
    )
  }
  const hasGroupNames = isAboutGroups && isMicrosoft && !anyOf.every(isGuid)
  if (hasGroupNames && tenants !== null && tenants.length > 1) {
    // Each tenant has its own groups, and in most of them everybody may create one of any name.
    const problem = 'holds group names, which say nothing where several tenants sign in'
    variables.problem(name, problem, 'Write object ids')
  } else if (hasGroupNames) {
    warnings.push(
      `${name} holds group names, which need GroupMember.Read.All and keep everyone out when two groups share one: object ids are safer`,
    )
  }
  if (isAboutGroups && !reuseTokens) {
    warnings.push(
      `OPENID_REUSE_TOKENS=false ends sessions after MEMBERSHIP_CHECK_SECONDS, as ${name} cannot be rechecked`,
    )
  }
  const acceptsTrue = name === 'OPENID_ADMIN_ROLE'
  return { anyOf, path: steps, source, isAboutGroups, acceptsTrue, tenants }
}

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

const NAME = 'OPENID_ADMIN_TENANTS'

/**
 * Reads the tenants that operators come from, lower-case; `null` where only one tenant signs in. An app role of the
 * same name can be given by the administrator of every tenant, so by default only the first one's counts.
 */
export function readAdminTenants(
  variables: Variables,
  issuer: IssuerSettings | null,
): readonly string[] | null {
  const listed = variables.entries(
    NAME,
    (id) => (isGuid(id) ? id.toLowerCase() : null),
    'a tenant id',
    'List GUIDs',
  )
  if (issuer?.kind !== 'template') {
    if (issuer !== null && listed.length > 0) {
      variables.problem(NAME, 'is for an issuer with several tenants', LEAVE_OUT)
    }
    return null
  }
  const { allowedTenants } = issuer
  if (listed.length === 0) return allowedTenants.slice(0, 1)
  if (!listed.every((id) => allowedTenants.includes(id))) {
    const fix = 'Add it there, or leave it out here'
    variables.problem(NAME, 'names a tenant that is not in OPENID_ALLOWED_TENANTS', fix)
  }
  return listed
}
