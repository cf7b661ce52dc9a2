import type { Variables } from './variables.ts'

const KEY_LENGTH = 32

export interface ClientSettings {
  readonly id: string
  /** Tried in order, so that a secret is rotated without downtime. */
  readonly secrets: readonly string[]
  /** PEM with private key and certificate, for `private_key_jwt`; `null` when secrets are used. */
  readonly certificate: string | null
}

export function readClient(variables: Variables): ClientSettings {
  const id = variables.required(
    'OPENID_CLIENT_ID',
    'Copy the Application (client) ID of the app registration',
  )
  const secrets = variables.list('OPENID_CLIENT_SECRET')
  const certificate = variables.text('OPENID_CLIENT_CERTIFICATE')
  if (secrets.length === 0 && certificate === null) {
    variables.problem(
      'OPENID_CLIENT_SECRET',
      'is missing, and so is OPENID_CLIENT_CERTIFICATE',
      'Store one of them with `npx wrangler secret put`',
    )
  }
  const isPem =
    certificate === null ||
    (/-----BEGIN PRIVATE KEY-----/.test(certificate) &&
      /-----BEGIN CERTIFICATE-----/.test(certificate))
  if (!isPem) {
    variables.problem(
      'OPENID_CLIENT_CERTIFICATE',
      'does not hold a PRIVATE KEY (PKCS#8) and a CERTIFICATE block',
      'Join both PEM files into one value',
    )
  }
  return { id, secrets, certificate }
}

/** `OPENID_SESSION_SECRET`: what everything at rest is sealed with. Weak keys are refused, not stretched. */
export function readKeyRing(variables: Variables): readonly string[] {
  const ring = variables.list('OPENID_SESSION_SECRET')
  if (ring.length === 0) {
    variables.required(
      'OPENID_SESSION_SECRET',
      'Store the output of `openssl rand -base64 48` as a secret',
    )
  }
  for (const [index, key] of ring.entries()) {
    const place = ring.length === 1 ? 'value' : `value ${index + 1}`
    if (key.length < KEY_LENGTH) {
      variables.problem(
        'OPENID_SESSION_SECRET',
        `${place} is shorter than ${KEY_LENGTH} characters`,
        'Store the output of `openssl rand -base64 48`',
      )
    } else if (new Set(key).size < 10) {
      variables.problem(
        'OPENID_SESSION_SECRET',
        `${place} repeats few characters and can be guessed`,
        'Store the output of `openssl rand -base64 48`',
      )
    }
  }
  if (new Set(ring).size !== ring.length) {
    variables.problem('OPENID_SESSION_SECRET', 'lists one value twice', 'Leave each value in once')
  }
  return ring
}
