import { announceRenewal, onRenewal } from './session-channel.ts'
import { ERROR_HEADER, isSessionRequired, watchTraffic } from './traffic.ts'

/*
 * Reloads the page once when the session has ended; the reload leads through sign-in and back. The app can take over:
 * the cancelable event `entrada:session-ended` on `window` asks it first, and `entrada:session-renewed` tells it that
 * there is a session again.
 */

/** Key in the tab's session storage, which survives the reload. */
const RELOADED_KEY = 'entrada:reloaded'

/** The least time between two checks: many requests fail at once when a session ends. */
const CHECK_INTERVAL_MS = 2000
const MAX_ATTEMPTS = 3

const nativeFetch = window.fetch
let checkedAt = -CHECK_INTERVAL_MS

onRenewal(() => {
  forgetReload()
  window.dispatchEvent(new CustomEvent('entrada:session-renewed'))
})
if (hasReloaded()) void announceIfSignedIn()
watchTraffic(checkSoon)
window.addEventListener('pageshow', ({ persisted }) => {
  if (persisted || isRestoredFromCache()) void checkRestored()
})

/** After a failure that may mean the end of the session: asks Entrada whether it does. */
function checkSoon(): void {
  const now = performance.now()
  if (now - checkedAt < CHECK_INTERVAL_MS) return
  checkedAt = now
  void check(MAX_ATTEMPTS)
}

/** Checks again without an answer, because a closed event stream does not fail a second time. */
async function check(attempts: number): Promise<void> {
  const answer = await ask()
  if (answer === 'ended') end()
  else if (answer === 'unknown' && attempts > 1) {
    setTimeout(() => void check(attempts - 1), CHECK_INTERVAL_MS)
  }
}

/** After a reload: tells this tab and the others that there is a session again. */
async function announceIfSignedIn(): Promise<void> {
  if ((await ask()) === 'alive') announceRenewal()
}

/** `unknown` during an outage, which must neither reload the page nor count as signed in. */
async function ask(): Promise<'alive' | 'ended' | 'unknown'> {
  try {
    const { ok, headers } = await nativeFetch('/.entrada/session')
    return ok ? 'alive' : isSessionRequired(headers.get(ERROR_HEADER)) ? 'ended' : 'unknown'
  } catch {
    return 'unknown'
  }
}

function end(): void {
  const event = new CustomEvent('entrada:session-ended', { cancelable: true })
  // Once: a page that returns without a session would reload for ever.
  if (!window.dispatchEvent(event) || hasReloaded()) return
  if (document.visibilityState === 'visible') {
    rememberReload()
    window.location.reload()
    return
  }
  // Tabs in the background wait: the first one that becomes visible signs in for all.
  document.addEventListener('visibilitychange', recheck, { once: true })
}

/** *Back* shows pages from the HTTP cache, however old (RFC 9111 §6), or from a service worker. */
function isRestoredFromCache(): boolean {
  const [entry] = performance.getEntriesByType('navigation')
  if (!(entry instanceof PerformanceNavigationTiming)) return false
  return entry.type === 'back_forward' && entry.transferSize === 0
}

/**
 * *Back* after a sign-out restores the page with all that it showed. Hides it until the session is known to be active;
 * without a network, until there is one again.
 */
async function checkRestored(): Promise<void> {
  const { style } = document.documentElement
  style.setProperty('visibility', 'hidden', 'important')
  const answer = await ask()
  if (answer === 'unknown') {
    setTimeout(() => void checkRestored(), CHECK_INTERVAL_MS)
    return
  }
  const event = new CustomEvent('entrada:session-ended', { cancelable: true })
  // Regardless of earlier reloads: a reloaded page is not restored from history, so no loop is possible.
  if (answer === 'ended' && window.dispatchEvent(event)) window.location.reload()
  else style.removeProperty('visibility')
}

/** A named function, so that the browser adds the listener only once. */
function recheck(): void {
  void check(MAX_ATTEMPTS)
}

/** `null` where the browser blocks storage. */
function tabStorage(): Storage | null {
  try {
    return window.sessionStorage
  } catch {
    return null
  }
}

/** `true` also without storage, because the page could then reload for ever. */
function hasReloaded(): boolean {
  return tabStorage()?.getItem(RELOADED_KEY) !== null
}

/** @throws when storage is full, so that the reload does not happen */
function rememberReload(): void {
  tabStorage()?.setItem(RELOADED_KEY, '1')
}

function forgetReload(): void {
  tabStorage()?.removeItem(RELOADED_KEY)
}
