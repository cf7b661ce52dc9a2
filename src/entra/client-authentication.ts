import { base64url } from 'jose'
import * as oauth from 'oauth4webapi'
import type { ClientSettings } from '../settings/secrets.ts'

/**
 * The ways we may prove who we are, in the order to try them. Several secrets live side by side while one is
 * rotated; with a certificate there is one way.
 */
export class ClientCredentials {
  readonly #client: ClientSettings
  #inOrder: Promise<readonly oauth.ClientAuth[]> | null = null

  constructor(client: ClientSettings) {
    this.#client = client
  }

  inOrder(): Promise<readonly oauth.ClientAuth[]> {
    this.#inOrder ??= createAuthentications(this.#client)
    return this.#inOrder
  }

  /** The one that was accepted comes first from now on: a rotated-out secret should not cost a call each time. */
  async prefer(accepted: oauth.ClientAuth): Promise<void> {
    const others = (await this.inOrder()).filter((one) => one !== accepted)
    this.#inOrder = Promise.resolve([accepted, ...others])
  }
}

async function createAuthentications(client: ClientSettings): Promise<readonly oauth.ClientAuth[]> {
  return client.certificate === null
    ? client.secrets.map(secretAuthentication)
    : [await certificateAuthentication(client.certificate)]
}

/**
 * In the form where the service says it takes that, as Entra does; in the `Authorization` header otherwise,
 * which is what its silence means (OIDC Discovery §3). Both are form-encoded (RFC 6749 §2.3.1).
 */
function secretAuthentication(secret: string): oauth.ClientAuth {
  const inForm = oauth.ClientSecretPost(secret)
  const inHeader = oauth.ClientSecretBasic(secret)
  return (server, client, form, headers) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    const authenticate = methods.includes('client_secret_post') ? inForm : inHeader
    return authenticate(server, client, form, headers)
  }
}

const PS256 = { name: 'RSA-PSS', hash: 'SHA-256' }

/**
 * `private_key_jwt` the way Entra wants it: PS256, the certificate's SHA-256 thumbprint in `x5t#S256`, and the
 * token endpoint as audience (certificate-credentials, Microsoft identity platform).
 */
async function certificateAuthentication(pem: string): Promise<oauth.ClientAuth> {
  const privateKey = block(pem, 'PRIVATE KEY')
  const key = await crypto.subtle.importKey('pkcs8', privateKey, PS256, false, ['sign'])
  const digest = await crypto.subtle.digest('SHA-256', block(pem, 'CERTIFICATE'))
  const thumbprint = base64url.encode(new Uint8Array(digest))
  return async (server, client, form, headers) => {
    const sign = oauth.PrivateKeyJwt(key, {
      [oauth.modifyAssertion]: (header, payload) => {
        header['x5t#S256'] = thumbprint
        header['typ'] = 'JWT'
        payload['aud'] = server.token_endpoint
      },
    })
    await sign(server, client, form, headers)
  }
}

/** The bytes of a PEM block (RFC 7468). */
function block(pem: string, label: string): Uint8Array<ArrayBuffer> {
  const match = new RegExp(`-----BEGIN ${label}-----([^-]+)-----END ${label}-----`).exec(pem)
  if (match?.[1] === undefined) throw new Error(`no ${label} block`)
  // Secrets stored through a shell often carry literal \n instead of line breaks.
  const base64 = match[1].replaceAll(/\\n|\s/g, '')
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
}
