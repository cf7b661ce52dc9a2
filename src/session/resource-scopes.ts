import type { Settings } from '../settings/settings.ts'

/** Asks for a rotated refresh token, and for an id token that confirms whose it is (`oid` needs `profile`). */
const ALWAYS = 'openid profile offline_access'

/** The scope of one redemption: exactly one resource, named by us and never by a caller. */
export function scopeFor(resource: string, settings: Settings): string {
  const { microsoft } = settings.issuer
  // Of another issuer nothing is wanted but its word that the account is still there.
  if (microsoft === null) return 'openid'
  // `.default` is whatever has been consented for Graph: one missing consent must not take the others away.
  if (resource === 'graph') return `${microsoft.graph}/.default ${ALWAYS}`
  return `${resource}/${sharePointScope(settings)} ${ALWAYS}`
}

/**
 * What to ask consent for at a SharePoint host. `.default` may not stand beside named scopes (AADSTS70011) and
 * would ask for the whole registration: the two permissions the picker works with are named instead.
 */
export function consentScopesFor(origin: string, settings: Settings): readonly string[] {
  const name = sharePointScope(settings)
  const names = name === '.default' ? ['MyFiles.Read', 'AllSites.Read'] : [name]
  return names.map((one) => `${origin}/${one}`)
}

function sharePointScope({ files: { sharePointScope: template } }: Settings): string {
  return template.slice(template.lastIndexOf('/') + 1)
}
