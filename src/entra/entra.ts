import * as oauth from 'oauth4webapi'
import type { Settings } from '../settings/settings.ts'
import { USER_AGENT } from '../version.ts'
import { clientAuthentications } from './client-authentication.ts'
import { discoveryDocument } from './discovery.ts'
import { IssuerKeys } from './issuer-keys.ts'
import type { DocumentStore, RemoteDocument } from './remote-document.ts'

const DEADLINE_MS = 15_000
const CLOCK_TOLERANCE_SECONDS = 60

/** The sign-in service: what every conversation with it stands on. oauth4webapi does the protocol. */
export interface Entra {
  readonly settings: Settings
  readonly redirectUri: string
  readonly metadata: RemoteDocument<oauth.AuthorizationServer>
  readonly keys: IssuerKeys
  readonly client: oauth.Client
  /** The ways we may prove who we are, in the order to try them. */
  credentials: readonly oauth.ClientAuth[]
  readonly options: Pick<
    oauth.HttpRequestOptions<'GET'>,
    typeof oauth.allowInsecureRequests | 'headers' | 'signal'
  >
}

/** @param shelf where metadata and keys outlive this isolate */
export function createEntra(settings: Settings, shelf: DocumentStore): Entra {
  const { publicOrigin, callbackPath, issuer, client } = settings
  return {
    settings,
    redirectUri: `${publicOrigin}${callbackPath}`,
    metadata: discoveryDocument(issuer, client.id, shelf),
    keys: new IssuerKeys(shelf),
    client: { client_id: client.id, [oauth.clockTolerance]: CLOCK_TOLERANCE_SECONDS },
    credentials: clientAuthentications(client),
    options: {
      [oauth.allowInsecureRequests]: issuer.authority.protocol === 'http:',
      headers: { 'user-agent': USER_AGENT },
      signal: () => AbortSignal.timeout(DEADLINE_MS),
    },
  }
}
