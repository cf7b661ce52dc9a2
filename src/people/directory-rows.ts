import type { BatchAnswer, BatchAnswers } from '../graph/batch.ts'
import { readGroups, readRelevantPeople, readUsers } from './directory-readers.ts'
import { failedResult, EMPTY_RESULT, refusedResult, type SourceResult } from './part-answer.ts'
import { CACHE_KINDS, type CacheKind } from './permissions.ts'

export type SourceResults = ReadonlyMap<CacheKind, SourceResult>

/** What the answers of a batch say of each row. */
export function resultsOf(answers: BatchAnswers): Map<CacheKind, SourceResult> {
  const rows = new Map<CacheKind, SourceResult>()
  for (const [id, answer] of answers) {
    const row = CACHE_KINDS.find((one) => id.split('-')[0] === one)
    if (row !== undefined) rows.set(row, combine(rows.get(row), read(row, answer)))
  }
  return rows
}

function read(row: CacheKind, answer: BatchAnswer): SourceResult {
  if (!answer.ok) return refusedResult(row, answer.error)
  const isOfUsers = row === 'users' || row === 'known'
  const reader = isOfUsers ? readUsers : row === 'groups' ? readGroups : readRelevantPeople
  const page = reader(answer.body)
  if (page === null) return failedResult()
  // Nobody leafs on through relevant people: who is on a further page is relevant no more.
  const isComplete = page.isComplete || row === 'people'
  return { ...EMPTY_RESULT, principals: page.items, isComplete }
}

/** A row's requests put together: each found once, complete when all are, as bad as the worst. */
export function combine(one: SourceResult | undefined, other: SourceResult): SourceResult {
  if (one === undefined) return other
  const principals = new Map(
    [...one.principals, ...other.principals].map((principal) => [principal.id, principal]),
  )
  const isComplete = one.isComplete && other.isComplete
  return {
    ...(one.status === 'ok' ? other : one),
    principals: [...principals.values()],
    isComplete,
  }
}
