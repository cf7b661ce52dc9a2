import type { SessionView } from '../session/session.ts'
import {
  BACK_CHANNEL_LOGOUT_PATH,
  FILES_PATH,
  FRONT_CHANNEL_LOGOUT_PATH,
  GROUPS_PATH,
  PEOPLE_PATH,
  PICKER_PATH,
} from '../paths.ts'
import { EntradaFailure } from '../failure.ts'
import type { RateLimited, RateLimits } from '../settings/sessions.ts'
import { setBounded } from '../storage/bounded-map.ts'

const WINDOW_MS = 60_000
const REMEMBERED = 20_000

interface Count {
  readonly startedAt: number
  used: number
}

/** What we use of a binding of Cloudflare's rate limiting; its limit and its period are the deployment's. */
export interface RateLimitBinding {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>
}

/** By the name of the limit, e.g. `login`; a limit without a binding is counted here. */
export type RateLimitBindings = Readonly<Record<RateLimited, RateLimitBinding | undefined>>

/** A binding does not say when its period ends; 60 s is the longer of the two there are. */
const BINDING_PERIOD_SECONDS = 60

/**
 * Counts requests a minute, per isolate: a flood meets the limit at once, and a user whose requests reach several
 * isolates may do a few times as much. An exact count would cost an object call for every request. A binding
 * counts for a whole location instead.
 */
export class RateLimiter {
  readonly #limits: RateLimits
  readonly #bindings: RateLimitBindings
  readonly #counts = new Map<string, Count>()
  readonly #seen = new Map<string, true>()

  constructor(limits: RateLimits, bindings: RateLimitBindings) {
    this.#limits = limits
    this.#bindings = bindings
  }

  /**
   * @param who the user where there is one, `callerOf` the request otherwise
   * @throws EntradaFailure `rate_limited`
   */
  async take(what: RateLimited, who: string): Promise<void> {
    const key = `${what} ${who}`
    // A binding that does not answer must lock nobody out, and must not lift the limit either.
    const answer = await this.#bindings[what]?.limit({ key }).catch(() => undefined)
    const retryAfter =
      answer === undefined ? this.#count(what, key) : answer.success ? null : BINDING_PERIOD_SECONDS
    if (retryAfter !== null) throw new EntradaFailure('rate_limited', { retryAfter })
  }

  /** Whether this isolate has not been asked about it before, as far as it remembers. */
  isFirst(name: string): boolean {
    const isFirst = !this.#seen.has(name)
    setBounded(this.#seen, [name, true], REMEMBERED)
    return isFirst
  }

  /** Seconds to wait, `null` within the limit. */
  #count(what: RateLimited, key: string): number | null {
    const now = Date.now()
    const known = this.#counts.get(key)
    const count =
      known !== undefined && now - known.startedAt < WINDOW_MS ? known : { startedAt: now, used: 0 }
    count.used += 1
    setBounded(this.#counts, [key, count], REMEMBERED)
    const isOver = count.used > this.#limits[what].perMinute
    return isOver ? (count.startedAt + WINDOW_MS - now) / 1000 : null
  }
}

/** Names whom a limit counts after sign-in: the user, because one address may be that of a whole office. */
export function rateLimitKeyOfUser({ user }: SessionView): string {
  return `${user.tenantId} ${user.id}`
}

/**
 * Whom a request counts for before sign-in: an IPv4 address, or the first 64 bits of an IPv6 address, because
 * every customer of an access provider has at least so many addresses (RFC 6177).
 */
export function callerOf({ headers }: Request): string {
  // Cloudflare's word on who is calling; a client cannot write it.
  const address = headers.get('cf-connecting-ip') ?? 'unknown'
  if (!address.includes(':')) return address
  const [left = [], right = []] = address.split('::').map((half) => half.split(':'))
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0')
  const groups = [...left, ...zeros, ...right].slice(0, 4)
  return groups.map((group) => Number.parseInt(group || '0', 16).toString(16)).join(':')
}

const NOTICE_PATHS: ReadonlySet<string> = new Set([
  FRONT_CHANNEL_LOGOUT_PATH,
  BACK_CHANNEL_LOGOUT_PATH,
])

/** Which limit every request to a path of ours counts against; `login` and `callback` count where it is known what they do. */
export function limitOf(pathname: string): RateLimited | null {
  const isBelow = (path: string) => pathname.startsWith(`${path}/`)
  if (NOTICE_PATHS.has(pathname)) return 'notice'
  if ([PEOPLE_PATH, GROUPS_PATH].some((path) => pathname === path || isBelow(path))) return 'search'
  if (isBelow(FILES_PATH)) return 'download'
  return isBelow(PICKER_PATH) ? 'picker' : null
}
