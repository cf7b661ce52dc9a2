import { verified } from './confirmation.ts'
import { isGuid } from '../settings/guid.ts'
import type { SourceResults } from './directory-rows.ts'
import type { CachedResults, CachedResult } from './lookup-memory.ts'
import { matcherFor } from './matching.ts'
import type { SourceResult } from './part-answer.ts'
import type { Source } from './permissions.ts'
import type { SearchText } from './search-text.ts'

export interface CacheRequest {
  readonly search: SearchText
  readonly sources: readonly Source[]
  /** So many matches fill the list: then pages that were cut short will do. */
  readonly enough: number
}

export interface Answers {
  readonly answers: ReadonlyMap<Source, SourceResult>
  /** The parts that have to be asked. */
  readonly open: readonly Source[]
}

/**
 * What memory has to say to a text. A list that is full says nothing about who is not in it.
 * @param canConfirm without it a relevant person's directory id and the right kind must do
 */
export function readFromCache(
  { found, refused }: CachedResults,
  lookup: CacheRequest,
  canConfirm: boolean,
): Answers {
  const { search, sources, enough } = lookup
  const narrow = new Map<Source, SourceResult>()
  for (const part of sources) {
    const remembered = found.get(part)
    if (remembered !== undefined) narrow.set(part, narrowed(remembered, search))
  }
  const people = narrow.get('people')
  if (people !== undefined) {
    const users = narrow.get('users')
    const known = [...(users?.principals ?? []), ...(found.get('known')?.answer.principals ?? [])]
    const principals = canConfirm
      ? verified(people.principals, known)
      : people.principals.filter(({ id }) => isGuid(id))
    const isShort = principals.length < people.principals.length && users?.isComplete !== true
    const { status, retryAt } = (isShort ? refused.get('users') : undefined) ?? people
    narrow.set('people', { ...people, status, retryAt, principals })
  }
  const ids = [...narrow.values()].flatMap(({ principals }) => principals.map(({ id }) => id))
  const isFull = new Set(ids).size >= enough
  const answers = new Map<Source, SourceResult>()
  for (const part of sources) {
    const answer = narrow.get(part)
    const refusal = refused.get(part)
    if (answer !== undefined && (answer.isComplete || isFull)) answers.set(part, answer)
    // Less than there is, and the status says so.
    else if (refusal !== undefined) {
      answers.set(part, { ...refusal, principals: answer?.principals ?? [] })
    }
  }
  return { answers, open: sources.filter((part) => !answers.has(part)) }
}

/** As memory will be when what was just found has been added to it. */
export function withFound(
  { found, refused }: CachedResults,
  rows: SourceResults,
  search: SearchText,
): CachedResults {
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
function narrowed({ search: asked, answer }: CachedResult, search: SearchText): SourceResult {
  if (asked.key === search.key) return { ...answer, isComplete: true }
  const qualityOf = matcherFor(search)
  return { ...answer, principals: answer.principals.filter((one) => qualityOf(one) > 0) }
}
