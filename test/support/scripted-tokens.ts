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

/** RSA keys take a tenth of a second each; every issuer of a test process may have the same. */
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

/** Signs with that key and says so in the header, changed by `header`. */
export function signedBy(
  key: SigningKey,
  header: Claims = {},
): (claims: Claims) => Promise<string> {
  const full = Object.entries({ alg: key.alg, kid: key.kid, ...header })
  const said = Object.fromEntries(full.filter(([, value]) => value !== undefined))
  return (claims) =>
    new SignJWT(claims).setProtectedHeader({ ...said, alg: key.alg }).sign(key.privateKey)
}

/** A token whose parts are what they are: for headers and signatures no library would make. */
export function assembled(header: Claims, claims: Claims, signature: string): string {
  const part = (value: Claims) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part(header)}.${part(claims)}.${signature}`
}

/** Without those members. */
export function without(...names: readonly string[]): (claims: Claims) => Claims {
  return (claims) =>
    Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)))
}
