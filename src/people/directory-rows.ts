import type { BatchAnswer, BatchAnswers } from '../graph/batch.ts'
import { readGroups, readRelevantPeople, readUsers } from './directory-readers.ts'
import { failedAnswer, NOTHING, refusedAnswer, type PartAnswer } from './part-answer.ts'
import { ROWS, type Row } from './permissions.ts'

export type Rows = ReadonlyMap<Row, PartAnswer>

/** What the answers of a batch say of each row. */
export function rowsOf(answers: BatchAnswers): Map<Row, PartAnswer> {
  const rows = new Map<Row, PartAnswer>()
  for (const [id, answer] of answers) {
    const row = ROWS.find((one) => id.split('-')[0] === one)
    if (row !== undefined) rows.set(row, together(rows.get(row), read(row, answer)))
  }
  return rows
}

function read(row: Row, answer: BatchAnswer): PartAnswer {
  if (!answer.ok) return refusedAnswer(row, answer.error)
  const isOfUsers = row === 'users' || row === 'known'
  const reader = isOfUsers ? readUsers : row === 'groups' ? readGroups : readRelevantPeople
  const page = reader(answer.body)
  if (page === null) return failedAnswer()
  // Nobody leafs on through relevant people: who is on a further page is relevant no more.
  const isComplete = page.isComplete || row === 'people'
  return { ...NOTHING, principals: page.items, isComplete }
}

/** A row's requests put together: each found once, complete when all are, as bad as the worst. */
export function together(one: PartAnswer | undefined, other: PartAnswer): PartAnswer {
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
