import { piecesOf, type Principal, type SearchIndex, wordsOf } from './principal.ts'
import { fold, type SearchText } from './query.ts'
import type { Source } from './source-result.ts'

/** What can be in the list: a principal of the directory, or one of the chat's own. */
export interface Candidate {
  /** The same for the same person or group in every source. */
  readonly id: string
  readonly name: string
  readonly index: SearchIndex
  /** The chat has a record of it. Of two equal matches it comes first. */
  readonly isLocal?: boolean
}

/** One place in four is reserved for groups, because people alone could fill every list. */
const GROUP_SHARE = 4

/**
 * Merges the sources into one list of at most `limit` candidates, each once. The order is:
 *
 * 1. those whose whole name or address was typed,
 * 2. relevant people who match, in Graph's order,
 * 3. all other users, best match first,
 * 4. relevant people whom Graph only guesses at (by sound, or across a typing error),
 * 5. groups, best match first.
 */
export function mergeSources<T extends Candidate>(
  sources: ReadonlyMap<Source, readonly T[]>,
  search: SearchText,
  limit: number,
): readonly T[] {
  const relevant = sources.get('people') ?? []
  const qualityOf = matcherFor(search)
  const others = ranked(sources.get('users') ?? [], qualityOf)
  // A single word is as often a prefix of a name as a whole name.
  const isWhole = search.words.includes(' ') || search.text.includes('@')
  const named = isWhole ? [...relevant, ...others].filter((one) => qualityOf(one) >= NAMED) : []
  const matching = relevant.filter((person) => qualityOf(person) > 0)
  const people = unique([...named, ...matching, ...others, ...relevant])
  const groups = ranked(unique(sources.get('groups') ?? []), qualityOf)
  const reserved = Math.min(groups.length, Math.floor(limit / GROUP_SHARE))
  const shown = people.slice(0, people.length === 0 ? 0 : limit - reserved)
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

/** Compares by code unit. A collation would cost more than the whole search, only to break ties. */
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

/**
 * The quality of a match, for ranking: 0 for no match (Graph found it by sound or across a typing error), 6 for
 * the exact name. The same marks as typed add 0.5.
 */
export type Matcher = (principal: Pick<Principal, 'name' | 'index'>) => number

/** From this quality on, the whole name (in any order) or the whole address was typed. */
const NAMED = 5

/**
 * Compares principals with a text. A principal matches when every word begins a word of the name, in any order,
 * or when the text begins another searched property. The cache narrows results of a prefix with it, so it must
 * not be stricter than Graph.
 */
export function matcherFor(search: SearchText): Matcher {
  const whole = fold(search.text)
  const words = wordsOf(fold(search.words))
  const pieces = words.flatMap(piecesOf)
  const spelled = fold(search.spelled)
  const prefixes = [whole, spelled, spelled.replaceAll(' ', '.')].filter((text) => text !== '')
  return ({ name, index: { words: own, texts } }) => {
    const quality = Math.max(ofTexts(texts, whole, prefixes), ofWords(own, words, pieces))
    if (quality === 0) return 0
    const isNamed = quality < NAMED && isReordered(texts[0] ?? '', words)
    const hasSameMarks = name.normalize('NFC').toLowerCase().includes(search.key)
    return (isNamed ? NAMED : quality) + (hasSameMarks ? 0.5 : 0)
  }
}

function ofTexts(
  [name = '', ...others]: readonly string[],
  whole: string,
  prefixes: readonly string[],
): number {
  if (name === whole) return 6
  const isAddress = (text: string) => text === whole || text.startsWith(`${whole}@`)
  if (others.some((other) => other.includes('@') && isAddress(other))) return NAMED
  if (name.startsWith(whole)) return 3
  return others.some((other) => prefixes.some((text) => other.startsWith(text))) ? 1 : 0
}

function ofWords(
  own: readonly string[],
  words: readonly string[],
  pieces: readonly string[],
): number {
  if (words.length === 0) return 0
  if (words.every((word) => own.includes(word))) return 4
  const begins = (word: string) => own.some((candidate) => candidate.startsWith(word))
  return words.every(begins) || pieces.every(begins) ? 2 : 0
}

/** `Vance Adele` is the whole name of Adele Vance. */
function isReordered(name: string, words: readonly string[]): boolean {
  const own = wordsOf(name)
  return own.length > 1 && own.length === words.length && words.every((word) => own.includes(word))
}
