import { fold } from './fold.ts'
import { piecesOf, wordsOf, type Principal } from './principal.ts'
import type { SearchText } from './search-text.ts'

/**
 * How well something matches, for ordering: 0 not at all (what Graph finds by sound or by typing slips), up to
 * 6 for the very name. Spelling with the same marks counts a little more.
 */
export type Matcher = (principal: Pick<Principal, 'name' | 'index'>) => number

/**
 * Also decides which part of an answer to a shorter text answers this one, so it must not be stricter than
 * Graph: every word begins some word of the name, in any order, or the text begins one of the other
 * properties that are searched.
 */
export function matcherFor(search: SearchText): Matcher {
  const whole = fold(search.text)
  const spelled = fold(search.spelled)
  const words = wordsOf(fold(search.words))
  const pieces = words.flatMap(piecesOf)
  return ({ name, index: { words: own, texts } }) => {
    const quality = Math.max(ofTexts(texts, whole, spelled), ofWords(own, words, pieces))
    const isBetter = quality > 0 && quality < 6 && isReordered(texts[0] ?? '', words)
    const isSpelledAlike = quality > 0 && name.normalize('NFC').toLowerCase().includes(search.key)
    return (isBetter ? Math.max(5, quality) : quality) + (isSpelledAlike ? 0.5 : 0)
  }
}

function ofTexts(
  [name = '', ...others]: readonly string[],
  whole: string,
  spelled: string,
): number {
  if (name === whole) return 6
  if (others.some((other) => other === whole || other.startsWith(`${whole}@`))) return 5
  if (name.startsWith(whole)) return 4
  const isBeginning = others.some(
    (other) => other.startsWith(whole) || (spelled !== '' && other.startsWith(spelled)),
  )
  return isBeginning ? 2 : 0
}

function ofWords(
  own: readonly string[],
  words: readonly string[],
  pieces: readonly string[],
): number {
  if (words.length === 0) return 0
  const begins = (word: string) => own.some((candidate) => candidate.startsWith(word))
  return words.every(begins) || pieces.every(begins) ? 3 : 0
}

/** `Vance Adele` for Adele Vance. */
function isReordered(name: string, words: readonly string[]): boolean {
  const own = wordsOf(name)
  return own.length > 1 && own.length === words.length && words.every((word) => own.includes(word))
}
