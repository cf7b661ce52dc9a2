import { isGuid } from './guid.ts'
import type { Variables } from './variables.ts'

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
}

export interface RoleOptions {
  readonly isMicrosoft: boolean
  readonly reuseTokens: boolean
}

export function readRoleRule(
  variables: Variables,
  name: 'OPENID_REQUIRED_ROLE' | 'OPENID_ADMIN_ROLE',
  options: RoleOptions,
): { readonly rule: RoleRule | null; readonly warnings: readonly string[] } {
  const anyOf = [...new Set(variables.list(name))]
  const path = (variables.text(`${name}_PARAMETER_PATH`) ?? 'roles').split('.')
  const kind = variables.choice(`${name}_TOKEN_KIND`, ['id', 'graph', 'auto', 'access'], 'id')
  if (anyOf.length === 0) return { rule: null, warnings: [] }
  if (path.some((step) => step === '')) {
    variables.problem(
      `${name}_PARAMETER_PATH`,
      'has an empty step',
      'Write a path such as roles or resource.roles',
    )
  }
  const source = kind === 'access' ? 'id' : kind
  const isAboutGroups = path.join('.') === 'groups'
  if (source !== 'id' && !isAboutGroups) {
    variables.problem(
      `${name}_TOKEN_KIND`,
      'asks Graph, which tells of groups only',
      `Set ${name}_PARAMETER_PATH to groups, or this to id`,
    )
  }
  if (source !== 'id' && !options.isMicrosoft) {
    variables.problem(
      `${name}_TOKEN_KIND`,
      'asks Graph, which knows nobody of this issuer',
      'Set it to id',
    )
  }
  const acceptsTrue = name === 'OPENID_ADMIN_ROLE'
  const rule = { anyOf, path, source, isAboutGroups, acceptsTrue }
  return { rule, warnings: warningsAbout(name, { kind, rule, options }) }
}

function warningsAbout(
  name: string,
  { kind, rule, options }: { kind: string; rule: RoleRule; options: RoleOptions },
): readonly string[] {
  const warnings: string[] = []
  if (kind === 'access') {
    warnings.push(`${name}_TOKEN_KIND=access is treated as id`)
  }
  if (rule.path.join('.') === 'roles' && rule.anyOf.some(isGuid)) {
    warnings.push(
      `${name} holds a group object id. Set ${name}_PARAMETER_PATH to groups, unless the registration emits groups as roles`,
    )
  }
  if (rule.isAboutGroups && options.isMicrosoft && !rule.anyOf.every(isGuid)) {
    warnings.push(
      `${name} holds group names, which need GroupMember.Read.All and keep everyone out when two groups share one: object ids are safer`,
    )
  }
  if (rule.isAboutGroups && !options.reuseTokens) {
    warnings.push(
      `OPENID_REUSE_TOKENS=false ends sessions after MEMBERSHIP_CHECK_SECONDS, as ${name} cannot be rechecked`,
    )
  }
  return warnings
}
