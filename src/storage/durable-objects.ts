import { withTimeout } from '../time.ts'

/** What we use of a Durable Object namespace: stubs by name or id, made anew for each call. */
export interface ObjectNamespace<Stub> {
  idFromName(name: string): ObjectId
  idFromString(id: string): ObjectId
  get(id: ObjectId): Stub
}

export type ObjectId = DurableObjectId

/** What we use of an object's storage. */
export type ObjectStorage = Pick<
  DurableObjectStorage,
  'sql' | 'deleteAll' | 'setAlarm' | 'deleteAlarm' | 'transactionSync'
>

/** Longer than anything an object waits for itself. */
const DEADLINE_MS = 45_000

/**
 * Calls an object, once more when the platform dropped it under us (a deployment, a move). Only for calls that
 * may run twice. An overloaded object is left alone, as Cloudflare asks, and one that does not answer is not
 * waited for until the platform gives up.
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
 * The tables of an object, made by the first write. Anybody may ask for an object by a made-up name, and asking
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

  /** Leaves an object that has never been written to. */
  async drop(): Promise<void> {
    // At once, so that whatever runs while `deleteAll` is under way finds nothing.
    this.#exist = false
    await this.#storage.deleteAlarm()
    await this.#storage.deleteAll()
  }
}
