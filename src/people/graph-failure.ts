import { EntradaFailure } from '../failure.ts'
import type { GraphError } from '../graph/graph-error.ts'

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
