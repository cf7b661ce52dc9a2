import { base64url } from 'jose'
import * as oauth from 'oauth4webapi'
import { EntradaFailure } from '../failure.ts'
import type { Settings } from '../settings/settings.ts'
import type { ClientSettings } from '../settings/sign-in.ts'
import { USER_AGENT } from '../version.ts'
import { discoveryDocument, IssuerKeys } from './discovery.ts'
import type { DocumentStore, RemoteDocument } from './remote-document.ts'

/** Several secrets live side by side while one is rotated; with a certificate there is one way. */
export function clientAuthentications({
  secrets,
  certificate,
}: ClientSettings): readonly oauth.ClientAuth[] {
  return certificate === null ? secrets.map(bySecret) : [byCertificate(certificate)]
}

/**
 * In the form where the service says it takes that, as Entra does; in the `Authorization` header otherwise,
 * which is what its silence means (OIDC Discovery §3). Both are form-encoded (RFC 6749 §2.3.1).
 */
function bySecret(secret: string): oauth.ClientAuth {
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
 * `private_key_jwt` the way Entra wants it: PS256, the certificate's SHA-256 thumbprint in `x5t#S256`, and the
 * token endpoint as audience (certificate-credentials, Microsoft identity platform).
 */
function byCertificate(pem: string): oauth.ClientAuth {
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
    await crypto.subtle.importKey('pkcs8', block(pem, 'PRIVATE KEY'), PS256, false, ['sign']),
    await crypto.subtle.digest('SHA-256', block(pem, 'CERTIFICATE')),
  ]
}

/** The bytes of a PEM block (RFC 7468). */
function block(pem: string, label: string): Uint8Array<ArrayBuffer> {
  const [, text = ''] = new RegExp(`-BEGIN ${label}-----([^-]+)-----END`).exec(pem) ?? []
  // Secrets stored through a shell often carry literal \n instead of line breaks.
  const base64 = text.replaceAll(/\\n|\s/g, '')
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
}

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
