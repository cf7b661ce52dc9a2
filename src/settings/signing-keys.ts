import * as v from 'valibot'
import type { Variables } from './variables.ts'

/** A private RSA key that signs assertions (RFC 7517, RFC 7518 §6.3). */
export type PrivateSigningKey = v.InferOutput<typeof PrivateKey>

/** 2048 bits, the least that NIST SP 800-131A allows. RS256 is what Onyx and most verifiers support. */
const MODULUS_BYTES = 256

const Base64Url = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]+$/))

const PrivateKey = v.object({
  kty: v.literal('RSA'),
  kid: v.pipe(v.string(), v.nonEmpty(), v.maxLength(200)),
  alg: v.optional(v.literal('RS256')),
  use: v.optional(v.literal('sig')),
  n: v.pipe(
    Base64Url,
    v.check((modulus) => modulusBytes(modulus) >= MODULUS_BYTES, 'is shorter than 2048 bits'),
  ),
  ...v.entriesFromList(['e', 'd', 'p', 'q', 'dp', 'dq', 'qi'], Base64Url),
})

const KeySet = v.object({ keys: v.pipe(v.array(PrivateKey), v.minLength(1)) })

const FIX =
  'Store {"keys":[…]} with private RSA keys as JWK for RS256, of 2048 bits or more, each with its own kid'

/** Reads `SIGNING_KEYS`: the first key signs, all are published. `null`: Entrada generates its own. */
export function readSigningKeys(variables: Variables): readonly PrivateSigningKey[] | null {
  const keys = variables.json('SIGNING_KEYS', KeySet, FIX)?.keys ?? null
  if (keys !== null && new Set(keys.map(({ kid }) => kid)).size !== keys.length) {
    variables.problem('SIGNING_KEYS', 'uses one kid for several keys', FIX)
  }
  return keys
}

function modulusBytes(modulus: string): number {
  // Leading zero bytes, `A` in base64url, add no strength.
  return Math.floor((modulus.replace(/^A+/, '').length * 6) / 8)
}
