import { parseJson } from '../json.ts'
import {
  compactVerify,
  createLocalJWKSet,
  SignJWT,
  type JSONWebKeySet,
  type JWTPayload,
} from 'jose'
import * as v from 'valibot'
import { epochSeconds } from '../time.ts'
import { EntradaFailure } from '../failure.ts'
import type { PrivateSigningKey } from '../settings/chat.ts'
import { callObject, type ObjectNamespace } from '../storage/durable-objects.ts'
import type { SealedBox } from '../crypto/web-crypto.ts'
import {
  RS256,
  RsaPrivateJwk,
  signingKeyContext,
  type SigningKeyRpc,
  type SigningKeyRecord,
} from './signing-key-table.ts'

export interface SigningKey {
  readonly kid: string
  readonly privateKey: CryptoKey
  /** Epoch seconds. */
  readonly signsFrom: number
}

interface KeyRing {
  /** Oldest first. */
  readonly keys: readonly SigningKey[]
  readonly published: JSONWebKeySet
  readonly loadedAt: number
}

export interface SigningKeysDeps {
  /** `SIGNING_KEYS`; `null` when Entrada makes its own. */
  readonly configured: readonly PrivateSigningKey[] | null
  readonly box: SealedBox
  readonly objects: ObjectNamespace<SigningKeyRpc>
}

const Claims = v.record(v.string(), v.unknown())

/** One object in all, because there is one issuer. */
const OBJECT_NAME = 'assertion'
const FRESH_MS = 10 * 60 * 1000
/** Keys stay published for a day after their last use, so cached ones serve while their object is down. */
const USABLE_MS = 12 * 60 * 60 * 1000

/** The signing keys in this isolate: imported once, cached for ten minutes. */
export class SigningKeys {
  readonly #deps: SigningKeysDeps
  #ring: KeyRing | null = null

  constructor(deps: SigningKeysDeps) {
    this.#deps = deps
  }

  /** @throws EntradaFailure `misconfigured` when `SIGNING_KEYS` holds no working key */
  async current(): Promise<SigningKey> {
    const { keys } = await this.#load()
    // By this isolate's clock the very first key may not sign yet.
    const signing = keys.findLast(({ signsFrom }) => signsFrom <= epochSeconds()) ?? keys[0]
    if (signing === undefined) throw new EntradaFailure('internal')
    return signing
  }

  async published(): Promise<JSONWebKeySet> {
    return (await this.#load()).published
  }

  async sign(claims: JWTPayload): Promise<string> {
    return signedBy(await this.current(), claims)
  }

  /** The claims of a token that these keys signed, also of an expired one; `null` for any other. */
  async verify(token: string): Promise<Readonly<Record<string, unknown>> | null> {
    try {
      const { payload } = await compactVerify(token, createLocalJWKSet(await this.published()))
      return parseJson(new TextDecoder().decode(payload), Claims)
    } catch {
      return null
    }
  }

  /**
   * Each request that finds no cached keys loads them itself. Workers cancel a request's I/O when its client goes away,
   * and a request that waits for it would hang.
   */
  async #load(): Promise<KeyRing> {
    const known = this.#ring
    const age = known === null ? Infinity : Date.now() - known.loadedAt
    if (known !== null && age < FRESH_MS) return known
    try {
      this.#ring = await this.#loadAnew()
      return this.#ring
    } catch (cause) {
      if (known !== null && age < USABLE_MS) return known
      throw cause
    }
  }

  async #loadAnew(): Promise<KeyRing> {
    const { configured, box, objects } = this.#deps
    if (configured !== null) return ringOf([await firstOf(configured)], configured)
    const object = () => objects.get(objects.idFromName(OBJECT_NAME))
    const records = await callObject(() => object().list())
    const keys: SigningKey[] = []
    for (const { kid, sealedPrivateKey, signsFrom } of records) {
      const jwk = await box.open(sealedPrivateKey, signingKeyContext(kid))
      if (jwk === null) continue
      keys.push({ kid, signsFrom, privateKey: await importPrivateKey(JSON.parse(jwk)) })
    }
    return ringOf(keys, records)
  }
}

/** An RS256 JWT. */
export function signedBy({ kid, privateKey }: SigningKey, claims: JWTPayload): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid }).sign(privateKey)
}

/** `GET /.entrada/jwks.json`. Keys are published two days before they sign, so verifiers may keep the set. */
export async function jwksResponse(keys: SigningKeys): Promise<Response> {
  return new Response(JSON.stringify(await keys.published()), {
    headers: {
      'content-type': 'application/jwk-set+json',
      'cache-control': 'public, max-age=3600',
    },
  })
}

async function firstOf([signing]: readonly PrivateSigningKey[]): Promise<SigningKey> {
  try {
    return { kid: signing?.kid ?? '', privateKey: await importPrivateKey(signing), signsFrom: 0 }
  } catch (cause) {
    // Numbers that are base64url but no RSA key: settings check only their form.
    throw new EntradaFailure('misconfigured', { cause })
  }
}

async function importPrivateKey(jwk: unknown): Promise<CryptoKey> {
  return crypto.subtle.importKey('jwk', v.parse(RsaPrivateJwk, jwk), RS256, false, ['sign'])
}

/** Publishes the listed members alone, so that no private one is published. */
function ringOf(
  keys: readonly SigningKey[],
  records: readonly Pick<SigningKeyRecord, 'kid' | 'n' | 'e'>[],
): KeyRing {
  const published = records.map(({ kid, n, e }) => {
    return { kty: 'RSA', use: 'sig', alg: 'RS256', kid, n, e }
  })
  return { keys, published: { keys: published }, loadedAt: Date.now() }
}
