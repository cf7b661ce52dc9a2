import { hasReloaded, rememberReload, forgetReload } from './reload-memory.ts'
import { announceRenewal, onRenewal } from './session-channel.ts'
import { ERROR, saysEnded, watchTraffic } from './traffic.ts'

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

/** By name: the same listener is not added a second time. */
function recheck(): void {
  void check(ATTEMPTS)
}
