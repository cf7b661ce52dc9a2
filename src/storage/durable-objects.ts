import { withTimeout } from '../time.ts'

/** The part of a Durable Object namespace that Entrada uses. Each call takes a new stub. */
export interface ObjectNamespace<Stub> {
  idFromName(name: string): ObjectId
  idFromString(id: string): ObjectId
  get(id: ObjectId): Stub
}

export type ObjectId = DurableObjectId

/** The part of an object's storage that Entrada uses. */
export type ObjectStorage = Pick<
  DurableObjectStorage,
  'sql' | 'deleteAll' | 'setAlarm' | 'deleteAlarm' | 'transactionSync'
>

/** Longer than any wait inside an object. */
const DEADLINE_MS = 45_000

/**
 * Calls an object, and calls it once more when the platform dropped it (a deployment, a move). Only for calls that may
 * run twice. An overloaded object is not called again, as Cloudflare asks. The wait ends after 45 seconds.
 */
export async function callObject<T>(call: () => Promise<T>): Promise<T> {
  return withTimeout(DEADLINE_MS, twice(call))
}

async function twice<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (cause) {
    if (!isRetryable(cause)) throw cause
    return call()
  }
}

function isRetryable(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  return (
    'retryable' in cause &&
    cause.retryable === true &&
    !('overloaded' in cause && cause.overloaded === true)
  )
}

/**
 * The tables of an object, created by the first write. Anybody can cause a call of an object by a forged name; that
 * must not leave a database behind.
 */
export class LazySchema {
  readonly #storage: ObjectStorage
  readonly #statements: string
  #exist: boolean

  /** @param statements `CREATE TABLE IF NOT EXISTS …` */
  constructor(storage: ObjectStorage, statements: string) {
    this.#storage = storage
    this.#statements = statements
    const found = storage.sql.exec(
      `SELECT 1 FROM sqlite_master WHERE type = 'table' AND name GLOB '[a-z]*'`,
    )
    this.#exist = found.toArray().length > 0
  }

  get exist(): boolean {
    return this.#exist
  }

  create(): void {
    if (this.#exist) return
    this.#storage.sql.exec(this.#statements)
    this.#exist = true
  }

  /** Deletes all storage: the object is as if it had never been written to. */
  async drop(): Promise<void> {
    // Set first, so that calls during `deleteAll` find no tables.
    this.#exist = false
    await this.#storage.deleteAlarm()
    await this.#storage.deleteAll()
  }
}
