import type { Variables } from './variables.ts'

/** Whom `OPENID_REQUIRED_ROLE` or `OPENID_ADMIN_ROLE` means. */
export interface RoleRule {
  /** Any of these: app roles, group object ids or group names. */
  readonly anyOf: readonly string[]
  /** Dotted path into the claims; `groups` and `roles` are Entra's own. */
  readonly path: readonly string[]
  readonly source: 'id' | 'graph' | 'auto'
}

export function readRoleRule(
  variables: Variables,
  name: 'OPENID_REQUIRED_ROLE' | 'OPENID_ADMIN_ROLE',
): { readonly rule: RoleRule | null; readonly warnings: readonly string[] } {
  const anyOf = variables.list(name)
  const path = (variables.text(`${name}_PARAMETER_PATH`) ?? 'roles').split('.')
  const kind = variables.choice(
    `${name}_TOKEN_KIND`,
    ['id', 'graph', 'auto', 'access'] as const,
    'id',
  )
  if (anyOf.length === 0) return { rule: null, warnings: [] }
  if (path.some((step) => step === '')) {
    variables.problem(
      `${name}_PARAMETER_PATH`,
      'has an empty step',
      'Write a path such as roles or resource.roles',
    )
  }
  if (kind !== 'id' && kind !== 'access' && path.join('.') !== 'groups') {
    variables.problem(
      `${name}_TOKEN_KIND`,
      'asks Graph for something other than groups',
      `Set ${name}_PARAMETER_PATH to groups, or the kind to id`,
    )
  }
  const warnings =
    kind === 'access'
      ? [`${name}_TOKEN_KIND=access is treated as id: access tokens for Graph are not ours to read`]
      : []
  return { rule: { anyOf, path, source: kind === 'access' ? 'id' : kind }, warnings }
}
