import { announceRenewal, onRenewal } from './session-channel.ts'
import { watchTraffic } from './traffic.ts'

/** Kept for the tab: that it was reloaded for a session which had ended. */
const RELOADED = 'entrada:reloaded'
const SESSION = '/.entrada/session'
const HEADER = 'entrada-error'
const ENDED = 'session_required'
/** Many requests fail at once when a session ends; one question about it is enough. */
const ASK_EVERY_MS = 2000

/**
 * Turns the failures of an app whose session has ended into one reload of the page, which leads through
 * sign-in and back. The app may take that over: it is asked first, by the cancelable event
 * `entrada:session-ended` on `window`.
 */
class SessionGuard {
  readonly #fetch: typeof fetch
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(nativeFetch: typeof fetch) {
    this.#fetch = nativeFetch
  }

  start(): void {
    onRenewal(() => this.#renewed())
    if (wasReloaded()) void this.#settle()
  }

  /** Something failed the way it fails without a session. Only the session itself can tell. */
  async suspect(): Promise<void> {
    const now = performance.now()
    if (now - this.#askedAt < ASK_EVERY_MS) return
    this.#askedAt = now
    await this.#check()
  }

  async #check(): Promise<void> {
    if (await this.#isOver()) this.#end()
  }

  /** After a reload: with a session again, the next end may reload again. */
  async #settle(): Promise<void> {
    if (await this.#isOver()) return
    this.#renewed()
    announceRenewal()
  }

  #renewed(): void {
    if (!wasReloaded()) return
    sessionStorage.removeItem(RELOADED)
    window.dispatchEvent(new CustomEvent('entrada:session-renewed'))
  }

  /** `false` also when it cannot be found out: an outage is no reason to reload. */
  async #isOver(): Promise<boolean> {
    try {
      const response = await this.#fetch.call(window, SESSION, {
        headers: { accept: 'application/json' },
        credentials: 'same-origin',
        cache: 'no-store',
      })
      return response.status === 401 && response.headers.get(HEADER) === ENDED
    } catch {
      return false
    }
  }

  #end(): void {
    const event = new CustomEvent('entrada:session-ended', { cancelable: true })
    if (!window.dispatchEvent(event)) return
    // Once: whoever comes back without a session would come back for ever.
    if (wasReloaded()) return
    if (document.visibilityState === 'visible') return reload()
    // Ten tabs in the background need not all sign in; the first one that is looked at does it for them.
    document.addEventListener('visibilitychange', () => void this.#check(), { once: true })
  }
}

function reload(): void {
  try {
    sessionStorage.setItem(RELOADED, '1')
  } catch {
    return
  }
  window.location.reload()
}

function wasReloaded(): boolean {
  try {
    return sessionStorage.getItem(RELOADED) !== null
  } catch {
    // Without a memory it could go on for ever; then rather not at all.
    return true
  }
}

const guard = new SessionGuard(window.fetch)
guard.start()
watchTraffic(() => void guard.suspect())
