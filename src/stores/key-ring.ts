import { bytesOf, sha256Of } from './digest.ts'

/** One secret of the ring, from which the keys are derived. */
export interface RingKey {
  /** Says which one it is, in every envelope. */
  readonly id: string
  readonly material: CryptoKey
}

/** What a derived key may do, and nothing else. */
export interface KeyUse {
  readonly algorithm: SubtleCryptoImportKeyAlgorithm
  readonly usages: ('encrypt' | 'decrypt' | 'sign' | 'verify')[]
}

export const VERSION = 'v1'

export const SEALING: KeyUse = {
  algorithm: { name: 'AES-GCM', length: 256 },
  usages: ['encrypt', 'decrypt'],
}

export const NAMING: KeyUse = {
  algorithm: { name: 'HMAC', hash: 'SHA-256', length: 256 },
  usages: ['sign'],
}

export const MARKING: KeyUse = {
  algorithm: { name: 'HMAC', hash: 'SHA-256', length: 256 },
  usages: ['sign', 'verify'],
}

export async function importRingKey(value: string): Promise<RingKey> {
  const material = await crypto.subtle.importKey('raw', bytesOf(value), 'HKDF', false, [
    'deriveKey',
  ])
  return { id: (await sha256Of(value)).slice(0, 8), material }
}

/** @param secret the salt: the browser's half of the key, or nothing */
export function deriveKey(
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
