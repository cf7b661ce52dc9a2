import { setTimeout as realDelay } from 'node:timers/promises'
import { vi } from 'vitest'

/**
 * Time as the Worker sees it. It stands still until a test says otherwise, so that no deadline depends on how
 * fast the machine is; promises, streams and sockets are left alone.
 */
export const clock = {
  now: () => Date.now(),

  /** Lets the given time pass; timers that fall due on the way fire. */
  async advance(seconds: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(seconds * 1000)
  },

  /** As fast as real time from here on: for peers that take their time. */
  letRun(): void {
    vi.setTimerTickMode('interval')
  },

  /** Lets time pass second by second until the work is done: for deadlines and for peers that hang. */
  async runOut<T>(work: Promise<T>, limitSeconds = 300): Promise<T> {
    let done = false
    const finish = () => {
      done = true
    }
    work.then(finish, finish)
    for (let passed = 0; !done && passed < limitSeconds; passed++) {
      // Cryptography runs on threads: the work needs real moments to come to rest at its timer.
      await realDelay(5)
      if (!done) await vi.advanceTimersByTimeAsync(1000)
    }
    if (!done) throw new Error(`still not done after ${limitSeconds} seconds`)
    return work
  },
}

/** Called before each test of the app. Returns what gives real time back. */
export function installClock(): () => void {
  vi.useFakeTimers({
    toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
  })
  const { timeout } = AbortSignal
  AbortSignal.timeout = timeoutOnThisClock
  return () => {
    AbortSignal.timeout = timeout
    vi.useRealTimers()
  }
}

/** Node's own runs on a timer that no test can move. */
function timeoutOnThisClock(milliseconds: number): AbortSignal {
  const controller = new AbortController()
  const reason = new DOMException('The operation was aborted due to timeout', 'TimeoutError')
  setTimeout(() => controller.abort(reason), milliseconds)
  return controller.signal
}
