import * as v from 'valibot'
import type { ObjectStorage } from '../stores/durable-objects.ts'
import type { UserCalls } from './session-calls.ts'

/** Identity is (tenant, object id); the object's own id is a hash of this name and shows neither. */
export function userObjectName(tenantId: string, userId: string): string {
  return `user/${tenantId}/${userId}`
}

/** `sid` of the sign-in service, the only thing a front-channel sign-out tells. */
export function browserSessionName(sid: string): string {
  return `browser-session/${sid}`
}

const Row = v.object({ session_id: v.string() })
const PauseRow = v.object({ until: v.number() })

/**
 * Which sessions there are of one user, or of one browser session at the sign-in service. Runs inside a Durable
 * Object named after it; holds handles and times, nothing else.
 */
export class UserSessions implements UserCalls {
  readonly #storage: ObjectStorage

  constructor(storage: ObjectStorage) {
    this.#storage = storage
    storage.sql.exec(`
      CREATE TABLE IF NOT EXISTS session (session_id TEXT PRIMARY KEY, expires_at INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS pause (id INTEGER PRIMARY KEY, until INTEGER NOT NULL);
    `)
  }

  async add(sessionId: string, expiresAt: number): Promise<void> {
    // Sessions that ended by themselves take themselves off; one that could not is swept here.
    this.#storage.sql.exec(
      'DELETE FROM session WHERE expires_at <= ?',
      Math.floor(Date.now() / 1000),
    )
    this.#storage.sql.exec('INSERT OR REPLACE INTO session VALUES (?, ?)', sessionId, expiresAt)
  }

  async remove(sessionId: string): Promise<void> {
    this.#storage.sql.exec('DELETE FROM session WHERE session_id = ?', sessionId)
  }

  async list(): Promise<readonly string[]> {
    return this.#storage.sql
      .exec('SELECT session_id FROM session WHERE expires_at > ?', Math.floor(Date.now() / 1000))
      .toArray()
      .map((row) => v.parse(Row, row).session_id)
  }

  async pausedUntil(): Promise<number> {
    const [row] = this.#storage.sql.exec('SELECT until FROM pause').toArray()
    return row === undefined ? 0 : v.parse(PauseRow, row).until
  }

  async pause(until: number): Promise<void> {
    this.#storage.sql.exec(
      'INSERT OR REPLACE INTO pause VALUES (1, MAX(?, ?))',
      until,
      await this.pausedUntil(),
    )
  }
}
