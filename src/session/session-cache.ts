import { setBounded } from '../storage/bounded-map.ts'
import type { SessionKey } from './session-cookie.ts'
import type { SessionView } from './session.ts'

/** A living session, and the key that opens it. */
export interface KnownSession {
  readonly key: SessionKey
  readonly session: SessionView
}

interface CachedSession extends KnownSession {
  readonly checkedAt: number
  /** When the object last counted activity; 0 after polling alone. Epoch milliseconds. */
  readonly activeAt: number
}

const MAX_SESSIONS = 5_000
const MAX_ENDED = 5_000

/** Sessions that this isolate has seen, by cookie, for at most `SESSION_CHECK_SECONDS`. */
export class SessionCache {
  readonly #checkMs: number
  readonly #sessions = new Map<string, CachedSession>()
  /** Cookies and ids of ended sessions: a response in flight at the end must not be cached. */
  readonly #ended = new Map<string, true>()

  constructor(checkSeconds: number) {
    this.#checkMs = checkSeconds * 1000
  }

  /** An entry made by polling does not serve other requests: the object has to count their activity. */
  recall(cookie: string, countsAsActivity: boolean): KnownSession | null {
    const cached = this.#sessions.get(cookie)
    if (cached === undefined) return null
    const { session, checkedAt, activeAt } = cached
    const now = Date.now()
    if (countsAsActivity && now - activeAt >= this.#checkMs) return null
    const isOver = now >= Math.min(session.expiresAt, session.idleExpiresAt) * 1000
    if (!isOver && now - checkedAt < this.#checkMs) return cached
    this.#sessions.delete(cookie)
    return null
  }

  keep(cookie: string, { key, session }: KnownSession, countsAsActivity: boolean): void {
    if (this.#checkMs === 0 || this.#ended.has(cookie) || this.#ended.has(session.id)) return
    const checkedAt = Date.now()
    const activeAt = countsAsActivity ? checkedAt : (this.#sessions.get(cookie)?.activeAt ?? 0)
    const cached = { key, session, checkedAt, activeAt }
    setBounded(this.#sessions, [cookie, cached], MAX_SESSIONS)
  }

  /** Removes a cookie and never caches it again: an ended session is never restored. */
  forget(cookie: string): void {
    setBounded(this.#ended, [cookie, true], MAX_ENDED)
    this.#sessions.delete(cookie)
  }

  forgetSession(id: string): void {
    setBounded(this.#ended, [id, true], MAX_ENDED)
    for (const [cookie, { session }] of this.#sessions) {
      if (session.id === id) this.#sessions.delete(cookie)
    }
  }
}
