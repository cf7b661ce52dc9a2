/** One Microsoft cloud: no host literal stands anywhere else. Tokens and registrations never cross clouds. */
export interface Cloud {
  readonly name: string
  /** Hosts of the sign-in service. */
  readonly loginHosts: readonly string[]
  /** Origin of Microsoft Graph. */
  readonly graph: string
  /** DNS suffixes of SharePoint sites, with the leading dot. */
  readonly sharePointSuffixes: readonly string[]
  /** Further suffixes that a pre-authenticated download URL may name. */
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

/** A host of External ID, where customers sign in. No Graph of ours comes with it. */
export function isExternalIdHost(hostname: string): boolean {
  return hostname.endsWith('.ciamlogin.com')
}

export function isB2cHost(hostname: string): boolean {
  return hostname.endsWith('.b2clogin.com')
}

/** Where `organizations` and `common` are looked for when they are named without a host. */
export const GLOBAL_AUTHORITY = `https://${GLOBAL.loginHosts[0]}`

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
 * The cloud of a sign-in host. Two clouds of the US government share one; there the Graph URL decides,
 * and GCC High, the larger, is what an unset one means.
 */
export function cloudOf(loginHost: string, graphOrigin: string | null): Cloud | null {
  const candidates = CLOUDS.filter((cloud) => cloud.loginHosts.includes(loginHost))
  return candidates.find((cloud) => cloud.graph === graphOrigin) ?? candidates[0] ?? null
}
