import { EntradaFailure, type FailureCode } from '../failure.ts'
import type { GraphError } from '../graph/graph-error.ts'

/** Any of these means that Microsoft found something in the file. Inner codes come and go; the outer ones stay. */
const MALWARE = /^(?:malwareDetected|virusSuspicious|virusInfected)$/i
/** Not a question of permission but of where, with what and through which app. Each says what would help. */
const POLICIES: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:unmanagedDevice\w*|blockedByPolicy|deviceNotCompliant)$/i,
    'It may be opened on managed devices only, or only in the browser.',
  ],
  [
    /^(?:networkLocation\w*|ipAddressBlocked)$/i,
    'It may be opened from your organisation’s network only, which apps like this one are not part of.',
  ],
  [/^(?:appRestricted|restrictedApp\w*)$/i, 'Your organisation keeps this app from that site.'],
  [/^(?:dataLossPrevention\w*)$/i, 'A rule against data loss covers it.'],
  [/^(?:accessRestricted|notAllowed)$/i, 'Microsoft 365 does not say which policy it is.'],
]
/** Also sent with 403 and 400; the status alone would mislead. */
const THROTTLED = /^(?:activityLimitReached|tooManyRequests|throttledRequest)$/i

/** How long to wait when Microsoft says "later" and not when. */
const PAUSE_SECONDS = 10
const LOCK_PAUSE_SECONDS = 60

/** What Graph's refusal of a drive item means to the person who wants the file. */
export function fileFailureOf(error: GraphError, { asPdf = false } = {}): EntradaFailure {
  const { status, codes, retryAfter, claims, requestId } = error
  const ids = requestId === null ? {} : { correlationId: requestId }
  const failure = (code: FailureCode, details = {}) =>
    new EntradaFailure(code, { ...ids, ...details })
  const has = (pattern: RegExp) => codes.some((code) => pattern.test(code))

  const policy = POLICIES.find(([pattern]) => has(pattern))

  if (claims !== null) return failure('interaction_required', { claims })
  if (has(MALWARE)) return failure('file_infected')
  if (has(THROTTLED)) return failure('graph_throttled', { retryAfter: retryAfter ?? PAUSE_SECONDS })
  if (asPdf && isUnconvertible(status)) return failure('file_not_convertible')
  switch (status) {
    case 401:
      // The caller has already asked for a fresh token: this one is refused for what it is.
      return failure('graph_refused', { detail: 'Microsoft 365 does not accept our access token.' })
    case 403:
      return policy === undefined
        ? failure('file_forbidden')
        : failure('file_blocked_by_policy', { detail: policy[1] })
    // 400 is what a well-formed id of no drive gets.
    case 400:
    case 404:
    case 410:
      return failure('file_not_found')
    case 409:
    case 412:
      return failure('file_changed')
    case 416:
      return failure('range_not_satisfiable')
    case 423:
      return failure('file_locked', { retryAfter: retryAfter ?? LOCK_PAUSE_SECONDS })
    case 429:
    case 509:
      return failure('graph_throttled', { retryAfter: retryAfter ?? PAUSE_SECONDS })
    default:
      return status < 500 ? failure('graph_unexpected') : unavailable(error, failure)
  }
}

/** 503 with a time to wait is how SharePoint throttles; without one it is an outage. */
function unavailable(
  { status, retryAfter }: GraphError,
  failure: (code: FailureCode, details?: object) => EntradaFailure,
): EntradaFailure {
  if (status === 503 && retryAfter !== null) return failure('graph_throttled', { retryAfter })
  return failure('graph_unavailable', { retryAfter: retryAfter ?? PAUSE_SECONDS })
}

/** Graph has no one status for "no such conversion". */
function isUnconvertible(status: number): boolean {
  return status === 400 || status === 406 || status === 415 || status === 422 || status === 501
}
