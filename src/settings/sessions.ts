import * as v from 'valibot'
import { readRoutes, type RouteRule } from './routes.ts'
import type { Variables } from './variables.ts'

/** Life of a session and the intervals of its checks. */
export interface SessionSettings {
  readonly idleSeconds: number
  readonly maxSeconds: number
  /** How long an isolate may use a cached session for sub-resources of the chat. */
  readonly checkSeconds: number
  /** Routes that the chat polls: they need a session and do not count as activity. */
  readonly pollingRoutes: readonly RouteRule[]
  readonly membershipCheckSeconds: number
  /** How long the last known result serves a session after a recheck has failed. */
  readonly membershipGraceSeconds: number
}

const DAY = 86_400

/** Reads the settings of sessions. */
export function readSessions(variables: Variables): SessionSettings {
  const maxSeconds = variables.number('SESSION_MAX_SECONDS', 7 * DAY, [60, 90 * DAY])
  const idleSeconds = variables.number('SESSION_IDLE_SECONDS', DAY, [60, 90 * DAY])
  if (idleSeconds > maxSeconds) {
    variables.problem(
      'SESSION_IDLE_SECONDS',
      'is longer than SESSION_MAX_SECONDS',
      'Write a smaller number',
    )
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

/** Requests per minute: per IP address before sign-in, per user after it. */
const Limits = v.strictObject({
  login: limit(120),
  callback: limit(60),
  notice: limit(120),
  search: limit(120),
  download: limit(120),
  picker: limit(60),
})

/** `RATE_LIMITS`, by the kind of request. */
export type RateLimits = Readonly<v.InferOutput<typeof Limits>>

/** A kind of request that has a limit. */
export type RateLimited = keyof RateLimits

/** Reads `RATE_LIMITS`; kinds that are not listed keep their defaults. */
export function readRateLimits(variables: Variables): RateLimits {
  const names = Object.keys(Limits.entries).join(', ')
  const fix = `Write e.g. {"login":{"perMinute":30}}, with any of ${names}`
  return variables.json('RATE_LIMITS', Limits, fix) ?? v.parse(Limits, {})
}

function limit(perMinute: number) {
  const Limit = v.strictObject({ perMinute: v.pipe(v.number(), v.integer(), v.minValue(1)) })
  return v.optional(Limit, { perMinute })
}
