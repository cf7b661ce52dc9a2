/**
 * Where each simulated Microsoft host answers. The same handlers serve Microsoft's own names
 * (tests in one process, where nothing is resolved) and loopback ports (`npm start`, end to end).
 */
export interface SandboxHosts {
  /** Origin of the sign-in service, e.g. `https://login.microsoftonline.com`. */
  readonly login: string
  /** Origin of Microsoft Graph. */
  readonly graph: string
  /** Origin of the tenant's SharePoint sites. */
  readonly sharePoint: string
  /** Origin of the tenant's OneDrive for work. */
  readonly oneDrive: string
  /** The tenant is multi-geo: sites of its satellite in Europe, on a host of their own. */
  readonly sharePointEurope: string
  /** OneDrives of the people whose data is kept in Europe. */
  readonly oneDriveEurope: string
  /**
   * Origin that pre-authenticated download URLs name, unlike any of those above. Europe's files are downloaded
   * from the host they are on: both are seen in life.
   */
  readonly download: string
  /** Origin of the demo chat. */
  readonly chat: string
  /** Origin of the fault switchboard. */
  readonly control: string
}

/** The hosts a tenant has at SharePoint. A token for one is worth nothing at any other. */
export const SHAREPOINT_HOSTS = [
  'sharePoint',
  'oneDrive',
  'sharePointEurope',
  'oneDriveEurope',
] as const satisfies readonly (keyof SandboxHosts)[]

export type SharePointHost = (typeof SHAREPOINT_HOSTS)[number]

export function isOneDriveHost(host: SharePointHost): boolean {
  return host === 'oneDrive' || host === 'oneDriveEurope'
}

export function isInEurope(host: SharePointHost): boolean {
  return host === 'sharePointEurope' || host === 'oneDriveEurope'
}

/** Microsoft's own names, for tests that answer `fetch` in process. */
export const MICROSOFT_HOSTS: SandboxHosts = {
  login: 'https://login.microsoftonline.com',
  graph: 'https://graph.microsoft.com',
  sharePoint: 'https://contoso.sharepoint.com',
  oneDrive: 'https://contoso-my.sharepoint.com',
  sharePointEurope: 'https://contosoeur.sharepoint.com',
  oneDriveEurope: 'https://contosoeur-my.sharepoint.com',
  download: 'https://contoso-files.sharepoint.com',
  chat: 'https://origin.contoso.example',
  control: 'https://control.contoso.example',
}
