import { isGuid, type IssuerSettings } from './issuer.ts'
import { LEAVE_OUT, type Variables } from './variables.ts'

/** The rule of `OPENID_REQUIRED_ROLE` or `OPENID_ADMIN_ROLE`. */
export interface RoleRule {
  /** App roles, group object ids or group names; one of them is enough. */
  readonly anyOf: readonly string[]
  /** Steps into the claims; `groups` and `roles` are Entra's own claims. */
  readonly path: readonly string[]
  /** `id`: the id token. `graph`: Graph. `auto`: the id token, and Graph when the token omits groups. */
  readonly source: 'id' | 'graph' | 'auto'
  /** Whether the path is `groups`, which Graph can answer too. */
  readonly isAboutGroups: boolean
  /** Whether a claim of value `true` matches, whatever the role's name. LibreChat reads administrators so. */
  readonly acceptsTrue: boolean
  /** Lower-case ids of the tenants whose people can match; `null`: all tenants that sign in. */
  readonly tenants: readonly string[] | null
}

interface RoleRuleContext {
  readonly isMicrosoft: boolean
  readonly reuseTokens: boolean
  readonly tenants: readonly string[] | null
}

/** Reads a role rule; `null` when the setting is absent. */
export function readRoleRule(
  variables: Variables,
  name: 'OPENID_REQUIRED_ROLE' | 'OPENID_ADMIN_ROLE',
  { isMicrosoft, reuseTokens, tenants }: RoleRuleContext,
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
    const fix = `Set ${pathName} to groups, or ${kindName} to id`
    variables.problem(kindName, 'asks Graph, which can answer for groups only', fix)
  }
  if (source !== 'id' && !isMicrosoft) {
    variables.problem(
      kindName,
      'asks Graph, which does not know this issuer’s users',
      'Set it to id',
    )
  }
  if (path === 'roles' && anyOf.some(isGuid)) {
    warnings.push(
      `${name} holds a group object id: set ${pathName} to groups, unless groups are emitted as roles`,
    )
  }
  const hasGroupNames = isAboutGroups && isMicrosoft && !anyOf.every(isGuid)
  if (hasGroupNames && tenants !== null && tenants.length > 1) {
    // In most tenants everybody may create a group of any name.
    const problem = 'holds group names, but several tenants sign in and each has groups of its own'
    variables.problem(name, problem, 'Write group object ids')
  } else if (hasGroupNames) {
    warnings.push(
      `${name} holds group names, which need GroupMember.Read.All and match nobody when two groups share a name; object ids are safer`,
    )
  }
  if (isAboutGroups && !reuseTokens) {
    warnings.push(
      `OPENID_REUSE_TOKENS=false ends sessions after MEMBERSHIP_CHECK_SECONDS, because ${name} cannot be rechecked`,
    )
  }
  const acceptsTrue = name === 'OPENID_ADMIN_ROLE'
  return { anyOf, path: steps, source, isAboutGroups, acceptsTrue, tenants }
}

/** Who may sign in besides the role rules, and the text for people who may not. */
export interface AccessSettings {
  readonly allowGuests: boolean
  /** Lower-case domains; empty: any address, or none, is admitted. */
  readonly emailDomains: readonly string[]
  /** The operator's own text for people who may not sign in. */
  readonly helpText: string | null
  readonly helpUrl: string | null
}

/** Tests the text before lower-casing, which turns look-alikes such as the Kelvin sign into ASCII letters. */
const DOMAIN = /^(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}$/

const MAX_HELP_LENGTH = 600

/** Reads who may sign in besides the role rules. */
export function readAccess(variables: Variables, isMicrosoft: boolean): AccessSettings {
  const allowGuests = variables.flag('ALLOW_GUESTS', true)
  if (!allowGuests && !isMicrosoft) {
    variables.problem(
      'ALLOW_GUESTS',
      'is only for guests of an Entra tenant, and the issuer is not Entra',
      LEAVE_OUT,
    )
  }
  const helpText = variables.text('ACCESS_HELP_TEXT')
  if (helpText !== null && helpText.length > MAX_HELP_LENGTH) {
    variables.problem(
      'ACCESS_HELP_TEXT',
      `is longer than ${MAX_HELP_LENGTH} characters`,
      'Shorten it, and put the rest behind ACCESS_HELP_URL',
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
 * Reads the tenants of operators, lower-case; `null` where only one tenant signs in. The administrator of every
 * tenant can assign the app role, so by default only the first tenant's counts.
 */
export function readAdminTenants(
  variables: Variables,
  issuer: IssuerSettings | null,
): readonly string[] | null {
  const listed = variables.entries(
    NAME,
    (id) => (isGuid(id) ? id.toLowerCase() : null),
    'a tenant id',
    'List tenant ids (GUIDs), separated by commas',
  )
  if (issuer?.kind !== 'template') {
    if (issuer !== null && listed.length > 0) {
      variables.problem(NAME, 'is only for an issuer with several tenants', LEAVE_OUT)
    }
    return null
  }
  const { allowedTenants } = issuer
  if (listed.length === 0) return allowedTenants.slice(0, 1)
  if (!listed.every((id) => allowedTenants.includes(id))) {
    const fix = 'Add the tenant to OPENID_ALLOWED_TENANTS, or remove it here'
    variables.problem(NAME, 'names a tenant that is not in OPENID_ALLOWED_TENANTS', fix)
  }
  return listed
}
