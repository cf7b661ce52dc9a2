import type { DatabaseSync } from 'node:sqlite'
import type { ObjectDisk } from './object-disk.ts'
import { copyAcrossRpc } from './rpc-serialization.ts'
import { SqlStorageDouble } from './sql-storage.ts'

/** One instance's handle on its disk. The handle of a destroyed instance throws. */
export class ObjectStorageDouble {
  readonly sql: SqlStorageDouble
  readonly #disk: ObjectDisk
  readonly #hasAlarmHandler: () => boolean
  #revoked: Error | null = null
  #savepoints = 0

  constructor(disk: ObjectDisk, hasAlarmHandler: () => boolean) {
    this.#disk = disk
    this.#hasAlarmHandler = hasAlarmHandler
    this.sql = new SqlStorageDouble(() => this.#open().database)
  }

  revoke(reason: Error): void {
    this.#revoked = reason
  }

  async get(keys: string | readonly string[]): Promise<unknown> {
    const { pairs } = this.#open()
    if (typeof keys === 'string') return structuredClone(pairs.get(keys))
    const found = keys.filter((key) => pairs.has(key)).sort()
    return new Map(found.map((key) => [key, structuredClone(pairs.get(key))]))
  }

  async put(keys: string | Readonly<Record<string, unknown>>, value?: unknown): Promise<void> {
    const entries = typeof keys === 'string' ? { [keys]: value } : keys
    for (const [key, one] of Object.entries(entries)) {
      if (one === undefined) throw new TypeError('put() called with undefined value.')
      this.#open().pairs.set(key, copyAcrossRpc(one))
    }
  }

  async delete(keys: string | readonly string[]): Promise<boolean | number> {
    const { pairs } = this.#open()
    if (typeof keys === 'string') return pairs.delete(keys)
    return keys.filter((key) => pairs.delete(key)).length
  }

  async list(options: { prefix?: string } = {}): Promise<Map<string, unknown>> {
    const entries = [...this.#open().pairs].filter(([key]) => key.startsWith(options.prefix ?? ''))
    return new Map(structuredClone(entries).sort(([one], [other]) => (one < other ? -1 : 1)))
  }

  /** With our compatibility date, `deleteAll` also deletes the alarm. */
  async deleteAll(): Promise<void> {
    this.#open().wipe()
  }

  async getAlarm(): Promise<number | null> {
    return this.#open().alarm
  }

  async setAlarm(at: number | Date): Promise<void> {
    if (!this.#hasAlarmHandler()) {
      throw new TypeError(
        'Your Durable Object class must have an alarm() handler in order to call setAlarm()',
      )
    }
    this.#open().alarm = Number(at)
  }

  async deleteAlarm(): Promise<void> {
    this.#open().alarm = null
  }

  transactionSync<T>(callback: () => T): T {
    const { database } = this.#open()
    const name = this.#begin(database)
    try {
      const result = callback()
      database.exec(`RELEASE ${name}`)
      return result
    } catch (cause) {
      database.exec(`ROLLBACK TO ${name}; RELEASE ${name}`)
      throw cause
    } finally {
      this.#savepoints -= 1
    }
  }

  async transaction<T>(callback: (transaction: this) => Promise<T>): Promise<T> {
    const { database } = this.#open()
    const name = this.#begin(database)
    try {
      const result = await callback(this)
      database.exec(`RELEASE ${name}`)
      return result
    } catch (cause) {
      database.exec(`ROLLBACK TO ${name}; RELEASE ${name}`)
      throw cause
    } finally {
      this.#savepoints -= 1
    }
  }

  async sync(): Promise<void> {
    this.#open()
  }

  #begin(database: DatabaseSync): string {
    this.#savepoints += 1
    const name = `savepoint_${this.#savepoints}`
    database.exec(`SAVEPOINT ${name}`)
    return name
  }

  #open(): ObjectDisk {
    if (this.#revoked !== null) throw this.#revoked
    return this.#disk
  }
}
