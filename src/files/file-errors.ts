import { EntradaFailure, type FailureCode, type FailureDetails } from '../failure.ts'
import type { GraphError } from '../graph/graph-error.ts'

/** Any of these means that Microsoft found something in the file. Inner codes come and go; the outer ones stay. */
const MALWARE = /^(?:malwareDetected|virusSuspicious)$/i
/** Not a question of permission but of where, with what and through which app. Each says what would help. */
const POLICIES: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:unmanagedDevice\w*|blockedByPolicy)$/i,
    'It may be opened on managed devices only, or only in the browser.',
  ],
  [
    /^networkLocation\w*$/i,
    'It may be opened from your organisation’s network only, which this app is not part of.',
  ],
  [/^restrictedApp\w*$/i, 'Your organisation keeps this app from that site.'],
  [/^(?:accessRestricted|notAllowed)$/i, 'Microsoft 365 does not say which policy it is.'],
]
/** Also sent with 403 and 400; the status alone would mislead. */
const THROTTLED = /^(?:activityLimitReached|throttledRequest)$/i

/** How long to wait when Microsoft says "later" and not when. */
const PAUSE_SECONDS = 10
const LOCK_PAUSE_SECONDS = 60

/** What a status says of a file, whichever host sends it, and how long to wait when it is one for waiting. */
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

/** `null` for a status that means one thing at Graph and another at the download host. */
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

/** Graph has no one status for "no such conversion". */
const UNCONVERTIBLE: ReadonlySet<number> = new Set([400, 406, 415, 422, 501])

/** What Graph's refusal of a drive item means to the person who wants the file. */
export function fileFailureOf(
  error: GraphError,
  { asPdf }: { readonly asPdf?: boolean | undefined } = {},
): EntradaFailure {
  const { status, codes, retryAfter, claims, requestId } = error
  const ids = { correlationId: requestId ?? undefined }
  const failure = (code: FailureCode, details: FailureDetails = {}) =>
    new EntradaFailure(code, { ...ids, ...details })
  const later = (code: FailureCode) => failure(code, { retryAfter: retryAfter ?? PAUSE_SECONDS })
  const has = (pattern: RegExp) => codes.some((code) => pattern.test(code))

  if (claims !== null) return failure('interaction_required', { claims })
  if (has(MALWARE)) return failure('file_infected')
  if (has(THROTTLED)) return later('graph_throttled')
  if (asPdf === true && UNCONVERTIBLE.has(status)) return failure('file_not_convertible')
  switch (status) {
    case 401:
      // The caller has already asked for a fresh token: this one is refused for what it is.
      return failure('graph_refused', { detail: 'Microsoft 365 does not accept our access token.' })
    case 403: {
      const [, detail] = POLICIES.find(([pattern]) => has(pattern)) ?? []
      return detail === undefined
        ? failure('file_forbidden')
        : failure('file_blocked_by_policy', { detail })
    }
    // What a well-formed id of no drive gets.
    case 400:
      return failure('file_not_found')
    case 503:
      // With a time to wait this is how SharePoint throttles; without one it is an outage.
      return later(retryAfter === null ? 'graph_unavailable' : 'graph_throttled')
    default:
      return (
        failureByStatus(status, retryAfter, ids) ??
        (status < 500 ? failure('graph_unexpected') : later('graph_unavailable'))
      )
  }
}
