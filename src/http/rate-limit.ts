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
const MAX_COUNTED_KEYS = 20_000

interface Count {
  readonly startedAt: number
  used: number
}

/** The part of Cloudflare's rate limiting binding that we use. `wrangler.toml` sets its limit and period. */
export interface RateLimitBinding {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>
}

/** Bindings by name of the limit, e.g. `login`. A limit without a binding is counted in the isolate. */
export type RateLimitBindings = Readonly<Record<RateLimited, RateLimitBinding | undefined>>

/** A binding does not tell when its period ends. Periods are 10 s or 60 s; this is the longer one. */
const BINDING_PERIOD_SECONDS = 60

/**
 * Counts requests a minute, per isolate. A flood reaches the limit at once; a user whose requests reach several
 * isolates gets a few times as much. An exact count would cost an object call per request. A binding counts per
 * Cloudflare location instead.
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
   * Counts one request.
   * @param who `rateLimitKeyOfUser` after sign-in, `callerOf` before
   * @throws EntradaFailure `rate_limited`
   */
  async take(what: RateLimited, who: string): Promise<void> {
    const key = `${what} ${who}`
    // While the binding does not respond, the isolate counts: no user is locked out and the limit stays.
    const isWithin = await this.#askBinding(what, key)
    const retryAfter =
      isWithin === null ? this.#count(what, key) : isWithin ? null : BINDING_PERIOD_SECONDS
    if (retryAfter !== null) throw new EntradaFailure('rate_limited', { retryAfter })
  }

  /** `null` without an answer of the binding: then the isolate counts, so that nobody is locked out and a limit stays. */
  async #askBinding(what: RateLimited, key: string): Promise<boolean | null> {
    try {
      const answer = await this.#bindings[what]?.limit({ key })
      return typeof answer?.success === 'boolean' ? answer.success : null
    } catch {
      // Also another kind of binding, which has no such method.
      return null
    }
  }

  /** Whether this isolate sees a name for the first time. Old names are forgotten. */
  isFirst(name: string): boolean {
    const isFirst = !this.#seen.has(name)
    setBounded(this.#seen, [name, true], MAX_COUNTED_KEYS)
    return isFirst
  }

  /** Seconds to wait, or `null` within the limit. */
  #count(what: RateLimited, key: string): number | null {
    const now = Date.now()
    const known = this.#counts.get(key)
    const count =
      known !== undefined && now - known.startedAt < WINDOW_MS ? known : { startedAt: now, used: 0 }
    count.used += 1
    setBounded(this.#counts, [key, count], MAX_COUNTED_KEYS)
    const isOver = count.used > this.#limits[what].perMinute
    return isOver ? (count.startedAt + WINDOW_MS - now) / 1000 : null
  }
}

/** Names whom a limit counts after sign-in: the user, because one address may be that of a whole office. */
export function rateLimitKeyOfUser({ user }: SessionView): string {
  return `${user.tenantId} ${user.id}`
}

/**
 * Names whom a limit counts before sign-in: the IPv4 address, or the first 64 bits of an IPv6 address. Every
 * customer of an access provider has at least 64 bits of addresses (RFC 6177). An IPv4 address may be written as
 * `::ffff:192.0.2.1` (RFC 4291 §2.5.5.2).
 */
export function callerOf({ headers }: Request): string {
  // Set by Cloudflare; a client cannot set it.
  const given = headers.get('cf-connecting-ip') ?? 'unknown'
  const address = given.replace(/^::ffff:(?=[\d.]+$)/i, '')
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

/** Which limit counts requests to a path of ours. `login` and `callback` are counted by their handlers. */
export function limitOf(pathname: string): RateLimited | null {
  const isBelow = (path: string) => pathname.startsWith(`${path}/`)
  if (NOTICE_PATHS.has(pathname)) return 'notice'
  if ([PEOPLE_PATH, GROUPS_PATH].some((path) => pathname === path || isBelow(path))) return 'search'
  if (isBelow(FILES_PATH)) return 'download'
  return isBelow(PICKER_PATH) ? 'picker' : null
}
