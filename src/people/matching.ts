import { fold } from './fold.ts'
import type { Principal } from './principal.ts'
import type { SearchText } from './search-text.ts'

/**
 * Whether Graph would find it by this text too. Used on answers to shorter texts, so it must not be stricter
 * than Graph: every word begins some word of the name, in any order, or the text begins one of the other
 * properties that are searched.
 */
export function matches(principal: Principal, search: SearchText): boolean {
  return qualityOf(principal, search) > 0
}

/**
 * How well it matches, for ordering: 0 not at all (what Graph finds by sound or by typing slips), up to 6 for
 * the very name. Spelling with the same marks counts a little more.
 */
export function qualityOf(principal: Principal, search: SearchText): number {
  const wanted = fold(search.text)
  const name = fold(principal.name)
  const others = [principal.email, principal.username, ...principal.alsoKnownAs].flatMap((other) =>
    other === null ? [] : [fold(other)],
  )
  const isSpelledAlike = principal.name.normalize('NFC').toLowerCase().includes(search.key)
  const quality = Math.max(
    ofName(name, wanted, fold(search.words)),
    ...others.map((other) => ofOther(other, wanted, fold(search.spelled))),
  )
  return quality > 0 && isSpelledAlike ? quality + 0.5 : quality
}

function ofName(name: string, wanted: string, words: string): number {
  if (name === wanted) return 6
  const sought = words.split(' ').filter((word) => word !== '')
  const own = wordsOf(name)
  if (
    sought.length > 0 &&
    sought.length === own.length &&
    sought.every((word) => own.includes(word))
  )
    return 5
  if (name.startsWith(wanted)) return 4
  if (sought.length === 0) return 0
  const beginnings = [...own, ...joinedWordsOf(name)]
  return sought.every((word) => beginsIn(word, beginnings)) ? 3 : 0
}

function ofOther(other: string, wanted: string, spelled: string): number {
  if (other === wanted || other.split('@')[0] === wanted) return 5
  if (other.startsWith(wanted)) return 2
  return spelled !== '' && other.startsWith(spelled) ? 2 : 0
}

/** Graph cuts digits from letters as well: `room4` is found by `4`, and finds `Room 4`. */
function beginsIn(word: string, beginnings: readonly string[]): boolean {
  if (beginnings.some((own) => own.startsWith(word))) return true
  const pieces = piecesOf(word)
  const own = beginnings.flatMap(piecesOf)
  return pieces.every((piece) => own.some((candidate) => candidate.startsWith(piece)))
}

function piecesOf(word: string): readonly string[] {
  return word.match(/\p{N}+|[^\p{N}]+/gu) ?? []
}

function wordsOf(name: string): readonly string[] {
  return name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '')
}

/** `hello-world` is indexed as `helloworld` too. */
function joinedWordsOf(name: string): readonly string[] {
  return name.split(/\s+/u).map((chunk) => chunk.replaceAll(/[^\p{L}\p{N}]+/gu, ''))
}
