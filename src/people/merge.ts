import { matcherFor, NAMED, type Matcher } from './matching.ts'
import type { Source } from './permissions.ts'
import type { SearchIndex } from './principal.ts'
import type { SearchText } from './search-text.ts'

/** What can stand in the list: somebody of the directory, or of the chat itself. */
export interface Candidate {
  /** The same for the same person or group, wherever it was found. */
  readonly id: string
  readonly name: string
  readonly index: SearchIndex
  /** Already known to the chat: of two that match alike the more likely one. */
  readonly isLocal?: boolean
}

/** Of a full list, so many places are kept for groups; people alone would push them out for good. */
const GROUP_SHARE = 4

/**
 * One list: whose whole name or address was typed; then whom the user works with, as Graph ranks them; then all
 * the others, best match first; then those whom Graph only guesses at; then groups. Each once.
 */
export function mergeSources<T extends Candidate>(
  sources: ReadonlyMap<Source, readonly T[]>,
  search: SearchText,
  limit: number,
): readonly T[] {
  const relevant = sources.get('people') ?? []
  const qualityOf = matcherFor(search)
  const others = ranked(sources.get('users') ?? [], qualityOf)
  // A single word is as often the beginning of a name as the whole of one.
  const isWhole = search.words.includes(' ') || search.text.includes('@')
  const named = isWhole ? [...relevant, ...others].filter((one) => qualityOf(one) >= NAMED) : []
  const matching = relevant.filter((person) => qualityOf(person) > 0)
  const people = unique([...named, ...matching, ...others, ...relevant])
  const groups = ranked(unique(sources.get('groups') ?? []), qualityOf)
  const kept = Math.min(groups.length, Math.floor(limit / GROUP_SHARE))
  const shown = people.slice(0, people.length === 0 ? 0 : limit - kept)
  return [...shown, ...groups.slice(0, limit - shown.length)]
}

function ranked<T extends Candidate>(candidates: readonly T[], qualityOf: Matcher): readonly T[] {
  return candidates
    .map((candidate) => ({ candidate, quality: qualityOf(candidate) }))
    .toSorted(
      (a, b) =>
        b.quality - a.quality ||
        Number(b.candidate.isLocal ?? false) - Number(a.candidate.isLocal ?? false) ||
        compare(a.candidate.name, b.candidate.name) ||
        compare(a.candidate.id, b.candidate.id),
    )
    .map(({ candidate }) => candidate)
}

/** By code unit: a collation would cost more than all the rest, and only breaks ties. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function unique<T extends Candidate>(candidates: readonly T[]): readonly T[] {
  const byId = new Map<string, T>()
  for (const candidate of candidates) {
    if (!byId.has(candidate.id)) byId.set(candidate.id, candidate)
  }
  return [...byId.values()]
}
