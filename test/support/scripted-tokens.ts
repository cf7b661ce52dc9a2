import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose'

export type Claims = Record<string, unknown>

export interface SigningKey {
  readonly kid: string
  readonly alg: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

export interface IssuerKeyPairs {
  readonly first: SigningKey
  readonly second: SigningKey
  readonly elliptic: SigningKey
  readonly unpublished: SigningKey
}

/** Made once per process, for all issuers: making an RSA key takes a tenth of a second. */
export const KEYS = makeKeys()

async function makeKeys(): Promise<IssuerKeyPairs> {
  const [first, second, elliptic, unpublished] = await Promise.all([
    makeKey('first', 'RS256'),
    makeKey('second', 'RS256'),
    makeKey('elliptic', 'ES256'),
    makeKey('unpublished', 'RS256'),
  ])
  return { first, second, elliptic, unpublished }
}

async function makeKey(kid: string, alg: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg)
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, use: 'sig' } }
}

/** Signs with that key. The header names the key; `header` changes it. */
export function signedBy(
  key: SigningKey,
  header: Claims = {},
): (claims: Claims) => Promise<string> {
  const full = Object.entries({ alg: key.alg, kid: key.kid, ...header })
  const said = Object.fromEntries(full.filter(([, value]) => value !== undefined))
  return (claims) =>
    new SignJWT(claims).setProtectedHeader({ ...said, alg: key.alg }).sign(key.privateKey)
}

/** A token of these parts, unchecked: for headers and signatures that no library makes. */
export function assembled(header: Claims, claims: Claims, signature: string): string {
  const part = (value: Claims) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part(header)}.${part(claims)}.${signature}`
}

/** A copy without those members. */
export function without(...names: readonly string[]): (claims: Claims) => Claims {
  return (claims) =>
    Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)))
}
