import * as v from 'valibot'
import type { GraphError } from '../graph/graph-error.ts'
import type { Row } from './permissions.ts'
import { StoredPrincipal } from './principal.ts'

const Schema = v.object({
  /** `off`: this user, or this cloud, cannot ask it at all. */
  status: v.picklist(['ok', 'off', 'throttled', 'failed']),
  principals: v.array(StoredPrincipal),
  /** Nothing matches that is not here: whatever is typed on to it can be answered from it. */
  isComplete: v.boolean(),
  /** Epoch seconds before which asking again is no use; `null` when it went well. */
  retryAt: v.nullable(v.number()),
})

/** What one part of a search has to say. Kept under seal between requests. */
export type PartAnswer = Readonly<v.InferOutput<typeof Schema>>

export const NOTHING: PartAnswer = {
  status: 'ok',
  principals: [],
  isComplete: true,
  retryAt: null,
}

const FAILED_SECONDS = 3
const THROTTLED_SECONDS = 5
const OFF_SECONDS = 300
const UNTAKEN_SECONDS = 30

/** `null` for what an earlier version wrote in another shape. */
export function readPartAnswer(text: string): PartAnswer | null {
  const parsed = v.safeParse(Schema, JSON.parse(text))
  return parsed.success ? parsed.output : null
}

export function failedAnswer(): PartAnswer {
  return refused('failed', FAILED_SECONDS)
}

/** What a refusal means to the one who searches, and how long it is worth remembering. */
export function refusedAnswer(row: Row, { status, retryAfter }: GraphError): PartAnswer {
  if (status === 429 || (status === 503 && retryAfter !== null)) {
    return refused('throttled', retryAfter ?? THROTTLED_SECONDS)
  }
  // Guests may not leaf through the directory, and who has no mailbox has no relevant people: nothing the
  // user could do something about.
  if (status === 403 || status === 404) return refused('off', OFF_SECONDS)
  // 21Vianet's Graph has no such path, and says so as if the query were wrong.
  if (row === 'people' && status === 400) return refused('off', UNTAKEN_SECONDS)
  return failedAnswer()
}

function refused(status: 'off' | 'throttled' | 'failed', seconds: number): PartAnswer {
  const retryAt = Date.now() / 1000 + Math.max(1, seconds)
  return { status, principals: [], isComplete: false, retryAt }
}
