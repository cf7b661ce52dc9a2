import { cloudOf, GLOBAL_AUTHORITY, type Cloud } from './clouds.ts'
import { isGuid } from './guid.ts'
import { isLoopback, type Variables } from './variables.ts'

export interface MicrosoftSettings {
  readonly cloud: Cloud | null
  /** Origin of Graph. */
  readonly graph: string
  /** Exact origins accepted as SharePoint or download host beside the cloud's. */
  readonly extraOrigins: readonly string[]
  readonly hasRelevantPeople: boolean
}

export interface IssuerSettings {
  /** Where discovery is read, without `/.well-known/…`. */
  readonly authority: URL
  /**
   * What the metadata's `issuer` may be: `exact` the authority itself; `tenant` the same path with the
   * tenant's GUID in it (a tenant named by domain still has its GUID in `issuer`); `template` the literal
   * `{tenantid}` of `organizations` and `common`.
   */
  readonly kind: 'exact' | 'tenant' | 'template'
  /** Lower-case tenant ids; empty means the issuer alone decides. */
  readonly allowedTenants: readonly string[]
  /** `null` for an issuer that is not Entra: sign-in alone. */
  readonly microsoft: MicrosoftSettings | null
}

/** Reads `OPENID_ISSUER` and what depends on it. */
export function readIssuer(
  variables: Variables,
  publicUrlIsLoopback: boolean,
): IssuerSettings | null {
  const allowedTenants = variables.list('OPENID_ALLOWED_TENANTS').map((id) => id.toLowerCase())
  for (const id of allowedTenants) {
    if (!isGuid(id)) {
      variables.problem(
        'OPENID_ALLOWED_TENANTS',
        `holds “${id}”, which is not a tenant id`,
        'List GUIDs only',
      )
    }
  }
  const authority = readAuthority(variables)
  if (authority === null) return null
  const microsoft = readMicrosoft(variables, authority, publicUrlIsLoopback)
  const tenant = microsoft === null ? null : (authority.pathname.split('/')[1] ?? '')
  const kind =
    tenant === null || isGuid(tenant)
      ? 'exact'
      : tenant === 'organizations' || tenant === 'common'
        ? 'template'
        : 'tenant'
  if (kind === 'template' && allowedTenants.length === 0) {
    variables.problem(
      'OPENID_ALLOWED_TENANTS',
      'is missing although the issuer is multi-tenant, which would admit every organisation in the world',
      'List the tenant ids that may sign in',
    )
  }
  return { authority, kind, allowedTenants, microsoft }
}

function readAuthority(variables: Variables): URL | null {
  const short = variables.text('OPENID_ISSUER')
  if (short === null) {
    variables.problem(
      'OPENID_ISSUER',
      'is missing',
      `Write ${GLOBAL_AUTHORITY}/{tenant id}/v2.0, or organizations`,
    )
    return null
  }
  if (short === 'organizations' || short === 'common') {
    return new URL(`${GLOBAL_AUTHORITY}/${short}/v2.0`)
  }
  const url = variables.url('OPENID_ISSUER')
  if (url === null) return null
  if (url.search !== '') {
    variables.problem('OPENID_ISSUER', 'carries a query', 'Leave everything from the ? on out')
    return null
  }
  // LibreChat accepts the discovery document's own address and a trailing slash; so do we.
  url.pathname = url.pathname
    .replace(/\/\.well-known\/openid-configuration$/, '')
    .replace(/\/+$/, '')
  return url
}

function readMicrosoft(
  variables: Variables,
  authority: URL,
  publicUrlIsLoopback: boolean,
): MicrosoftSettings | null {
  const graphUrl = variables.url('MICROSOFT_GRAPH_URL')
  const extraOrigins = variables
    .list('SHAREPOINT_HOSTS')
    .flatMap((host) => readHost(variables, host, publicUrlIsLoopback))
  const cloud = cloudOf(authority.hostname, graphUrl?.origin ?? null)
  if (cloud === null && graphUrl === null) return null
  if (
    graphUrl !== null &&
    cloud?.graph !== graphUrl.origin &&
    !(publicUrlIsLoopback && isLoopback(graphUrl))
  ) {
    variables.problem(
      'MICROSOFT_GRAPH_URL',
      'is not the Graph of the issuer’s cloud',
      cloud === null
        ? 'Leave it out for an issuer that is not Entra'
        : `Leave it out or write ${cloud.graph}`,
    )
    return null
  }
  if (cloud !== null && authority.pathname.split('/').length !== 3) {
    variables.problem(
      'OPENID_ISSUER',
      'is not of the form {host}/{tenant}/v2.0',
      'Copy it from the app registration',
    )
  }
  if (cloud !== null && !authority.pathname.endsWith('/v2.0')) {
    variables.problem('OPENID_ISSUER', 'names the old v1.0 endpoint', 'Let it end with /v2.0')
  }
  return {
    cloud,
    graph: graphUrl?.origin ?? cloud?.graph ?? '',
    extraOrigins,
    hasRelevantPeople: cloud?.hasRelevantPeople ?? true,
  }
}

/** A host, or an origin for a loopback stand-in whose scheme is plain http. */
function readHost(
  variables: Variables,
  host: string,
  publicUrlIsLoopback: boolean,
): readonly string[] {
  const text = host.includes('://') ? host : `https://${host}`
  const url = URL.canParse(text) ? new URL(text) : null
  if (
    url === null ||
    url.pathname !== '/' ||
    url.search !== '' ||
    url.hash !== '' ||
    url.username !== ''
  ) {
    variables.problem(
      'SHAREPOINT_HOSTS',
      `holds “${host}”, which is not a host`,
      'List bare host names',
    )
    return []
  }
  if (isLoopback(url) && !publicUrlIsLoopback) {
    variables.problem(
      'SHAREPOINT_HOSTS',
      'names a loopback host',
      'Loopback is for a DOMAIN_SERVER on loopback',
    )
    return []
  }
  if (url.protocol === 'http:' && !isLoopback(url)) {
    variables.problem(
      'SHAREPOINT_HOSTS',
      'names a plain http host',
      'Files are fetched over https only',
    )
    return []
  }
  return [url.origin]
}
