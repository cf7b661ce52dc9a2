import type { ObjectStorage } from './durable-objects.ts'

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
