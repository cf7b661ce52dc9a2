import { isExternalIdHost } from '../settings/clouds.ts'
import { isGuid } from '../settings/issuer.ts'

/**
 * Whether metadata of External ID or B2C may call themselves so. OIDC Discovery §4.3 wants their issuer to be the
 * address they stand at; Microsoft's differ from it in these ways and no others.
 * @param authority where the metadata stand, as the operator wrote it
 */
export function isExternalIssuer(authority: URL, named: string): boolean {
  return isExternalId(authority, named) || isPolicyOfB2c(authority, named)
}

/** `https://{guid}.ciamlogin.com/{guid}/v2.0`, also at the tenant's name and at a domain of its own. */
function isExternalId({ hostname, pathname }: URL, named: string): boolean {
  const [, tenant = ''] = /^\/([^/]+)\/v2\.0\/?$/.exec(pathname) ?? []
  const [, host = '', guid = ''] = /^https:\/\/([^/]+)\/([^/]+)\/v2\.0$/.exec(named) ?? []
  const [label = ''] = hostname.split('.')
  const isMicrosofts = isExternalIdHost(hostname)
  // Anybody may have a host; that it is this tenant's is told by the id, or by Microsoft's own host.
  const known = [tenant, ...(isMicrosofts ? [label] : [])].filter(isGuid)
  const isTenants = known.every((id) => id.toLowerCase() === guid) && isGuid(guid)
  const isKnown = isMicrosofts ? tenant !== '' : known.length > 0
  return isKnown && isTenants && isExternalIdHost(host) && host.startsWith(`${guid}.`)
}

/** At `/{tenant}/{policy}/v2.0`: without the policy, or with it below `/tfp`; the policy in any case of letters. */
function isPolicyOfB2c({ origin, pathname }: URL, named: string): boolean {
  const [, tenant = '', policy = ''] =
    /^(?:\/tfp)?\/([^/]+)\/([^/]+)\/v2\.0\/?$/.exec(pathname) ?? []
  const below = named.startsWith(`${origin}/`) ? named.slice(origin.length) : ''
  const [, guid = '', ownPolicy = policy] =
    /^\/(?:tfp\/)?([^/]+)(?:(?<=^\/tfp\/[^/]+)\/([^/]+))?\/v2\.0\/$/.exec(below) ?? []
  const isTenants = isGuid(guid) && (!isGuid(tenant) || tenant.toLowerCase() === guid)
  return policy !== '' && isTenants && ownPolicy.toLowerCase() === policy.toLowerCase()
}
