import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'

export interface SigningKey {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicJwk: Readonly<Record<string, unknown>>
}

/**
 * RSA keys are slow to generate and a test process makes many sandboxes, so sandboxes share them by
 * name.
 */
const KEYS = new Map<string, Promise<SigningKey>>()

function keyNamed(name: string): Promise<SigningKey> {
  const made = KEYS.get(name) ?? generate()
  KEYS.set(name, made)
  return made
}

async function generate(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const { n = '', e = '' } = await exportJWK(publicKey)
  const kid = (await calculateJwkThumbprint({ kty: 'RSA', n, e })).slice(0, 27)
  // Entra names neither `alg` nor `key_ops`.
  return { kid, privateKey, publicJwk: { kty: 'RSA', use: 'sig', kid, x5t: kid, n, e } }
}

/** The keys of the cloud: several at once, in arbitrary order, rotated without notice. */
export class SigningKeys {
  #count = 2
  #published = ['rolling-0', 'rolling-1']
  #signing = 'rolling-0'

  signing(): Promise<SigningKey> {
    return keyNamed(this.#signing)
  }

  published(): Promise<readonly SigningKey[]> {
    return Promise.all(this.#published.map(keyNamed))
  }

  /**
   * A key for personal accounts. Multi-tenant metadata lists it, but no tenant may sign with it.
   */
  consumers(): Promise<SigningKey> {
    return keyNamed('consumers')
  }

  /** The key of an app with its own signing key. */
  ofApp(): Promise<SigningKey> {
    return keyNamed('of-the-app')
  }

  /** A key that is never published. */
  unpublished(): Promise<SigningKey> {
    return keyNamed('unpublished')
  }

  /** Starts signing with a new key. Published keys stay until they are retired. */
  roll(): void {
    this.#signing = `rolling-${this.#count++}`
    this.#published.unshift(this.#signing)
  }

  /** Withdraws every published key except the signing key and one standby key. */
  retire(): void {
    const standby = `rolling-${this.#count++}`
    this.#published = [standby, this.#signing]
  }
}
