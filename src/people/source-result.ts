import { EntradaFailure } from '../failure.ts'
import type { GraphError } from '../graph/graph-error.ts'
import type { Principal } from './principal.ts'

/** What a search asks Graph for. Each source has permissions of its own and fails without the others. */
export const SOURCES = ['people', 'users', 'groups'] as const

export type Source = (typeof SOURCES)[number]

/**
 * What the search cache stores: the result of each source, the user's frequent contacts (`/me/people` without
 * a query), and verified people (relevant people as the directory has them).
 */
export const CACHE_KINDS = [...SOURCES, 'frequentContacts', 'verifiedPeople'] as const

export type CacheKind = (typeof CACHE_KINDS)[number]

/** The result of one source. The search cache stores it sealed, as JSON. */
export interface SourceResult {
  /** `off`: this user, or this cloud, cannot ask the source at all. */
  readonly status: 'ok' | 'off' | 'throttled' | 'failed'
  readonly principals: readonly Principal[]
  /** Graph has no further match, so the result also answers every longer text. */
  readonly isComplete: boolean
  /** Epoch seconds before which another request is of no use; `null` when the status is `ok`. */
  readonly retryAt: number | null
}

export type SourceResults = ReadonlyMap<CacheKind, SourceResult>

export const EMPTY_RESULT: SourceResult = {
  status: 'ok',
  principals: [],
  isComplete: true,
  retryAt: null,
}

const FAILED_SECONDS = 3
const OFF_SECONDS = 300
const BAD_REQUEST_SECONDS = 30
/** The pause when Graph asks for one and does not say how long. */
const DEFAULT_PAUSE_SECONDS = 5

export function failedResult(): SourceResult {
  return errorResult('failed', FAILED_SECONDS)
}

/** The result for an error of Graph. `retryAt` also says how long the error is cached. */
export function resultOfError(kind: CacheKind, error: GraphError): SourceResult {
  const { status } = error
  const { code, details } = graphFailureOf(error)
  if (code === 'graph_throttled') return errorResult('throttled', details.retryAfter ?? 0)
  // Guests may not list the directory, and users without a mailbox have no relevant people. Neither can the
  // user change, so the source is off and has not failed.
  if (status === 403 || status === 404) return errorResult('off', OFF_SECONDS)
  // Graph of 21Vianet has no `/me/people`, and answers 400 as if the query were wrong.
  if (kind === 'people' && status === 400) return errorResult('off', BAD_REQUEST_SECONDS)
  return failedResult()
}

function errorResult(status: 'off' | 'throttled' | 'failed', seconds: number): SourceResult {
  const retryAt = Date.now() / 1000 + Math.max(1, seconds)
  return { status, principals: [], isComplete: false, retryAt }
}

/**
 * The failure for an error of Graph about a person or group: `interaction_required`, `graph_throttled`,
 * `graph_not_found`, `graph_refused`, `graph_unexpected` or `graph_unavailable`.
 */
export function graphFailureOf(error: GraphError): EntradaFailure {
  const { status, retryAfter, claims, requestId } = error
  const ids = requestId === null ? {} : { correlationId: requestId }
  if (claims !== null) return new EntradaFailure('interaction_required', { ...ids, claims })
  if (status === 429 || (status === 503 && retryAfter !== null)) {
    return new EntradaFailure('graph_throttled', {
      ...ids,
      retryAfter: retryAfter ?? DEFAULT_PAUSE_SECONDS,
    })
  }
  if (status === 404) return new EntradaFailure('graph_not_found', ids)
  if (status === 401 || status === 403) return new EntradaFailure('graph_refused', ids)
  if (status < 500) return new EntradaFailure('graph_unexpected', ids)
  return new EntradaFailure('graph_unavailable', { ...ids, retryAfter: DEFAULT_PAUSE_SECONDS })
}
