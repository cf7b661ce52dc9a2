import * as v from 'valibot'
import { readRoutes, type RouteRule } from './routes.ts'
import type { Variables } from './variables.ts'

export interface SessionSettings {
  readonly idleSeconds: number
  readonly maxSeconds: number
  readonly checkSeconds: number
  /** What the chat asks for by itself: it needs a session and does not keep one from going idle. */
  readonly pollingRoutes: readonly RouteRule[]
  readonly membershipCheckSeconds: number
  /** How long after a failed recheck the last known verdict serves a running session. */
  readonly membershipGraceSeconds: number
}

const DAY = 86_400

export function readSessions(variables: Variables): SessionSettings {
  const maxSeconds = variables.number('SESSION_MAX_SECONDS', 7 * DAY, [60, 90 * DAY])
  const idleSeconds = variables.number('SESSION_IDLE_SECONDS', DAY, [60, 90 * DAY])
  if (idleSeconds > maxSeconds) {
    variables.problem('SESSION_IDLE_SECONDS', 'is longer than SESSION_MAX_SECONDS', 'Shorten it')
  }
  return {
    maxSeconds,
    idleSeconds,
    checkSeconds: variables.number('SESSION_CHECK_SECONDS', 10, [0, 300]),
    pollingRoutes: readRoutes(variables, 'SESSION_POLLING_ROUTES') ?? [],
    membershipCheckSeconds: variables.number('MEMBERSHIP_CHECK_SECONDS', 3600, [60, 30 * DAY]),
    membershipGraceSeconds: variables.number('MEMBERSHIP_GRACE_SECONDS', 900, [0, DAY]),
  }
}

/** Requests a minute: per address before sign-in, per user after. */
const Limits = v.strictObject({
  login: limit(120),
  callback: limit(60),
  notice: limit(120),
  search: limit(120),
  download: limit(120),
  picker: limit(60),
})

export type RateLimits = Readonly<v.InferOutput<typeof Limits>>

export type RateLimited = keyof RateLimits

export function readRateLimits(variables: Variables): RateLimits {
  const names = Object.keys(Limits.entries).join(', ')
  const fix = `Write {"login":{"perMinute":30}} for some of ${names}`
  return variables.json('RATE_LIMITS', Limits, fix) ?? v.parse(Limits, {})
}

function limit(perMinute: number) {
  const Limit = v.strictObject({ perMinute: v.pipe(v.number(), v.integer(), v.minValue(1)) })
  return v.optional(Limit, { perMinute })
}
