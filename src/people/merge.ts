import { matcherFor, type Matcher } from './matching.ts'
import type { Part } from './permissions.ts'
import type { Principal } from './principal.ts'
import type { SearchText } from './search-text.ts'

/** Of a full list, so many places are kept for groups; people alone would push them out for good. */
const GROUP_SHARE = 4

/**
 * One list: whom the user works with, as Graph ranks them; then the rest of the directory, best match first;
 * then those whom Graph only guesses at; then groups. Each object once.
 */
export function mergeParts(
  parts: ReadonlyMap<Part, readonly Principal[]>,
  search: SearchText,
  limit: number,
): readonly Principal[] {
  const relevant = parts.get('people') ?? []
  const qualityOf = matcherFor(search)
  const people = unique([
    ...relevant.filter((person) => qualityOf(person) > 0),
    ...ranked(parts.get('users') ?? [], qualityOf),
    ...relevant,
  ])
  const groups = ranked(unique(parts.get('groups') ?? []), qualityOf)
  const kept = Math.min(groups.length, Math.ceil(limit / GROUP_SHARE))
  const shown = people.slice(0, people.length === 0 ? 0 : limit - kept)
  return [...shown, ...groups.slice(0, limit - shown.length)]
}

/** Best match first; the same for everyone where two match alike. */
function ranked(principals: readonly Principal[], qualityOf: Matcher): readonly Principal[] {
  return principals
    .map((principal) => ({ principal, quality: qualityOf(principal) }))
    .toSorted(
      (a, b) =>
        b.quality - a.quality ||
        compare(a.principal.name, b.principal.name) ||
        compare(a.principal.id, b.principal.id),
    )
    .map(({ principal }) => principal)
}

/** By code unit: a collation would cost more than all the rest, and only breaks ties. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function unique(principals: readonly Principal[]): readonly Principal[] {
  const byId = new Map<string, Principal>()
  for (const principal of principals) {
    if (!byId.has(principal.id)) byId.set(principal.id, principal)
  }
  return [...byId.values()]
}
