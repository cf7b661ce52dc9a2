import { type Cloud, cloudOf, GLOBAL_AUTHORITY, isB2cHost, isExternalIdHost } from './clouds.ts'
import { isLoopback, LEAVE_OUT, type Variables } from './variables.ts'

/** Where Graph and SharePoint are. */
export interface MicrosoftSettings {
  /** `null` with a loopback stand-in for Microsoft. */
  readonly cloud: Cloud | null
  /** Origin of Graph. */
  readonly graph: string
  /** `SHAREPOINT_HOSTS`: origins that count as SharePoint and download hosts beside the cloud's. */
  readonly extraOrigins: readonly string[]
  /** Whether Graph has `/me/people`. */
  readonly hasRelevantPeople: boolean
}

/** `OPENID_ISSUER` and the settings that depend on it. */
export interface IssuerSettings {
  /** Base URL of the discovery document, without `/.well-known/…`. */
  readonly authority: URL
  /**
   * Form of `issuer` in the discovery document. `exact`: the authority itself. `tenant`: the authority with the
   * tenant's GUID in place of its domain. `template`: the literal `{tenantid}` of `organizations` and `common`.
   */
  readonly kind: 'exact' | 'tenant' | 'template'
  /** Lower-case tenant ids; empty: the issuer alone decides. */
  readonly allowedTenants: readonly string[]
  /** Name of the claim with a person's email address. */
  readonly emailClaim: string
  /** `null` for an issuer that is not Entra: sign-in only. */
  readonly microsoft: MicrosoftSettings | null
}

/** Reads `OPENID_ISSUER` and the settings that depend on it; `null` when no issuer can be read. */
export function readIssuer(variables: Variables, isPublicLoopback: boolean): IssuerSettings | null {
  const allowedTenants = variables.entries(
    'OPENID_ALLOWED_TENANTS',
    (id) => (isGuid(id) ? id.toLowerCase() : null),
    'a tenant id',
    'List tenant ids (GUIDs), separated by commas',
  )
  const graphUrl = variables.url('MICROSOFT_GRAPH_URL')
  const extraOrigins = readHosts(variables, isPublicLoopback)
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
  const isStandIn = isPublicLoopback && graphUrl !== null && isLoopback(graphUrl)
  if (graph !== cloud?.graph && !isStandIn) {
    variables.problem(
      'MICROSOFT_GRAPH_URL',
      'is not the Graph address of the issuer’s cloud',
      LEAVE_OUT,
    )
  }
  if (cloud !== null && !/^\/[^/]+\/v2\.0$/.test(authority.pathname)) {
    variables.problem(
      'OPENID_ISSUER',
      'does not have the form https://{host}/{tenant id}/v2.0',
      'Write the issuer in this form',
    )
  }
  const [, tenant = ''] = authority.pathname.split('/')
  const external = externalForm(authority)
  if (external !== null && !external.form.test(authority.pathname)) {
    variables.problem(
      'OPENID_ISSUER',
      `is not an address of ${external.service}`,
      `Write ${external.right}`,
    )
  }
  if (cloud !== null && !/^[\w.-]+$/.test(tenant)) {
    variables.problem(
      'OPENID_ISSUER',
      'names no tenant',
      'Write the tenant id in place of {tenantid}',
    )
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

/** The form of an issuer of External ID or of a B2C policy; `null` for another host. */
function externalForm({ hostname, origin, pathname }: URL) {
  const steps = pathname.split('/').filter((step) => step !== '' && step !== 'v2.0')
  const prefix = steps[0] === 'tfp' ? '/tfp' : ''
  const [tenant = '{tenant id}', policy = '{policy}'] = prefix === '' ? steps : steps.slice(1)
  if (isExternalIdHost(hostname)) {
    const right = `${origin}/${tenant}/v2.0`
    return { service: 'External ID', form: /^\/[^/]+\/v2\.0$/, right }
  }
  if (!isB2cHost(hostname)) return null
  const right = `${origin}${prefix}/${tenant}/${policy}/v2.0`
  return { service: 'a B2C policy', form: /^(?:\/tfp)?\/(?!tfp\/)[^/]+\/[^/]+\/v2\.0$/, right }
}

const MULTI_TENANT = /^(?:organizations|common)$/

function readAuthority(variables: Variables): URL | null {
  const fix = `Write ${GLOBAL_AUTHORITY}/{tenant id}/v2.0, or organizations`
  const short = variables.required('OPENID_ISSUER', fix)
  if (short === '') return null
  if (MULTI_TENANT.test(short)) return new URL(`${GLOBAL_AUTHORITY}/${short}/v2.0`)
  const url = variables.baseUrl('OPENID_ISSUER')
  if (url === null) return null
  // LibreChat also accepts the URL of the discovery document and a slash at the end.
  url.pathname = url.pathname
    .replace(/\/\.well-known\/openid-configuration$/, '')
    .replace(/\/+$/, '')
  return url
}

/** Reads `SHAREPOINT_HOSTS`: host names, or origins of loopback stand-ins, which use plain http. */
function readHosts(variables: Variables, isPublicLoopback: boolean): readonly string[] {
  const urls = variables.entries(
    'SHAREPOINT_HOSTS',
    readHost,
    'a host',
    'List host names without a path',
  )
  const isTrusted = (url: URL) => (isLoopback(url) ? isPublicLoopback : url.protocol === 'https:')
  if (!urls.every(isTrusted)) {
    variables.problem(
      'SHAREPOINT_HOSTS',
      'names a plain http or loopback host',
      'Use https. Loopback hosts need a DOMAIN_SERVER on loopback',
    )
  }
  return urls.map(({ origin }) => origin)
}

function readHost(host: string): URL | null {
  const url = URL.parse(host.includes('://') ? host : `https://${host}`)
  return url?.href === `${url?.origin}/` ? url : null
}

/** Whether a text is a GUID, the form of Entra's ids of tenants, people, groups and apps. */
export function isGuid(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)
}
