import { withFallback } from '../time.ts'
import type { ObjectStorage } from './durable-objects.ts'

interface Lease {
  readonly holder: string
  readonly until: number
  readonly released: Promise<void>
  release(): void
}

/** Whose turn it is to ask. In memory: an object that forgets it lets one more caller ask, no worse. */
export class Leases {
  readonly #leases = new Map<string, Lease>()

  /** `null`: it is the caller's turn, which it may ask twice; otherwise who has to be waited for. */
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

/** One answer as it is stored: nothing in it can be read here. */
export interface LookupRow {
  readonly key: string
  readonly part: string
  readonly sealed: string
  /** Old enough to be asked for again, young enough to be shown meanwhile. */
  readonly isStale: boolean
}

export interface NewLookupRow {
  readonly key: string
  readonly part: string
  readonly sealed: string
  readonly freshSeconds: number
  /** From now on, fresh time included. */
  readonly lifeSeconds: number
}

/** What is there now, and whether it is the caller's turn to ask for what is not. */
export interface LeaseResult {
  readonly isGranted: boolean
  readonly rows: readonly LookupRow[]
}

export interface LeaseRequest {
  readonly name: string
  /** Random. The same one again is the same caller, whose answer was lost on its way. */
  readonly holder: string
  /** Others wait this long for the one who was granted it. */
  readonly holdSeconds: number
  readonly keys: readonly string[]
  readonly parts: readonly string[]
}

const MAX_ROWS = 1000
const MAX_BYTES = 8 * 1024 * 1024
/** A row holds at most 2 MB. */
const MAX_ROW_BYTES = 1_500_000

/**
 * Look-ups behind one Durable Object, and the place where two isolates asking the same thing meet. It stores
 * and hands out; what the rows say is nobody's business here. Times are epoch milliseconds.
 */
export class LookupTable {
  readonly #storage: ObjectStorage
  readonly #leases = new Leases()
  #alarmAt = 0

  constructor(storage: ObjectStorage) {
    this.#storage = storage
    this.#createTable()
  }

  /** For each part the row of the first key that has a living one. */
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
   * Says who asks Microsoft. The first caller does; the others are held until it has settled or its time is
   * up. Granting and reading are one step, so that nobody asks for what has just been stored.
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

  /** Stores what was found and lets those go who wait for it. Without rows it only does the latter. */
  async complete(leased: string | null, rows: readonly NewLookupRow[]): Promise<void> {
    const now = Date.now()
    this.#storage.transactionSync(() => {
      for (const row of rows) this.#put(row, now)
      if (rows.length > 0) this.#shrink(now)
    })
    if (leased !== null) this.#leases.release(leased)
    // One that is pending looks after what came later, too.
    if (rows.length === 0 || this.#alarmAt > now) return
    this.#alarmAt = Math.max(...rows.map(({ lifeSeconds }) => now + lifeSeconds * 1000))
    await this.#storage.setAlarm(this.#alarmAt)
  }

  /** Housekeeping alone: no row is read after its time, whether this ran or not. */
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

  /** What has expired goes first, then the oldest, until the rest fits. */
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
