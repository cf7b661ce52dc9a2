import { fold } from './fold.ts'
import { piecesOf, wordsOf, type Principal } from './principal.ts'
import type { SearchText } from './search-text.ts'

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
