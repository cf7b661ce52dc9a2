import { setBounded } from '../storage/bounded-map.ts'
import type { SessionKey } from './session-cookie.ts'
import type { SessionView } from './session.ts'

/** A living session, and the key that opens it. */
export interface KnownSession {
  readonly key: SessionKey
  readonly session: SessionView
}

interface Remembered extends KnownSession {
  readonly checkedAt: number
  /** When the object last counted it as activity; 0 while only polling has asked. */
  readonly touchedAt: number
}

const REMEMBERED_SESSIONS = 5_000
const REMEMBERED_ENDS = 5_000

/** What this isolate knows of sessions, by cookie and for at most `SESSION_CHECK_SECONDS`. */
export class SessionCache {
  readonly #checkMs: number
  readonly #remembered = new Map<string, Remembered>()
  /** Cookies and ids of sessions that are over: an answer that was on its way then must not bring one back. */
  readonly #ended = new Map<string, true>()

  constructor(checkSeconds: number) {
    this.#checkMs = checkSeconds * 1000
  }

  /** What polling learned does not answer a person, of whose activity the object must hear. */
  recall(cookie: string, touch: boolean): KnownSession | null {
    const remembered = this.#remembered.get(cookie)
    if (remembered === undefined) return null
    const { session, checkedAt, touchedAt } = remembered
    const now = Date.now()
    if (touch && now - touchedAt >= this.#checkMs) return null
    const isOver = now >= Math.min(session.expiresAt, session.idleExpiresAt) * 1000
    if (!isOver && now - checkedAt < this.#checkMs) return remembered
    this.#remembered.delete(cookie)
    return null
  }

  keep(cookie: string, { key, session }: KnownSession, touch: boolean): void {
    if (this.#checkMs === 0 || this.#ended.has(cookie) || this.#ended.has(session.id)) return
    const checkedAt = Date.now()
    const touchedAt = touch ? checkedAt : (this.#remembered.get(cookie)?.touchedAt ?? 0)
    const remembered = { key, session, checkedAt, touchedAt }
    setBounded(this.#remembered, [cookie, remembered], REMEMBERED_SESSIONS)
  }

  /** For good: a session that is over never lives again. */
  forget(cookie: string): void {
    setBounded(this.#ended, [cookie, true], REMEMBERED_ENDS)
    this.#remembered.delete(cookie)
  }

  forgetSession(id: string): void {
    setBounded(this.#ended, [id, true], REMEMBERED_ENDS)
    for (const [cookie, { session }] of this.#remembered) {
      if (session.id === id) this.#remembered.delete(cookie)
    }
  }
}
