import { EntradaFailure } from '../failure.ts'
import type { GraphError } from '../graph/graph-error.ts'
import type { CacheKind } from './access.ts'
import type { Principal } from './principal.ts'

/** How long to wait when Graph says "later" and not when. */
const PAUSE_SECONDS = 5

/** What Graph's refusal of a person or group means to the one who asked. */
export function graphFailureOf(error: GraphError): EntradaFailure {
  const { status, retryAfter, claims, requestId } = error
  const ids = requestId === null ? {} : { correlationId: requestId }
  if (claims !== null) return new EntradaFailure('interaction_required', { ...ids, claims })
  if (status === 429 || (status === 503 && retryAfter !== null)) {
    return new EntradaFailure('graph_throttled', {
      ...ids,
      retryAfter: retryAfter ?? PAUSE_SECONDS,
    })
  }
  if (status === 404) return new EntradaFailure('graph_not_found', ids)
  if (status === 401 || status === 403) return new EntradaFailure('graph_refused', ids)
  if (status < 500) return new EntradaFailure('graph_unexpected', ids)
  return new EntradaFailure('graph_unavailable', { ...ids, retryAfter: PAUSE_SECONDS })
}

/** What one part of a search has to say. Kept under seal between requests. */
export interface SourceResult {
  /** `off`: this user, or this cloud, cannot ask it at all. */
  readonly status: 'ok' | 'off' | 'throttled' | 'failed'
  readonly principals: readonly Principal[]
  /** Nothing matches that is not here: whatever is typed on to it can be answered from it. */
  readonly isComplete: boolean
  /** Epoch seconds before which asking again is no use; `null` when it went well. */
  readonly retryAt: number | null
}

export const EMPTY_RESULT: SourceResult = {
  status: 'ok',
  principals: [],
  isComplete: true,
  retryAt: null,
}

const FAILED_SECONDS = 3
const OFF_SECONDS = 300
const UNTAKEN_SECONDS = 30

/**
 * Reads what `JSON.stringify` made of one. A check of its shape and no more: hundreds of people are read at
 * every letter, and only we can have sealed them.
 */
export function readSourceResult(text: string): SourceResult | null {
  const value: unknown = JSON.parse(text)
  return isPartAnswer(value) ? value : null
}

function isPartAnswer(value: unknown): value is SourceResult {
  return typeof value === 'object' && value !== null && 'principals' in value
}

export function failedResult(): SourceResult {
  return refused('failed', FAILED_SECONDS)
}

/** What a refusal means to the one who searches, and how long it is worth remembering. */
export function refusedResult(row: CacheKind, error: GraphError): SourceResult {
  const { status } = error
  const { code, details } = graphFailureOf(error)
  if (code === 'graph_throttled') return refused('throttled', details.retryAfter ?? 0)
  // Guests may not leaf through the directory, and who has no mailbox has no relevant people: nothing the
  // user could do something about.
  if (status === 403 || status === 404) return refused('off', OFF_SECONDS)
  // 21Vianet's Graph has no such path, and says so as if the query were wrong.
  if (row === 'people' && status === 400) return refused('off', UNTAKEN_SECONDS)
  return failedResult()
}

function refused(status: 'off' | 'throttled' | 'failed', seconds: number): SourceResult {
  const retryAt = Date.now() / 1000 + Math.max(1, seconds)
  return { status, principals: [], isComplete: false, retryAt }
}
