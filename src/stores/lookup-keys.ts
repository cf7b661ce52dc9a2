import { base64url } from 'jose'

/**
 * Names of stored look-ups. A query is somebody's name as often as not, and short enough to be guessed, so a
 * plain hash would tell it; a keyed one does not.
 */
export class LookupKeys {
  readonly #key: Promise<CryptoKey>

  /** @param keyRing the first value names; after a rotation look-ups are simply not found any more */
  constructor(keyRing: readonly string[]) {
    this.#key = deriveKey(keyRing[0] ?? '')
    // A failing import surfaces where the key is used; here it would be an unhandled rejection.
    this.#key.catch(() => undefined)
  }

  async of(...parts: readonly string[]): Promise<string> {
    const text = new TextEncoder().encode(JSON.stringify(parts))
    const mac = await crypto.subtle.sign('HMAC', await this.#key, text)
    return base64url.encode(new Uint8Array(mac, 0, 18))
  }
}

async function deriveKey(secret: string): Promise<CryptoKey> {
  const bytes = new TextEncoder().encode(secret)
  const material = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveKey'])
  const info = new TextEncoder().encode('entrada/v1/lookup-key')
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info },
    material,
    { name: 'HMAC', hash: 'SHA-256', length: 256 },
    false,
    ['sign'],
  )
}
