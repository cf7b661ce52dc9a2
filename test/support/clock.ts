import { setImmediate as nextTurn, setTimeout as realDelay } from 'node:timers/promises'
import { vi } from 'vitest'

/**
 * Time as the Worker sees it. It stands still until a test lets it pass, so that no deadline depends on how
 * fast the machine is. Promises, streams and sockets are left alone.
 *
 * Before time passes, the work that is under way comes to rest. Cryptography runs on threads: on a busy machine
 * one signature takes longer than minutes of this clock, and every deadline would fall due meanwhile.
 */
export const clock = {
  now: () => Date.now(),

  /** Lets the given time pass. Timers that fall due within it fire. */
  async advance(seconds: number): Promise<void> {
    await atRest()
    await vi.advanceTimersByTimeAsync(seconds * 1000)
  },

  /** From here on time passes as fast as real time, for peers that answer late. */
  letRun(): void {
    stopRunning()
    const ticking = new AbortController()
    stopRunning = () => ticking.abort()
    void keepRunning(ticking.signal)
  },

  /** Lets time pass second by second until the work is done: for deadlines and for peers that hang. */
  async runOut<T>(work: Promise<T>, limitSeconds = 300): Promise<T> {
    let done = false
    const finish = () => {
      done = true
    }
    work.then(finish, finish)
    for (let passed = 0; !done && passed < limitSeconds; passed++) {
      // Streams and sockets are not counted: they get a real moment as well.
      await realDelay(REAL_MOMENT_MS)
      await atRest()
      if (!done) await vi.advanceTimersByTimeAsync(1000)
    }
    await atRest()
    if (!done) throw new Error(`still not done after ${limitSeconds} seconds`)
    return work
  },
}

/** Called before each test of the app. Returns what gives real time back. */
export function installClock(): () => void {
  const restoreCryptography = countCryptography()
  vi.useFakeTimers({
    toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
  })
  const { timeout } = AbortSignal
  AbortSignal.timeout = timeoutOnThisClock
  return () => {
    stopRunning()
    AbortSignal.timeout = timeout
    vi.useRealTimers()
    restoreCryptography()
  }
}

/** Turns of the event loop without cryptography after which only a timer can bring work further. */
const TURNS_AT_REST = 10
const TICK_MS = 10
/** Real time before each second of `runOut`, in which streams and sockets move on. */
const REAL_MOMENT_MS = 5

let cryptographyUnderWay = 0
let stopRunning = () => {}

async function atRest(): Promise<void> {
  for (let turns = 0; turns < TURNS_AT_REST; turns++) {
    await nextTurn()
    if (cryptographyUnderWay > 0) turns = 0
  }
}

async function keepRunning(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await realDelay(TICK_MS)
    await atRest()
    if (!signal.aborted) await vi.advanceTimersByTimeAsync(TICK_MS)
  }
}

const OPERATIONS = [
  'decrypt',
  'deriveBits',
  'deriveKey',
  'digest',
  'encrypt',
  'exportKey',
  'generateKey',
  'importKey',
  'sign',
  'unwrapKey',
  'verify',
  'wrapKey',
] as const

/** Counts the operations of WebCrypto that have not settled. Returns what restores it. */
function countCryptography(): () => void {
  const { subtle } = crypto
  for (const name of OPERATIONS) {
    const operation: unknown = Reflect.get(subtle, name)
    if (typeof operation !== 'function') throw new Error(`no crypto.subtle.${name}`)
    const counted = async (...parameters: unknown[]): Promise<unknown> => {
      cryptographyUnderWay++
      try {
        return await Reflect.apply(operation, subtle, parameters)
      } finally {
        cryptographyUnderWay--
      }
    }
    Object.defineProperty(subtle, name, { value: counted, configurable: true })
  }
  return () => {
    for (const name of OPERATIONS) Reflect.deleteProperty(subtle, name)
  }
}

/** Node's own runs on a timer that no test can move. */
function timeoutOnThisClock(milliseconds: number): AbortSignal {
  const controller = new AbortController()
  const reason = new DOMException('The operation was aborted due to timeout', 'TimeoutError')
  setTimeout(() => controller.abort(reason), milliseconds)
  return controller.signal
}
