import { base64url } from 'jose'
import * as oauth from 'oauth4webapi'
import { EntradaFailure } from '../failure.ts'
import type { Settings } from '../settings/settings.ts'
import type { ClientSettings } from '../settings/sign-in.ts'
import { USER_AGENT } from '../version.ts'
import { discoveryDocument, IssuerKeys } from './discovery.ts'
import type { DocumentStore, RemoteDocument } from './remote-document.ts'

const TIMEOUT_MS = 15_000
const CLOCK_TOLERANCE_SECONDS = 60

/** The sign-in service, Entra or another OpenID provider. oauth4webapi implements the protocol. */
export interface Entra {
  readonly settings: Settings
  readonly redirectUri: string
  /** Reads the discovery document; see `discoveryDocument` for what a failed read throws. */
  readonly metadata: RemoteDocument<oauth.AuthorizationServer>
  readonly keys: IssuerKeys
  readonly client: oauth.Client
  readonly credentials: ClientCredentials
  readonly options: Pick<
    oauth.HttpRequestOptions<'GET'>,
    typeof oauth.allowInsecureRequests | 'headers' | 'signal'
  >
}

/** @param store holds metadata and keys longer than this isolate lives */
export function createEntra(settings: Settings, store: DocumentStore): Entra {
  const { publicOrigin, callbackPath, issuer, client } = settings
  return {
    settings,
    redirectUri: `${publicOrigin}${callbackPath}`,
    metadata: discoveryDocument(issuer, client.id, store),
    keys: new IssuerKeys(store),
    client: { client_id: client.id, [oauth.clockTolerance]: CLOCK_TOLERANCE_SECONDS },
    credentials: new ClientCredentials(client),
    options: {
      [oauth.allowInsecureRequests]: issuer.authority.protocol === 'http:',
      headers: { 'user-agent': USER_AGENT },
      signal: () => AbortSignal.timeout(TIMEOUT_MS),
    },
  }
}

/**
 * The credentials that this client may present: one per secret, or the certificate. Two secrets are valid while an
 * operator rotates them. The order is mutable: the one that worked comes first, so that an expired secret does not
 * cost a call each time.
 */
export class ClientCredentials {
  #inOrder: readonly oauth.ClientAuth[]

  constructor({ secrets, certificate }: ClientSettings) {
    this.#inOrder =
      certificate === null
        ? secrets.map(secretAuthentication)
        : [certificateAuthentication(certificate)]
  }

  /** The credentials in the order to try them: at first the order of the setting. */
  get inOrder(): readonly oauth.ClientAuth[] {
    return this.#inOrder
  }

  /** Moves the credential that the service accepted to the front. */
  remember(accepted: oauth.ClientAuth): void {
    this.#inOrder = [accepted, ...this.#inOrder.filter((one) => one !== accepted)]
  }
}

/**
 * `client_secret_post` where the metadata list it, as Entra's do; `client_secret_basic` otherwise, which is the
 * default (OpenID Connect Discovery §3). RFC 6749 §2.3.1 has both form-encoded.
 */
function secretAuthentication(secret: string): oauth.ClientAuth {
  return (server, client, form, headers) => {
    const takesForm = server.token_endpoint_auth_methods_supported?.includes('client_secret_post')
    const authenticate = takesForm
      ? oauth.ClientSecretPost(secret)
      : oauth.ClientSecretBasic(secret)
    return authenticate(server, client, form, headers)
  }
}

const PS256 = { name: 'RSA-PSS', hash: 'SHA-256' }

/**
 * `private_key_jwt` (OpenID Connect Core §9) as Entra demands it: PS256, the certificate's SHA-256 thumbprint in
 * `x5t#S256`, and the token endpoint as audience (certificate-credentials, Microsoft identity platform).
 */
function certificateAuthentication(pem: string): oauth.ClientAuth {
  return async (server, client, form, headers) => {
    const [key, thumbprint] = await readPem(pem).catch((cause: unknown) => {
      const detail = 'OPENID_CLIENT_CERTIFICATE cannot be read.'
      throw new EntradaFailure('registration_rejected', { detail, cause })
    })
    const sign = oauth.PrivateKeyJwt(key, {
      [oauth.modifyAssertion]: (header, payload) => {
        header['x5t#S256'] = base64url.encode(new Uint8Array(thumbprint))
        header['typ'] = 'JWT'
        payload['aud'] = server.token_endpoint
      },
    })
    await sign(server, client, form, headers)
  }
}

async function readPem(pem: string): Promise<readonly [CryptoKey, ArrayBuffer]> {
  return [
    await crypto.subtle.importKey('pkcs8', pemBlock(pem, 'PRIVATE KEY'), PS256, false, ['sign']),
    await crypto.subtle.digest('SHA-256', pemBlock(pem, 'CERTIFICATE')),
  ]
}

/** The bytes of a PEM block (RFC 7468). */
function pemBlock(pem: string, label: string): Uint8Array<ArrayBuffer> {
  const [, text = ''] = new RegExp(`-BEGIN ${label}-----([^-]+)-----END`).exec(pem) ?? []
  // Secrets stored through a shell often contain a literal `\n` in place of each line break.
  const base64 = text.replaceAll(/\\n|\s/g, '')
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
}
