import type { Variables } from './variables.ts'

const KEY_LENGTH = 32

export interface ClientSettings {
  readonly id: string
  /** Tried in order, so that a secret is rotated without downtime. */
  readonly secrets: readonly string[]
  /** PEM with private key and certificate, for `private_key_jwt`; `null` when secrets are used. */
  readonly certificate: string | null
}

/** Weak keys are refused, not stretched. */
export const STORE_RANDOM = 'Store the output of `openssl rand -base64 48`'

export function readClient(variables: Variables): ClientSettings {
  const id = variables.required('OPENID_CLIENT_ID', 'Copy it from the app registration')
  const secrets = variables.list('OPENID_CLIENT_SECRET')
  const certificate = variables.pattern(
    'OPENID_CLIENT_CERTIFICATE',
    /^(?=[^]*-----BEGIN PRIVATE KEY-----)[^]*-----BEGIN CERTIFICATE-----/,
    'does not hold a PRIVATE KEY (PKCS#8) and a CERTIFICATE block',
    'Join both PEM files into one value',
  )
  if (secrets.length === 0 && certificate === null) {
    variables.problem(
      'OPENID_CLIENT_SECRET',
      'is missing, as is OPENID_CLIENT_CERTIFICATE',
      'Store one of them as a secret',
    )
  }
  return { id, secrets, certificate }
}

/** `OPENID_SESSION_SECRET`: what everything at rest is sealed with. */
export function readKeyRing(variables: Variables): readonly string[] {
  const name = 'OPENID_SESSION_SECRET'
  const ring = variables.list(name)
  if (ring.length === 0) variables.problem(name, 'is missing', STORE_RANDOM)
  for (const [index, key] of ring.entries()) {
    const place = `value ${index + 1}`
    if (key.length < KEY_LENGTH) {
      variables.problem(name, `${place} is shorter than ${KEY_LENGTH} characters`, STORE_RANDOM)
    } else if (new Set(key).size < 10) {
      variables.problem(name, `${place} can be guessed`, STORE_RANDOM)
    }
  }
  if (new Set(ring).size !== ring.length) {
    variables.problem(name, 'lists a value twice', 'List each once')
  }
  return ring
}
