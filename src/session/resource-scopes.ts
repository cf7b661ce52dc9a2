import type { Settings } from '../settings/settings.ts'

/** Part of each redemption: a rotated refresh token, and an id token that says whose it is (`oid` needs `profile`). */
const OIDC_SCOPES = 'openid profile offline_access'

/** The scope of one redemption, for exactly one resource. No caller can add to it. */
export function scopeFor(resource: string, settings: Settings): string {
  const { microsoft } = settings.issuer
  // Another issuer is asked only whether the account still exists.
  if (microsoft === null) return 'openid'
  // `.default` covers all scopes with consent. Named scopes would fail together when one lacks consent.
  if (resource === 'graph') return `${microsoft.graph}/.default ${OIDC_SCOPES}`
  return `${resource}/${sharePointScope(settings)} ${OIDC_SCOPES}`
}

/**
 * The scopes to ask consent for at a SharePoint host. `.default` cannot be combined with named scopes (AADSTS70011)
 * and asks for the whole registration, so the two permissions that the picker uses are named instead.
 */
export function consentScopesFor(origin: string, settings: Settings): readonly string[] {
  const name = sharePointScope(settings)
  const names = name === '.default' ? ['MyFiles.Read', 'AllSites.Read'] : [name]
  return names.map((one) => `${origin}/${one}`)
}

function sharePointScope({ files: { sharePointScope: template } }: Settings): string {
  return template.slice(template.lastIndexOf('/') + 1)
}
