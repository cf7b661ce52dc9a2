import { base64url } from 'jose'

/** SHA-256, base64url. Of a random secret, it verifies the secret and does not reveal it. */
export async function sha256Of(secret: string): Promise<string> {
  return base64url.encode(new Uint8Array(await crypto.subtle.digest('SHA-256', bytesOf(secret))))
}

/** UTF-8. */
export function bytesOf(text: string) {
  return new TextEncoder().encode(text)
}

/** Random bytes as base64url text. */
export function randomText(bytes: number): string {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(bytes)))
}

/** One secret of the key ring, from which keys are derived. */
interface RingKey {
  /** Names the secret in every envelope. */
  readonly id: string
  readonly material: CryptoKey
}

/** What a derived key may be used for. */
interface KeyUse {
  readonly algorithm: SubtleCryptoImportKeyAlgorithm
  readonly usages: ('encrypt' | 'decrypt' | 'sign' | 'verify')[]
}

const VERSION = 'v1'

const SEALING: KeyUse = {
  algorithm: { name: 'AES-GCM', length: 256 },
  usages: ['encrypt', 'decrypt'],
}

const NAMING: KeyUse = {
  algorithm: { name: 'HMAC', hash: 'SHA-256', length: 256 },
  usages: ['sign'],
}

const MARKING: KeyUse = {
  algorithm: { name: 'HMAC', hash: 'SHA-256', length: 256 },
  usages: ['sign', 'verify'],
}

async function importRingKey(value: string): Promise<RingKey> {
  const material = await crypto.subtle.importKey('raw', bytesOf(value), 'HKDF', false, [
    'deriveKey',
  ])
  return { id: (await sha256Of(value)).slice(0, 8), material }
}

/** @param secret the HKDF salt: the browser's half of the key, or an empty text */
function deriveKey(
  { material }: RingKey,
  {
    purpose,
    secret,
    use,
  }: { readonly purpose: string; readonly secret: string; readonly use: KeyUse },
): Promise<CryptoKey> {
  return crypto.subtle.deriveKey(
    {
      name: 'HKDF',
      hash: 'SHA-256',
      salt: bytesOf(secret),
      info: bytesOf(`entrada/${VERSION}/${purpose}`),
    },
    material,
    use.algorithm,
    false,
    use.usages,
  )
}

/** What a sealed value is for and what it belongs to. It opens in the same context alone. */
export interface SealContext {
  /** Derives a key of its own (HKDF info), so that a value of one kind never opens as another. */
  readonly purpose: string
  /** The browser's half of the key (HKDF salt). The Worker's secrets alone do not open the value. */
  readonly secret?: string
  /** Associated data: tenant, user, session, version … A value copied to another row does not open. */
  readonly bound: readonly string[]
}

const IV_BYTES = 12
/** 144 of 256 bits, more than can be guessed. */
const NAME_BYTES = 18

/**
 * AES-256-GCM under a key ring: the first key seals, all open. Envelope: `v1.{key id}.{iv}.{ciphertext}`,
 * base64url. WebCrypto and not a JWE, which would contain the associated data in clear.
 */
export class SealedBox {
  readonly #ring: Promise<readonly RingKey[]>
  /** Derived keys without a browser's half, by key id and purpose: a handful, cached. */
  readonly #derived = new Map<string, Promise<CryptoKey>>()

  constructor(keyRing: readonly string[]) {
    this.#ring = Promise.all(keyRing.map(importRingKey))
    // A failed import is reported where the ring is used; here it would be an unhandled rejection.
    this.#ring.catch(() => undefined)
  }

  async seal(plain: string, context: SealContext): Promise<string> {
    const key = await this.#newest()
    const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES))
    const sealed = await crypto.subtle.encrypt(
      { name: 'AES-GCM', iv, additionalData: associatedData(context) },
      await this.#key(key, context),
      bytesOf(plain),
    )
    return [VERSION, key.id, base64url.encode(iv), base64url.encode(new Uint8Array(sealed))].join(
      '.',
    )
  }

  /** `null` for a value that is damaged, of another context, or sealed with a key that has left the ring. */
  async open(sealed: string, context: SealContext): Promise<string | null> {
    const [version, keyId, iv, ciphertext, ...rest] = sealed.split('.')
    if (version !== VERSION || iv === undefined || ciphertext === undefined || rest.length > 0) {
      return null
    }
    const key = (await this.#ring).find(({ id }) => id === keyId)
    if (key === undefined) return null
    try {
      const plain = await crypto.subtle.decrypt(
        { name: 'AES-GCM', iv: decode(iv), additionalData: associatedData(context) },
        await this.#key(key, context),
        decode(ciphertext),
      )
      return new TextDecoder().decode(plain)
    } catch {
      // GCM reports a mismatch without a reason.
      return null
    }
  }

  /** Whether the first key of the ring sealed it. If not, the caller should seal the value again. */
  async isCurrent(sealed: string): Promise<boolean> {
    return sealed.startsWith(`${VERSION}.${(await this.#newest()).id}.`)
  }

  /**
   * A keyed hash to store a value under. Queries are people's names and short enough to be guessed, so a plain hash
   * would reveal them. After a rotation of the ring, names are different.
   */
  async nameOf(...parts: readonly string[]): Promise<string> {
    const key = await this.#key(await this.#newest(), { purpose: 'lookup-key' }, NAMING)
    const mac = await crypto.subtle.sign('HMAC', key, bytesOf(JSON.stringify(parts)))
    return base64url.encode(new Uint8Array(mac, 0, NAME_BYTES))
  }

  /** A keyed mark (HMAC-SHA-256, base64url) that later proves that Entrada made the text. */
  async mark(text: string, purpose: string): Promise<string> {
    const key = await this.#key(await this.#newest(), { purpose }, MARKING)
    return base64url.encode(new Uint8Array(await crypto.subtle.sign('HMAC', key, bytesOf(text))))
  }

  /** Whether a key of the ring made the mark for this text; compared in constant time. */
  async isMarked(text: string, mark: string, purpose: string): Promise<boolean> {
    const bytes = decodeOrNull(mark)
    if (bytes === null) return false
    for (const one of await this.#ring) {
      const key = await this.#key(one, { purpose }, MARKING)
      if (await crypto.subtle.verify('HMAC', key, bytes, bytesOf(text))) return true
    }
    return false
  }

  async #newest(): Promise<RingKey> {
    const [key] = await this.#ring
    if (key === undefined) throw new Error('the key ring is empty')
    return key
  }

  #key(
    key: RingKey,
    { purpose, secret }: Pick<SealContext, 'purpose' | 'secret'>,
    use = SEALING,
  ): Promise<CryptoKey> {
    if (secret !== undefined) return deriveKey(key, { purpose, secret, use })
    const name = `${key.id}/${purpose}`
    const known = this.#derived.get(name) ?? deriveKey(key, { purpose, secret: '', use })
    this.#derived.set(name, known)
    return known
  }
}

/** Decoders ignore spare bits of the last base64url character; only the canonical spelling is accepted. */
function decode(text: string): Uint8Array {
  const bytes = base64url.decode(text)
  if (base64url.encode(bytes) !== text) throw new TypeError('not canonical base64url')
  return bytes
}

function decodeOrNull(text: string) {
  try {
    return decode(text).slice()
  } catch {
    return null
  }
}

/** JSON, because plainly joined texts could be split elsewhere and still match. */
function associatedData({ purpose, bound }: SealContext): Uint8Array {
  return bytesOf(JSON.stringify([purpose, ...bound]))
}
