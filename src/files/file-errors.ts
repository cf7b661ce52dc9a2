import { EntradaFailure, type FailureCode, type FailureDetails } from '../failure.ts'
import type { GraphError } from '../graph/graph-error.ts'

/** Graph's codes for malware. */
const MALWARE = /^(?:malwareDetected|virusSuspicious)$/i
/** Graph's codes for access policies on device, network or app, each with a `detail`. */
const POLICIES: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:unmanagedDevice\w*|blockedByPolicy)$/i,
    'Your organisation allows this file only on managed devices, or only in the browser.',
  ],
  [
    /^networkLocation\w*$/i,
    'Your organisation allows this file only from its own network, which this app is not part of.',
  ],
  [/^restrictedApp\w*$/i, 'Your organisation does not allow this app on that site.'],
  [/^(?:accessRestricted|notAllowed)$/i, 'Microsoft 365 does not say which policy applies.'],
]
/** Graph also sends these with 400 and 403, so the status alone would mislead. */
const THROTTLED = /^(?:activityLimitReached|throttledRequest)$/i

/** The pauses without a `Retry-After`. */
const PAUSE_SECONDS = 10
const LOCK_PAUSE_SECONDS = 60

/** Statuses that mean the same at Graph and at the download host, with the pause before another try. */
const BY_STATUS: ReadonlyMap<number, readonly [code: FailureCode, pauseSeconds?: number]> = new Map(
  [
    [404, ['file_not_found']],
    [409, ['file_changed']],
    [410, ['file_not_found']],
    [412, ['file_changed']],
    [416, ['range_not_satisfiable']],
    [423, ['file_locked', LOCK_PAUSE_SECONDS]],
    [429, ['graph_throttled', PAUSE_SECONDS]],
    [509, ['graph_throttled', PAUSE_SECONDS]],
  ],
)

/**
 * The failure of a status that Graph and the download host use alike; `null` for any other.
 * @param retryAfter seconds
 */
export function failureByStatus(
  status: number,
  retryAfter: number | null,
  details: FailureDetails = {},
): EntradaFailure | null {
  const [code, pauseSeconds] = BY_STATUS.get(status) ?? []
  if (code === undefined) return null
  const wait = pauseSeconds && { retryAfter: retryAfter ?? pauseSeconds }
  return new EntradaFailure(code, { ...details, ...wait })
}

/** Graph refuses an unsupported conversion with any of these. */
const UNCONVERTIBLE: ReadonlySet<number> = new Set([400, 406, 415, 422, 501])

/** The failure for a Graph error about a drive item. `asPdf`: the request was for a conversion. */
export function fileFailureOf(
  error: GraphError,
  { asPdf }: { readonly asPdf?: boolean | undefined } = {},
): EntradaFailure {
  const { status, codes, retryAfter, claims, requestId } = error
  const ids = { correlationId: requestId ?? undefined }
  const failure = (code: FailureCode, details: FailureDetails = {}) =>
    new EntradaFailure(code, { ...ids, ...details })
  const retryLater = (code: FailureCode) =>
    failure(code, { retryAfter: retryAfter ?? PAUSE_SECONDS })
  const has = (pattern: RegExp) => codes.some((code) => pattern.test(code))

  if (claims !== null) return failure('interaction_required', { claims })
  if (has(MALWARE)) return failure('file_infected')
  if (has(THROTTLED)) return retryLater('graph_throttled')
  if (asPdf === true && UNCONVERTIBLE.has(status)) return failure('file_not_convertible')
  switch (status) {
    case 401:
      // The Graph client has retried with a fresh token, so a new one does not help.
      return failure('graph_refused', { detail: 'Microsoft 365 does not accept the access token.' })
    case 403: {
      const [, detail] = POLICIES.find(([pattern]) => has(pattern)) ?? []
      return detail === undefined
        ? failure('file_forbidden')
        : failure('file_blocked_by_policy', { detail })
    }
    // Graph's status for a well-formed id of a drive that does not exist.
    case 400:
      return failure('file_not_found')
    case 503:
      // SharePoint throttles with 503 and `Retry-After`; without the header, 503 is an outage.
      return retryLater(retryAfter === null ? 'graph_unavailable' : 'graph_throttled')
    default:
      return (
        failureByStatus(status, retryAfter, ids) ??
        (status < 500 ? failure('graph_unexpected') : retryLater('graph_unavailable'))
      )
  }
}
