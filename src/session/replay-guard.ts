import { randomText } from '../crypto/web-crypto.ts'
import {
  callObject,
  LazySchema,
  type ObjectNamespace,
  type ObjectStorage,
} from '../storage/durable-objects.ts'
import { epochSeconds } from '../time.ts'
import type { ReplayRpc } from './session-rpc.ts'

const USE_BYTES = 18

/** Atomic test-and-set per key: each key has a Durable Object of its own. */
export class ReplayGuard {
  readonly #objects: ObjectNamespace<ReplayRpc>

  constructor(objects: ObjectNamespace<ReplayRpc>) {
    this.#objects = objects
  }

  /**
   * Uses a key.
   * @param untilSeconds epoch seconds at which the use is forgotten
   * @returns whether this is the first use
   */
  use(key: string, untilSeconds: number): Promise<boolean> {
    // The use has a name, so that a call repeated after a lost response is no second use.
    const use = randomText(USE_BYTES)
    return callObject(() => this.#object(key).use(use, untilSeconds))
  }

  /** Whether a key has been used, without using it. */
  wasUsed(key: string): Promise<boolean> {
    return callObject(() => this.#object(key).wasUsed())
  }

  #object(key: string): ReplayRpc {
    return this.#objects.get(this.#objects.idFromName(key))
  }
}

const TABLES = `
  CREATE TABLE IF NOT EXISTS first_use (id INTEGER PRIMARY KEY, use TEXT NOT NULL, expires_at INTEGER NOT NULL);
`

/**
 * Whether one key has been used: a logout token, an authorization code, a grant that was revoked. Runs inside a
 * Durable Object named after the key, which handles one call at a time: of two uses at once, one is first.
 */
export class ReplayTable implements ReplayRpc {
  readonly #storage: ObjectStorage
  readonly #tables: LazySchema

  constructor(storage: ObjectStorage) {
    this.#storage = storage
    this.#tables = new LazySchema(storage, TABLES)
  }

  async use(use: string, untilSeconds: number): Promise<boolean> {
    const first = this.#firstUse()
    if (first !== null) return first === use
    this.#tables.create()
    this.#storage.sql.exec('INSERT OR REPLACE INTO first_use VALUES (1, ?, ?)', use, untilSeconds)
    await this.#storage.setAlarm(untilSeconds * 1000)
    return true
  }

  async wasUsed(): Promise<boolean> {
    return this.#firstUse() !== null
  }

  /** Deletes the row after its time. Most objects here are never called again. */
  async alarm(): Promise<void> {
    if (!this.#tables.exist) return
    const [row] = this.#storage.sql
      .exec<{ expiresAt: number }>('SELECT expires_at AS expiresAt FROM first_use')
      .toArray()
    if (row === undefined || row.expiresAt <= epochSeconds()) await this.#tables.drop()
    else await this.#storage.setAlarm(row.expiresAt * 1000)
  }

  #firstUse(): string | null {
    if (!this.#tables.exist) return null
    const [row] = this.#storage.sql
      .exec<{ use: string }>('SELECT use FROM first_use WHERE expires_at > ?', epochSeconds())
      .toArray()
    return row?.use ?? null
  }
}
