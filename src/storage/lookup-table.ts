import { withFallback } from '../time.ts'
import type { ObjectStorage } from './durable-objects.ts'

interface Lease {
  readonly holder: string
  readonly until: number
  readonly released: Promise<void>
  release(): void
}

/** Who may ask Microsoft now. In memory alone: an evicted object lets one more caller ask, which is harmless. */
export class Leases {
  readonly #leases = new Map<string, Lease>()

  /** `null`: the caller has the lease, also when it asks twice. Otherwise the lease to wait for. */
  take(name: string, holder: string, seconds: number): Lease | null {
    const lease = this.#leases.get(name)
    if (lease !== undefined && lease.until > Date.now()) {
      return lease.holder === holder ? null : lease
    }
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    this.#leases.set(name, { holder, until: Date.now() + seconds * 1000, released, release })
    return null
  }

  release(name: string): void {
    this.#leases.get(name)?.release()
    this.#leases.delete(name)
  }
}

/** One stored answer. Keys are keyed hashes and the text is sealed; the object can read neither. */
export interface LookupRow {
  readonly key: string
  readonly part: string
  readonly sealed: string
  /** Old enough to be asked for again, young enough to be used meanwhile. */
  readonly isStale: boolean
}

/** A row to store. */
export interface NewLookupRow {
  readonly key: string
  readonly part: string
  readonly sealed: string
  readonly freshSeconds: number
  /** Counted from now, the fresh time included. */
  readonly lifeSeconds: number
}

/** The stored rows, and whether the caller has the lease to ask for the others. */
export interface LeaseResult {
  readonly isGranted: boolean
  readonly rows: readonly LookupRow[]
}

/** A request to read rows and to take the lease for what is missing. */
export interface LeaseRequest {
  readonly name: string
  /** Random. The same holder again is the same call, repeated after a lost response. */
  readonly holder: string
  /** How long others wait for the holder of the lease. */
  readonly holdSeconds: number
  readonly keys: readonly string[]
  readonly parts: readonly string[]
}

const MAX_ROWS = 1000
const MAX_BYTES = 8 * 1024 * 1024
/** A row holds at most 2 MB. */
const MAX_ROW_BYTES = 1_500_000

/**
 * Cached look-ups of one owner, and the lease that lets one isolate at a time ask Graph the same thing. Runs inside a
 * Durable Object and cannot read its rows. Times are epoch milliseconds.
 */
export class LookupTable {
  readonly #storage: ObjectStorage
  readonly #leases = new Leases()
  #alarmAt = 0

  constructor(storage: ObjectStorage) {
    this.#storage = storage
    this.#createTable()
  }

  /** For each part, the row of the first key that has one that has not expired. */
  read(keys: readonly string[], parts: readonly string[]): readonly LookupRow[] {
    const now = Date.now()
    // Beside MIN(), SQLite takes the other columns from the row that has the minimum.
    return this.#storage.sql
      .exec<{ key: string; part: string; sealed: string; freshUntil: number }>(
        `SELECT lookup.key, part, sealed, fresh_until AS freshUntil, MIN(wanted.key) FROM lookup
          JOIN json_each(?) AS wanted ON wanted.value = lookup.key
          JOIN json_each(?) AS asked ON asked.value = part
          WHERE expires_at > ? GROUP BY asked.key ORDER BY asked.key`,
        JSON.stringify(keys),
        JSON.stringify(parts),
        now,
      )
      .toArray()
      .map(({ key, part, sealed, freshUntil }) => ({
        key,
        part,
        sealed,
        isStale: freshUntil <= now,
      }))
  }

  /**
   * Grants the lease to the first caller. The others wait until it calls `complete` or its time is up. Granting and
   * reading are one step, so that no caller requests what has just been stored.
   */
  async lease({ name, holder, holdSeconds, keys, parts }: LeaseRequest): Promise<LeaseResult> {
    const lease = this.#leases.take(name, holder, holdSeconds)
    if (lease !== null) {
      await withFallback(() => lease.released, {
        value: undefined,
        afterMs: lease.until - Date.now(),
      })
    }
    return { isGranted: lease === null, rows: this.read(keys, parts) }
  }

  /** Stores rows and releases the lease. Without rows it only releases. */
  async complete(leased: string | null, rows: readonly NewLookupRow[]): Promise<void> {
    const now = Date.now()
    this.#storage.transactionSync(() => {
      for (const row of rows) this.#put(row, now)
      if (rows.length > 0) this.#shrink(now)
    })
    if (leased !== null) this.#leases.release(leased)
    // The pending alarm handles later rows as well.
    if (rows.length === 0 || this.#alarmAt > now) return
    this.#alarmAt = Math.max(...rows.map(({ lifeSeconds }) => now + lifeSeconds * 1000))
    await this.#storage.setAlarm(this.#alarmAt)
  }

  /** Housekeeping alone: no row is read after its time. */
  async alarm(): Promise<void> {
    this.#storage.sql.exec('DELETE FROM lookup WHERE expires_at <= ?', Date.now())
    const { latest } = this.#storage.sql
      .exec<{ latest: number | null }>('SELECT MAX(expires_at) AS latest FROM lookup')
      .one()
    this.#alarmAt = latest ?? 0
    if (latest !== null) return this.#storage.setAlarm(latest)
    await this.#storage.deleteAll()
    this.#createTable()
  }

  #put({ key, part, sealed, freshSeconds, lifeSeconds }: NewLookupRow, now: number): void {
    if (sealed.length > MAX_ROW_BYTES) return
    this.#storage.sql.exec(
      'INSERT OR REPLACE INTO lookup VALUES (?, ?, ?, ?, ?, ?, ?)',
      key,
      part,
      sealed,
      sealed.length,
      now,
      Math.round(now + freshSeconds * 1000),
      Math.round(now + lifeSeconds * 1000),
    )
  }

  /** Deletes expired rows, then the oldest, until the rest fits. */
  #shrink(now: number): void {
    this.#storage.sql.exec(
      `DELETE FROM lookup WHERE expires_at <= ? OR rowid IN (
        SELECT rowid FROM (
          SELECT rowid, ROW_NUMBER() OVER newer AS rows, SUM(size) OVER newer AS bytes FROM lookup
          WHERE expires_at > ? WINDOW newer AS (ORDER BY written_at DESC, rowid DESC ROWS UNBOUNDED PRECEDING))
        WHERE rows > ? OR bytes > ?)`,
      now,
      now,
      MAX_ROWS,
      MAX_BYTES,
    )
  }

  #createTable(): void {
    this.#storage.sql.exec(`
      CREATE TABLE IF NOT EXISTS lookup (
        key TEXT NOT NULL, part TEXT NOT NULL, sealed TEXT NOT NULL, size INTEGER NOT NULL, written_at INTEGER NOT NULL,
        fresh_until INTEGER NOT NULL, expires_at INTEGER NOT NULL, UNIQUE (key, part));
    `)
  }
}
