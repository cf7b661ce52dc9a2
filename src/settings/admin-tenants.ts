import { isGuid } from './guid.ts'
import type { IssuerSettings } from './issuer.ts'
import { LEAVE_OUT, type Variables } from './variables.ts'

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
