import { type Cloud, cloudOf, GLOBAL_AUTHORITY, isB2cHost, isExternalIdHost } from './clouds.ts'
import { isLoopback, LEAVE_OUT, type Variables } from './variables.ts'

/** How Entra names tenants, people, groups and apps. */
export function isGuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)
}

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
  /** The claim that holds a person's address. */
  readonly emailClaim: string
  /** `null` for an issuer that is not Entra: sign-in alone. */
  readonly microsoft: MicrosoftSettings | null
}

/** Reads `OPENID_ISSUER` and what depends on it. */
export function readIssuer(
  variables: Variables,
  publicUrlIsLoopback: boolean,
): IssuerSettings | null {
  const allowedTenants = variables.entries(
    'OPENID_ALLOWED_TENANTS',
    (id) => (isGuid(id) ? id.toLowerCase() : null),
    'a tenant id',
    'List GUIDs',
  )
  const graphUrl = variables.url('MICROSOFT_GRAPH_URL')
  const extraOrigins = readHosts(variables, publicUrlIsLoopback)
  const emailClaim =
    variables.pattern(
      'OPENID_EMAIL_CLAIM',
      /^[!-~]{1,200}$/,
      'is not the name of a claim',
      'Write one name, e.g. email or upn',
    ) ?? 'email'
  const authority = readAuthority(variables)
  if (authority === null) return null
  const cloud = cloudOf(authority.hostname, graphUrl?.origin ?? null)
  const graph = graphUrl?.origin ?? cloud?.graph
  const isStandIn = publicUrlIsLoopback && graphUrl !== null && isLoopback(graphUrl)
  if (graph !== cloud?.graph && !isStandIn) {
    variables.problem('MICROSOFT_GRAPH_URL', 'is not the Graph of the issuer’s cloud', LEAVE_OUT)
  }
  if (cloud !== null && !/^\/[^/]+\/v2\.0$/.test(authority.pathname)) {
    variables.problem('OPENID_ISSUER', 'is not https://{host}/{tenant}/v2.0', 'Write it like that')
  }
  const [, tenant = ''] = authority.pathname.split('/')
  const external = externalForm(authority)
  if (external !== null && !external.form.test(authority.pathname)) {
    variables.problem(
      'OPENID_ISSUER',
      `is no address of ${external.what}`,
      `Write ${external.right}`,
    )
  }
  if (cloud !== null && !/^[\w.-]+$/.test(tenant)) {
    variables.problem('OPENID_ISSUER', 'names no tenant', 'Write its id where {tenantid} stands')
  }
  const byName = MULTI_TENANT.test(tenant) ? 'template' : 'tenant'
  const kind = graph === undefined || isGuid(tenant) ? 'exact' : byName
  if (kind === 'template' && allowedTenants.length === 0) {
    variables.problem(
      'OPENID_ALLOWED_TENANTS',
      'is missing, which would admit every organisation in the world',
      'List the tenant ids that may sign in',
    )
  }
  const hasRelevantPeople = cloud?.hasRelevantPeople ?? true
  const microsoft = graph === undefined ? null : { cloud, graph, extraOrigins, hasRelevantPeople }
  return { authority, kind, allowedTenants, emailClaim, microsoft }
}

/** How the address of External ID or of a B2C policy is written; `null` for another host. */
function externalForm({ hostname, origin, pathname }: URL) {
  const steps = pathname.split('/').filter((step) => step !== '' && step !== 'v2.0')
  const prefix = steps[0] === 'tfp' ? '/tfp' : ''
  const [tenant = '{tenant id}', policy = '{policy}'] = prefix === '' ? steps : steps.slice(1)
  if (isExternalIdHost(hostname)) {
    const right = `${origin}/${tenant}/v2.0`
    return { what: 'External ID', form: /^\/[^/]+\/v2\.0$/, right }
  }
  if (!isB2cHost(hostname)) return null
  const right = `${origin}${prefix}/${tenant}/${policy}/v2.0`
  return { what: 'a B2C policy', form: /^(?:\/tfp)?\/(?!tfp\/)[^/]+\/[^/]+\/v2\.0$/, right }
}

const MULTI_TENANT = /^(?:organizations|common)$/

function readAuthority(variables: Variables): URL | null {
  const fix = `Write ${GLOBAL_AUTHORITY}/{tenant id}/v2.0, or organizations`
  const short = variables.required('OPENID_ISSUER', fix)
  if (short === '') return null
  if (MULTI_TENANT.test(short)) return new URL(`${GLOBAL_AUTHORITY}/${short}/v2.0`)
  const url = variables.baseUrl('OPENID_ISSUER')
  if (url === null) return null
  // LibreChat accepts the discovery document's own address and a trailing slash; so do we.
  url.pathname = url.pathname
    .replace(/\/\.well-known\/openid-configuration$/, '')
    .replace(/\/+$/, '')
  return url
}

/** Hosts, or an origin for a loopback stand-in whose scheme is plain http. */
function readHosts(variables: Variables, publicUrlIsLoopback: boolean): readonly string[] {
  const urls = variables.entries('SHAREPOINT_HOSTS', readHost, 'a host', 'List bare host names')
  const isTrusted = (url: URL) =>
    isLoopback(url) ? publicUrlIsLoopback : url.protocol === 'https:'
  if (!urls.every(isTrusted)) {
    variables.problem(
      'SHAREPOINT_HOSTS',
      'names a plain http or loopback host',
      'Use https; loopback is for a DOMAIN_SERVER on loopback',
    )
  }
  return urls.map(({ origin }) => origin)
}

function readHost(host: string): URL | null {
  const url = URL.parse(host.includes('://') ? host : `https://${host}`)
  return url?.href === `${url?.origin}/` ? url : null
}
