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
