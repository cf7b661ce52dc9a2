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
  /** Origin that pre-authenticated download URLs name. In the tenant it is neither of the two above. */
  readonly download: string
  /** Origin of the demo chat. */
  readonly chat: string
  /** Origin of the fault switchboard. */
  readonly control: string
}

/** Microsoft's own names, for tests that answer `fetch` in process. */
export const MICROSOFT_HOSTS: SandboxHosts = {
  login: 'https://login.microsoftonline.com',
  graph: 'https://graph.microsoft.com',
  sharePoint: 'https://contoso.sharepoint.com',
  oneDrive: 'https://contoso-my.sharepoint.com',
  download: 'https://contoso-files.sharepoint.com',
  chat: 'https://origin.contoso.example',
  control: 'https://control.contoso.example',
}
