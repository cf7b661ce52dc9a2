import { confirmed } from './confirmation.ts'
import { isGuid } from '../settings/guid.ts'
import type { Rows } from './directory-rows.ts'
import type { Memories, Remembered } from './lookup-memory.ts'
import { matcherFor } from './matching.ts'
import type { PartAnswer } from './part-answer.ts'
import type { Part } from './permissions.ts'
import type { SearchText } from './search-text.ts'

export interface Lookup {
  readonly search: SearchText
  readonly parts: readonly Part[]
  /** So many matches fill the list: then pages that were cut short will do. */
  readonly enough: number
}

export interface Answers {
  readonly answers: ReadonlyMap<Part, PartAnswer>
  /** The parts that have to be asked. */
  readonly open: readonly Part[]
}

/**
 * What memory has to say to a text. A list that is full says nothing about who is not in it.
 * @param canConfirm without it a relevant person's directory id and the right kind must do
 */
export function answersFrom(
  { found, refused }: Memories,
  lookup: Lookup,
  canConfirm: boolean,
): Answers {
  const { search, parts, enough } = lookup
  const narrow = new Map<Part, PartAnswer>()
  for (const part of parts) {
    const remembered = found.get(part)
    if (remembered !== undefined) narrow.set(part, narrowed(remembered, search))
  }
  const people = narrow.get('people')
  if (people !== undefined) {
    const users = narrow.get('users')
    const known = [...(users?.principals ?? []), ...(found.get('known')?.answer.principals ?? [])]
    const principals = canConfirm
      ? confirmed(people.principals, known)
      : people.principals.filter(({ id }) => isGuid(id))
    const isShort = principals.length < people.principals.length && users?.isComplete !== true
    const { status, retryAt } = (isShort ? refused.get('users') : undefined) ?? people
    narrow.set('people', { ...people, status, retryAt, principals })
  }
  const ids = [...narrow.values()].flatMap(({ principals }) => principals.map(({ id }) => id))
  const isFull = new Set(ids).size >= enough
  const answers = new Map<Part, PartAnswer>()
  for (const part of parts) {
    const answer = narrow.get(part)
    const refusal = refused.get(part)
    if (answer !== undefined && (answer.isComplete || isFull)) answers.set(part, answer)
    // Less than there is, and the status says so.
    else if (refusal !== undefined) {
      answers.set(part, { ...refusal, principals: answer?.principals ?? [] })
    }
  }
  return { answers, open: parts.filter((part) => !answers.has(part)) }
}

/** As memory will be when what was just found has been added to it. */
export function withFound({ found, refused }: Memories, rows: Rows, search: SearchText): Memories {
  const later = { found: new Map(found), refused: new Map(refused) }
  // Asked for anew; without an answer nobody is known.
  if (found.get('known')?.isStale === true) later.found.delete('known')
  for (const [row, answer] of rows) {
    if (answer.status === 'ok') later.found.set(row, { search, answer, isStale: false })
    else later.refused.set(row, answer)
  }
  return later
}

/** An answer to a beginning holds the answers to what is typed on to it. */
function narrowed({ search: asked, answer }: Remembered, search: SearchText): PartAnswer {
  if (asked.key === search.key) return { ...answer, isComplete: true }
  const qualityOf = matcherFor(search)
  return { ...answer, principals: answer.principals.filter((one) => qualityOf(one) > 0) }
}
