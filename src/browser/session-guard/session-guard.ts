import { announceRenewal, onRenewal } from './session-channel.ts'
import { ERROR, saysEnded, watchTraffic } from './traffic.ts'

/** Kept for the tab, across the reload itself. */
const KEY = 'entrada:reloaded'

/** `null` where the browser lets pages remember nothing. */
function memory(): Storage | null {
  try {
    return window.sessionStorage
  } catch {
    return null
  }
}

/** Without a memory it could go on for ever; then rather not at all. */
export function hasReloaded(): boolean {
  return memory()?.getItem(KEY) !== null
}

/** @throws when there is no room for it: then it must not happen */
export function rememberReload(): void {
  memory()?.setItem(KEY, '1')
}

export function forgetReload(): void {
  memory()?.removeItem(KEY)
}

/*
 * Turns the failures of an app whose session has ended into one reload of the page, which leads through
 * sign-in and back. The app may take that over: it is asked first, by the cancelable event
 * `entrada:session-ended` on `window`, and told by `entrada:session-renewed` when there is a session again.
 */

/** Many requests fail at once when a session ends; one question about it is enough. */
const ASK_EVERY_MS = 2000
const ATTEMPTS = 3

const nativeFetch = window.fetch
let askedAt = -ASK_EVERY_MS

onRenewal(() => {
  forgetReload()
  window.dispatchEvent(new CustomEvent('entrada:session-renewed'))
})
if (hasReloaded()) void settle()
watchTraffic(suspect)
window.addEventListener('pageshow', ({ persisted }) => {
  if (persisted || isKeptFromHistory()) void checkRestored()
})

/** Something failed the way it fails without a session. Only the session itself can tell. */
function suspect(): void {
  const now = performance.now()
  if (now - askedAt < ASK_EVERY_MS) return
  askedAt = now
  void check(ATTEMPTS)
}

/** A closed event stream does not fail a second time: without an answer, the question is put again. */
async function check(attempts: number): Promise<void> {
  const answer = await ask()
  if (answer === 'ended') end()
  else if (answer === 'unknown' && attempts > 1) {
    setTimeout(() => void check(attempts - 1), ASK_EVERY_MS)
  }
}

/** After a reload: that there is a session again is news for this tab and for the others. */
async function settle(): Promise<void> {
  if ((await ask()) === 'alive') announceRenewal()
}

/** An outage is no reason to reload, nor to think that all is well. */
async function ask(): Promise<'alive' | 'ended' | 'unknown'> {
  try {
    const { ok, headers } = await nativeFetch('/.entrada/session')
    return ok ? 'alive' : saysEnded(headers.get(ERROR)) ? 'ended' : 'unknown'
  } catch {
    return 'unknown'
  }
}

function end(): void {
  const event = new CustomEvent('entrada:session-ended', { cancelable: true })
  // Once: whoever came back without a session would come back for ever.
  if (!window.dispatchEvent(event) || hasReloaded()) return
  if (document.visibilityState === 'visible') {
    rememberReload()
    window.location.reload()
    return
  }
  // Ten tabs in the background need not all sign in; the first one that is looked at does it for them.
  document.addEventListener('visibilitychange', recheck, { once: true })
}

/** *Back* shows what the HTTP cache has kept, however old it is (RFC 9111 §6), and so does a service worker. */
function isKeptFromHistory(): boolean {
  const [entry] = performance.getEntriesByType('navigation')
  if (!(entry instanceof PerformanceNavigationTiming)) return false
  return entry.type === 'back_forward' && entry.transferSize === 0
}

/**
 * *Back* after a sign-out brings the page back as it was, with all that it showed. It stays hidden until the
 * session is known to be alive; without a network, until there is one again.
 */
async function checkRestored(): Promise<void> {
  const { style } = document.documentElement
  style.setProperty('visibility', 'hidden', 'important')
  const answer = await ask()
  if (answer === 'unknown') {
    setTimeout(() => void checkRestored(), ASK_EVERY_MS)
    return
  }
  const event = new CustomEvent('entrada:session-ended', { cancelable: true })
  // Without a memory of former reloads: a page that is loaded anew does not come out of the history.
  if (answer === 'ended' && window.dispatchEvent(event)) window.location.reload()
  else style.removeProperty('visibility')
}

/** By name: the same listener is not added a second time. */
function recheck(): void {
  void check(ATTEMPTS)
}
