import { EntradaFailure } from './failure.ts'
import type { RateLimited, RateLimits } from './settings/rate-limits.ts'
import { rememberNewest } from './stores/newest.ts'

const WINDOW_MS = 60_000
const REMEMBERED = 20_000

interface Count {
  readonly startedAt: number
  used: number
}

/**
 * Requests a minute, counted per isolate: a flood meets it at once, and a user spread over a few isolates is
 * allowed a few times the limit. Exactness would cost an object call for every request.
 */
export class RateLimiter {
  readonly #limits: RateLimits
  readonly #counts = new Map<string, Count>()

  constructor(limits: RateLimits) {
    this.#limits = limits
  }

  /**
   * @param who the user where there is one, the address otherwise
   * @throws EntradaFailure `rate_limited`
   */
  take(what: RateLimited, who: string): void {
    const now = Date.now()
    const name = `${what} ${who}`
    const known = this.#counts.get(name)
    const count =
      known !== undefined && now - known.startedAt < WINDOW_MS ? known : { startedAt: now, used: 0 }
    count.used += 1
    rememberNewest(this.#counts, [name, count], REMEMBERED)
    if (count.used > this.#limits[what].perMinute) {
      throw new EntradaFailure('rate_limited', {
        retryAfter: (count.startedAt + WINDOW_MS - now) / 1000,
      })
    }
  }
}

const LIMITED: readonly (readonly [RegExp, RateLimited])[] = [
  [
    /^\/\.entrada\/(?:login|consent|check|frontchannel-logout|backchannel-logout|oidc\/authorize)$/,
    'login',
  ],
  [/^\/\.entrada\/(?:people|groups)(?:\/|$)/, 'search'],
  [/^\/\.entrada\/files\//, 'download'],
  [/^\/\.entrada\/picker\//, 'picker'],
]

/** Which limit a path of ours counts against. */
export function limitOf(pathname: string, callbackPath: string): RateLimited | null {
  if (pathname === callbackPath) return 'callback'
  return LIMITED.find(([pattern]) => pattern.test(pathname))?.[1] ?? null
}
