import type { Source } from './access.ts'
import { piecesOf, type Principal, type SearchIndex, wordsOf } from './principal.ts'
import { fold, type SearchText } from './search-text.ts'

/**
 * How well something matches, for ordering: 0 not at all (what Graph finds by sound or by typing slips), 6 for
 * the very name. Spelling with the same marks counts a little more.
 */
export type Matcher = (principal: Pick<Principal, 'name' | 'index'>) => number

/** From here on it is the very name, in whatever order, or the very address. */
export const NAMED = 5

/**
 * Also decides which part of an answer to a shorter text answers this one, so it must not be stricter than
 * Graph: every word begins some word of the name, in any order, or the text begins one of the other
 * properties that are searched.
 */
export function matcherFor(search: SearchText): Matcher {
  const whole = fold(search.text)
  const words = wordsOf(fold(search.words))
  const pieces = words.flatMap(piecesOf)
  const spelled = fold(search.spelled)
  const beginnings = [whole, spelled, spelled.replaceAll(' ', '.')].filter((text) => text !== '')
  return ({ name, index: { words: own, texts } }) => {
    const quality = Math.max(ofTexts(texts, whole, beginnings), ofWords(own, words, pieces))
    if (quality === 0) return 0
    const isNamed = quality < NAMED && isReordered(texts[0] ?? '', words)
    const isSpelledAlike = name.normalize('NFC').toLowerCase().includes(search.key)
    return (isNamed ? NAMED : quality) + (isSpelledAlike ? 0.5 : 0)
  }
}

function ofTexts(
  [name = '', ...others]: readonly string[],
  whole: string,
  beginnings: readonly string[],
): number {
  if (name === whole) return 6
  const isAddress = (text: string) => text === whole || text.startsWith(`${whole}@`)
  if (others.some((other) => other.includes('@') && isAddress(other))) return NAMED
  if (name.startsWith(whole)) return 3
  return others.some((other) => beginnings.some((text) => other.startsWith(text))) ? 1 : 0
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

/** `Vance Adele` for Adele Vance. */
function isReordered(name: string, words: readonly string[]): boolean {
  const own = wordsOf(name)
  return own.length > 1 && own.length === words.length && words.every((word) => own.includes(word))
}

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
