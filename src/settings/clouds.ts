/**
 * One Microsoft cloud. Only this file holds host names of Microsoft. Tokens and registrations are valid in one
 * cloud only.
 */
export interface Cloud {
  readonly name: string
  /** Hosts of the sign-in service. */
  readonly loginHosts: readonly string[]
  /** Origin of Microsoft Graph. */
  readonly graph: string
  /** DNS suffixes of SharePoint hosts, with the leading dot. */
  readonly sharePointSuffixes: readonly string[]
  /** Further DNS suffixes of pre-authenticated download URLs. */
  readonly downloadSuffixes: readonly string[]
  /** 21Vianet's Graph has no `/me/people`. */
  readonly hasRelevantPeople: boolean
}

const GLOBAL: Cloud = {
  name: 'global',
  loginHosts: ['login.microsoftonline.com', 'login.microsoft.com', 'sts.windows.net'],
  graph: 'https://graph.microsoft.com',
  sharePointSuffixes: ['.sharepoint.com'],
  downloadSuffixes: [
    '.svc.ms',
    '.files.1drv.com',
    '.microsoftpersonalcontent.com',
    '.storage.live.com',
  ],
  hasRelevantPeople: true,
}

/** Whether a host belongs to External ID, where customers sign in. Entrada uses no Graph with it. */
export function isExternalIdHost(hostname: string): boolean {
  return hostname.endsWith('.ciamlogin.com')
}

/** Whether a host belongs to Azure AD B2C. Entrada uses no Graph with it. */
export function isB2cHost(hostname: string): boolean {
  return hostname.endsWith('.b2clogin.com')
}

/** Authority of `organizations` and `common` when `OPENID_ISSUER` names no host. */
export const GLOBAL_AUTHORITY = `https://${GLOBAL.loginHosts[0]}`

/** All clouds with their hosts. */
export const CLOUDS: readonly Cloud[] = [
  GLOBAL,
  {
    name: 'us-government-high',
    loginHosts: ['login.microsoftonline.us'],
    graph: 'https://graph.microsoft.us',
    sharePointSuffixes: ['.sharepoint.us'],
    downloadSuffixes: [],
    hasRelevantPeople: true,
  },
  {
    name: 'us-government-dod',
    loginHosts: ['login.microsoftonline.us'],
    graph: 'https://dod-graph.microsoft.us',
    sharePointSuffixes: ['.sharepoint-mil.us', '.dps.mil'],
    downloadSuffixes: [],
    hasRelevantPeople: true,
  },
  {
    name: 'china-21vianet',
    loginHosts: ['login.partner.microsoftonline.cn', 'login.chinacloudapi.cn'],
    graph: 'https://microsoftgraph.chinacloudapi.cn',
    sharePointSuffixes: ['.sharepoint.cn'],
    downloadSuffixes: [],
    hasRelevantPeople: false,
  },
  {
    name: 'bleu',
    loginHosts: ['login.sovcloud-identity.fr'],
    graph: 'https://graph.svc.sovcloud.fr',
    sharePointSuffixes: ['.sovcloud-sharepoint.fr'],
    downloadSuffixes: [],
    hasRelevantPeople: true,
  },
  {
    name: 'delos',
    loginHosts: ['login.sovcloud-identity.de'],
    graph: 'https://graph.svc.sovcloud.de',
    sharePointSuffixes: ['.sovcloud-sharepoint.de'],
    downloadSuffixes: [],
    hasRelevantPeople: true,
  },
]

/**
 * Finds the cloud of a sign-in host; `null` for another issuer's. Two clouds of the US government share a host:
 * there the Graph URL decides, and without one it is GCC High, the larger.
 */
export function cloudOf(loginHost: string, graphOrigin: string | null): Cloud | null {
  const candidates = CLOUDS.filter((cloud) => cloud.loginHosts.includes(loginHost))
  return candidates.find((cloud) => cloud.graph === graphOrigin) ?? candidates[0] ?? null
}
