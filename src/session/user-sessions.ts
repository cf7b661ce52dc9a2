import { epochSeconds } from '../time.ts'
import { LazySchema, type ObjectStorage } from '../storage/durable-objects.ts'
import type { UserRpc } from './session-rpc.ts'

/** Names the object of a user: (tenant id, object id). The object's own id is a hash and shows neither. */
export function userObjectName(tenantId: string, userId: string): string {
  return `user/${tenantId}/${userId}`
}

/** Names the object of a browser session: `sid` is all that a front-channel sign-out contains. */
export function browserSessionName(sid: string): string {
  return `browser-session/${sid}`
}

const TABLES = `
  CREATE TABLE IF NOT EXISTS session (session_id TEXT PRIMARY KEY, expires_at INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS pause (id INTEGER PRIMARY KEY, until INTEGER NOT NULL);
`

/**
 * The sessions of one user, or of one browser session at the sign-in service, and Entra's pause for the user. Runs
 * inside a Durable Object named after it; stores handles and times alone.
 */
export class UserSessions implements UserRpc {
  readonly #storage: ObjectStorage
  readonly #tables: LazySchema

  constructor(storage: ObjectStorage) {
    this.#storage = storage
    this.#tables = new LazySchema(storage, TABLES)
  }

  async add(sessionId: string, expiresAt: number): Promise<void> {
    this.#tables.create()
    // A session removes itself when it ends; a row whose removal failed is deleted here.
    this.#storage.sql.exec('DELETE FROM session WHERE expires_at <= ?', epochSeconds())
    this.#storage.sql.exec('INSERT OR REPLACE INTO session VALUES (?, ?)', sessionId, expiresAt)
    await this.#scheduleAlarm()
  }

  async remove(sessionId: string): Promise<void> {
    if (!this.#tables.exist) return
    this.#storage.sql.exec('DELETE FROM session WHERE session_id = ?', sessionId)
    const isEmpty = (await this.list()).length === 0 && (await this.pausedUntil()) <= epochSeconds()
    if (isEmpty) await this.#tables.drop()
  }

  async list(): Promise<readonly string[]> {
    return this.#living()
  }

  async pausedUntil(): Promise<number> {
    if (!this.#tables.exist) return 0
    const [row] = this.#storage.sql.exec<{ until: number }>('SELECT until FROM pause').toArray()
    return row?.until ?? 0
  }

  async pause(until: number): Promise<void> {
    this.#tables.create()
    const longest = Math.max(until, await this.pausedUntil())
    this.#storage.sql.exec('INSERT OR REPLACE INTO pause VALUES (1, ?)', longest)
    await this.#scheduleAlarm()
  }

  /**
   * Deletes expired rows, and the tables with the last one. Housekeeping alone: no row is read after its time.
   * The object of a browser session is often never called again.
   */
  async alarm(): Promise<void> {
    if (!this.#tables.exist) return
    const now = epochSeconds()
    this.#storage.sql.exec('DELETE FROM session WHERE expires_at <= ?', now)
    this.#storage.sql.exec('DELETE FROM pause WHERE until <= ?', now)
    if (this.#lastEnd() === null) await this.#tables.drop()
    else await this.#scheduleAlarm()
  }

  /** Sets the one alarm to the time at which the last row expires. */
  async #scheduleAlarm(): Promise<void> {
    const lastEnd = this.#lastEnd()
    if (lastEnd !== null) await this.#storage.setAlarm(lastEnd * 1000)
  }

  /** Epoch seconds at which the last row expires; `null` without rows. */
  #lastEnd(): number | null {
    return this.#storage.sql
      .exec<{ end: number | null }>(
        `SELECT MAX(ends_at) AS end FROM
          (SELECT expires_at AS ends_at FROM session UNION ALL SELECT until FROM pause)`,
      )
      .one().end
  }

  #living(): readonly string[] {
    if (!this.#tables.exist) return []
    return this.#storage.sql
      .exec<{ id: string }>(
        'SELECT session_id AS id FROM session WHERE expires_at > ?',
        epochSeconds(),
      )
      .toArray()
      .map(({ id }) => id)
  }
}
