import { DatabaseSync } from 'node:sqlite'

/**
 * The state an object keeps without its instance: its database, its key-value pairs and its alarm.
 */
export class ObjectDisk {
  readonly name: string
  database = new DatabaseSync(':memory:')
  readonly pairs = new Map<string, unknown>()
  /** Epoch milliseconds. */
  alarm: number | null = null

  constructor(name: string) {
    this.name = name
  }

  wipe(): void {
    this.database.close()
    this.database = new DatabaseSync(':memory:')
    this.pairs.clear()
    this.alarm = null
  }

  /** Every stored value as text, to search for secrets. */
  *contents(): Generator<string> {
    const tables = this.database.prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    )
    for (const { name } of tables.all()) {
      const rows = this.database.prepare(`SELECT * FROM "${String(name)}"`)
      rows.setReadBigInts(true)
      for (const row of rows.iterate()) {
        for (const value of Object.values(row)) {
          yield value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value)
        }
      }
    }
    for (const [key, value] of this.pairs) yield `${key}=${JSON.stringify(value)}`
  }
}
