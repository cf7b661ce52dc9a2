import { hasReloaded, rememberReload, forgetReload } from './reload-memory.ts'
import { announceRenewal, onRenewal } from './session-channel.ts'
import { watchTraffic } from './traffic.ts'

const SESSION = '/.entrada/session'
const HEADER = 'entrada-error'
const ENDED = 'session_required'
/** Many requests fail at once when a session ends; one question about it is enough. */
const ASK_EVERY_MS = 2000
const ATTEMPTS = 3

/**
 * Turns the failures of an app whose session has ended into one reload of the page, which leads through
 * sign-in and back. The app may take that over: it is asked first, by the cancelable event
 * `entrada:session-ended` on `window`, and told by `entrada:session-renewed` when there is a session again.
 */
class SessionGuard {
  readonly #fetch: typeof fetch
  #askedAt = Number.NEGATIVE_INFINITY
  #isWaiting = false

  constructor(nativeFetch: typeof fetch) {
    this.#fetch = nativeFetch
  }

  start(): void {
    onRenewal(() => {
      forgetReload()
      window.dispatchEvent(new CustomEvent('entrada:session-renewed'))
    })
    if (hasReloaded()) void this.#settle()
  }

  /** Something failed the way it fails without a session. Only the session itself can tell. */
  async suspect(): Promise<void> {
    const now = performance.now()
    if (now - this.#askedAt < ASK_EVERY_MS) return
    this.#askedAt = now
    await this.#check()
  }

  /** A closed event stream does not fail a second time: without an answer, the question is put again. */
  async #check(attempts = ATTEMPTS): Promise<void> {
    const answer = await this.#ask()
    if (answer === 'ended') this.#end()
    else if (answer === 'unknown' && attempts > 1) {
      setTimeout(() => void this.#check(attempts - 1), ASK_EVERY_MS)
    }
  }

  /** After a reload: that there is a session again is news for this tab and for the others. */
  async #settle(): Promise<void> {
    if ((await this.#ask()) === 'alive') announceRenewal()
  }

  /** An outage is no reason to reload, nor to think that all is well. */
  async #ask(): Promise<'alive' | 'ended' | 'unknown'> {
    try {
      const { ok, status, headers } = await this.#fetch.call(window, SESSION, {
        headers: { accept: 'application/json' },
        credentials: 'same-origin',
        cache: 'no-store',
      })
      if (ok) return 'alive'
      return status === 401 && headers.get(HEADER) === ENDED ? 'ended' : 'unknown'
    } catch {
      return 'unknown'
    }
  }

  #end(): void {
    const event = new CustomEvent('entrada:session-ended', { cancelable: true })
    if (!window.dispatchEvent(event)) return
    // Once: whoever came back without a session would come back for ever.
    if (hasReloaded()) return
    if (document.visibilityState === 'visible') {
      if (rememberReload()) window.location.reload()
      return
    }
    // Ten tabs in the background need not all sign in; the first one that is looked at does it for them.
    if (this.#isWaiting) return
    this.#isWaiting = true
    const look = () => {
      this.#isWaiting = false
      void this.#check()
    }
    document.addEventListener('visibilitychange', look, { once: true })
  }
}

const guard = new SessionGuard(window.fetch)
guard.start()
watchTraffic(() => void guard.suspect())
