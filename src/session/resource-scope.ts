import type { Settings } from '../settings/settings.ts'
import type { Entra } from '../entra/entra.ts'
import { redeemRefreshToken } from '../entra/redemption.ts'
import type { RefreshTokenRedeemer } from './token-keeper.ts'

/** Asks for a rotated refresh token, and for an id token that confirms whose it is (`oid` needs `profile`). */
const ALWAYS = 'openid profile offline_access'

/** The scope of one redemption: exactly one resource, named by us and never by a caller. */
export function scopeFor(resource: string, settings: Settings): string {
  const { microsoft } = settings.issuer
  // Of another issuer nothing is wanted but its word that the account is still there.
  if (microsoft === null) return 'openid'
  // `.default` is whatever has been consented for Graph: one missing consent must not take the others away.
  if (resource === 'graph') return `${microsoft.graph}/.default ${ALWAYS}`
  const template = settings.files.sharePointScope
  return `${resource}/${template.slice(template.lastIndexOf('/') + 1)} ${ALWAYS}`
}

/**
 * What to ask consent for at a SharePoint host. `.default` may not stand beside named scopes (AADSTS70011) and
 * would ask for the whole registration: the two permissions the picker works with are named instead.
 */
export function consentScopesFor(origin: string, settings: Settings): readonly string[] {
  const template = settings.files.sharePointScope
  const name = template.slice(template.lastIndexOf('/') + 1)
  const names = name === '.default' ? ['MyFiles.Read', 'AllSites.Read'] : [name]
  return names.map((one) => `${origin}/${one}`)
}

export function createRedeemer(entra: Entra, settings: Settings): RefreshTokenRedeemer {
  return (refreshToken, { resource, claims, subject }) => {
    return redeemRefreshToken(entra, refreshToken, {
      scope: scopeFor(resource, settings),
      subject,
      wantsIdentity: settings.requiredRole !== null || settings.adminRole !== null,
      claims,
    })
  }
}
