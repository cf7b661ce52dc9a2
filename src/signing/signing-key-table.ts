import { epochSeconds } from '../time.ts'
import * as v from 'valibot'
import type { ObjectStorage } from '../storage/durable-objects.ts'
import { type SealContext, type SealedBox, sha256Of } from '../crypto/web-crypto.ts'

/** A signing key as its object returns it. Only a Worker with the key ring can open the private part. */
export type SigningKeyRecord = {
  readonly kid: string
  /** RSA modulus and exponent, base64url. */
  readonly n: string
  readonly e: string
  readonly sealedPrivateKey: string
  /** Epoch seconds from which it signs; it is published before. */
  readonly signsFrom: number
}

/** Calls of the object. */
export interface SigningKeyRpc {
  list(): Promise<readonly SigningKeyRecord[]>
}

const HOUR = 3600
const DAY = 24 * HOUR

export const ROTATION_SECONDS = 30 * DAY
/** Verifiers cache a key set for up to a day, so a key is published before it signs. */
export const PUBLISHED_AHEAD_SECONDS = 2 * DAY
/** Longer than an isolate caches keys and an assertion is valid. */
export const OVERLAP_SECONDS = DAY

/** RS256 (RFC 7518 §3.3). */
export const RS256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }

/** The members that signing needs (RFC 7518 §6.3.2), without any other. */
export const RsaPrivateJwk = v.object({
  kty: v.literal('RSA'),
  ...v.entriesFromList(['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'], v.string()),
})

/** Entrada's own signing keys. Each `list` creates, rotates and retires them as due; an alarm deletes unused ones. */
export class SigningKeyTable {
  readonly #storage: Pick<ObjectStorage, 'sql' | 'setAlarm'>
  readonly #sql: ObjectStorage['sql']
  readonly #box: SealedBox
  #upkeep: Promise<void> | null = null

  constructor(storage: Pick<ObjectStorage, 'sql' | 'setAlarm'>, box: SealedBox) {
    this.#storage = storage
    this.#sql = storage.sql
    this.#box = box
    this.#sql.exec(
      `CREATE TABLE IF NOT EXISTS signing_key (
        kid TEXT PRIMARY KEY, n TEXT NOT NULL, e TEXT NOT NULL, sealed TEXT NOT NULL,
        signs_from INTEGER NOT NULL)`,
    )
  }

  /** Every key to publish, oldest first. The last one whose `signsFrom` has passed signs. */
  async list(): Promise<readonly SigningKeyRecord[]> {
    // Single-flight: while a key is generated, a second caller would generate another.
    this.#upkeep ??= this.#keepUp().finally(() => {
      this.#upkeep = null
    })
    await this.#upkeep
    return this.#rows()
  }

  /** Deletes all keys once the newest has expired without a request for a successor. */
  async alarm(): Promise<void> {
    const newest = this.#rows().at(-1)
    if (newest === undefined) return
    const end = endOf(newest.signsFrom)
    if (epochSeconds() < end) await this.#storage.setAlarm(end * 1000)
    else this.#sql.exec('DELETE FROM signing_key')
  }

  async #keepUp(): Promise<void> {
    const now = epochSeconds()
    await this.#resealOrDrop()
    const rows = this.#rows()
    const [oldest] = rows
    const newest = rows.at(-1)
    if (oldest === undefined || newest === undefined) return this.#add(now)
    // The signing key was lost with its ring key: the published successor signs from now on.
    if (oldest.signsFrom > now) {
      this.#sql.exec('UPDATE signing_key SET signs_from = ? WHERE kid = ?', now, oldest.kid)
    }
    const nextSignsFrom = newest.signsFrom + ROTATION_SECONDS
    if (now >= nextSignsFrom - PUBLISHED_AHEAD_SECONDS) {
      await this.#add(Math.max(nextSignsFrom, now + PUBLISHED_AHEAD_SECONDS))
    }
    this.#retire(now)
  }

  async #add(signsFrom: number): Promise<void> {
    const privateKey = v.parse(RsaPrivateJwk, await generatePrivateJwk())
    const { kty, n, e } = privateKey
    // The thumbprint of RFC 7638: these members, in this order, without white space.
    const kid = await sha256Of(JSON.stringify({ e, kty, n }))
    const sealed = await this.#box.seal(JSON.stringify(privateKey), signingKeyContext(kid))
    this.#sql.exec('INSERT INTO signing_key VALUES (?, ?, ?, ?, ?)', kid, n, e, sealed, signsFrom)
    await this.#storage.setAlarm(endOf(signsFrom) * 1000)
  }

  /** Reseals keys with the first secret of the ring, and deletes those whose secret has left it. */
  async #resealOrDrop(): Promise<void> {
    for (const { kid, sealedPrivateKey } of this.#rows()) {
      if (await this.#box.isCurrent(sealedPrivateKey)) continue
      const privateKey = await this.#box.open(sealedPrivateKey, signingKeyContext(kid))
      if (privateKey === null) this.#sql.exec('DELETE FROM signing_key WHERE kid = ?', kid)
      else {
        const sealed = await this.#box.seal(privateKey, signingKeyContext(kid))
        this.#sql.exec('UPDATE signing_key SET sealed = ? WHERE kid = ?', sealed, kid)
      }
    }
  }

  #retire(now: number): void {
    this.#sql.exec(
      `DELETE FROM signing_key WHERE signs_from <
        (SELECT MAX(signs_from) FROM signing_key WHERE signs_from <= ?)`,
      now - OVERLAP_SECONDS,
    )
  }

  #rows(): readonly SigningKeyRecord[] {
    const rows = this.#sql.exec<SigningKeyRecord>(
      `SELECT kid, n, e, sealed AS sealedPrivateKey, signs_from AS signsFrom FROM signing_key
        ORDER BY signs_from`,
    )
    return rows.toArray()
  }
}

/** When a key neither signs nor verifies any more. Epoch seconds. */
function endOf(signsFrom: number): number {
  return signsFrom + ROTATION_SECONDS + OVERLAP_SECONDS
}

async function generatePrivateJwk(): Promise<unknown> {
  const generated = await crypto.subtle.generateKey(
    { ...RS256, modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) },
    true,
    ['sign', 'verify'],
  )
  if (!('privateKey' in generated)) throw new TypeError('a key pair was expected')
  return crypto.subtle.exportKey('jwk', generated.privateKey)
}

export function signingKeyContext(kid: string): SealContext {
  return { purpose: 'signing-key', bound: [kid] }
}
