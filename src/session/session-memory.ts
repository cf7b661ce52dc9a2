import { rememberNewest } from '../stores/newest.ts'
import type { Session } from './session.ts'

interface Remembered {
  readonly session: Session
  readonly checkedAt: number
  /** When the object last counted it as activity; 0 while only polling has asked. */
  readonly touchedAt: number
}

const REMEMBERED_SESSIONS = 5_000

/** What this isolate knows of sessions, by cookie and for at most `SESSION_CHECK_SECONDS`. */
export class SessionMemory {
  readonly #checkMs: number
  readonly #remembered = new Map<string, Remembered>()

  constructor(checkSeconds: number) {
    this.#checkMs = checkSeconds * 1000
  }

  /** What polling learned does not answer a person, of whose activity the object must hear. */
  recall(cookie: string, touch: boolean): Session | null {
    const remembered = this.#remembered.get(cookie)
    if (remembered === undefined) return null
    const { session, checkedAt, touchedAt } = remembered
    const now = Date.now()
    if (touch && now - touchedAt >= this.#checkMs) return null
    const isOver = now >= Math.min(session.expiresAt, session.idleExpiresAt) * 1000
    if (!isOver && now - checkedAt < this.#checkMs) return session
    this.#remembered.delete(cookie)
    return null
  }

  keep(cookie: string, session: Session, touch: boolean): void {
    if (this.#checkMs === 0) return
    const checkedAt = Date.now()
    const touchedAt = touch ? checkedAt : (this.#remembered.get(cookie)?.touchedAt ?? 0)
    const remembered = { session, checkedAt, touchedAt }
    rememberNewest(this.#remembered, [cookie, remembered], REMEMBERED_SESSIONS)
  }

  forget(cookie: string): void {
    this.#remembered.delete(cookie)
  }

  forgetSession(id: string): void {
    for (const [cookie, { session }] of this.#remembered) {
      if (session.id === id) this.#remembered.delete(cookie)
    }
  }
}
