import { base64url, CompactSign } from 'jose'
import * as oauth from 'oauth4webapi'
import { epochSeconds } from '../epoch-seconds.ts'
import { EntradaFailure } from '../failure.ts'
import type { ClientSettings } from '../settings/secrets.ts'

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
const LIFE_SECONDS = 60

/**
 * `private_key_jwt` (RFC 7523 §2.2) the way Entra wants it: PS256, the certificate's SHA-256 thumbprint in
 * `x5t#S256`, and the token endpoint as audience (certificate-credentials, Microsoft identity platform).
 */
function byCertificate(pem: string): oauth.ClientAuth {
  return async ({ token_endpoint: aud }, { client_id: id }, form) => {
    const [key, thumbprint] = await readPem(pem).catch((cause: unknown) => {
      const detail = 'OPENID_CLIENT_CERTIFICATE cannot be read.'
      throw new EntradaFailure('registration_rejected', { detail, cause })
    })
    const now = epochSeconds()
    const exp = now + LIFE_SECONDS
    const claims = { iss: id, sub: id, aud, jti: crypto.randomUUID(), iat: now, nbf: now, exp }
    const assertion = await new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'PS256', typ: 'JWT', 'x5t#S256': thumbprint })
      .sign(key)
    form.set('client_id', id)
    form.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    form.set('client_assertion', assertion)
  }
}

/** The private key, and the certificate's thumbprint. */
async function readPem(pem: string): Promise<readonly [CryptoKey, string]> {
  const digest = await crypto.subtle.digest('SHA-256', block(pem, 'CERTIFICATE'))
  return [
    await crypto.subtle.importKey('pkcs8', block(pem, 'PRIVATE KEY'), PS256, false, ['sign']),
    base64url.encode(new Uint8Array(digest)),
  ]
}

/** The bytes of a PEM block (RFC 7468). */
function block(pem: string, label: string): Uint8Array<ArrayBuffer> {
  const [, text = ''] = new RegExp(`-BEGIN ${label}-----([^-]+)-----END`).exec(pem) ?? []
  // Secrets stored through a shell often carry literal \n instead of line breaks.
  const base64 = text.replaceAll(/\\n|\s/g, '')
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
}
