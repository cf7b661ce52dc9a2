import type * as graph from '@microsoft/microsoft-graph-types'

/** Shorter words must match exactly. */
const SHORTEST_FUZZY = 4

/** How well a person matches a phrase; `null` for no match. */
export type Match = 'exact' | 'fuzzy' | null

/**
 * Every word of the phrase is a prefix of a word in the name or address, or differs by one letter.
 */
export function matchPerson(person: graph.Person, phrase: string): Match {
  const sought = wordsOf(phrase)
  const addresses = (person.scoredEmailAddresses ?? []).map(({ address }) => address ?? '')
  const text = [person.displayName ?? '', ...addresses]
  const words = [...wordsOf(text.join(' ')), ...addresses.map((address) => address.toLowerCase())]
  const isExact = (word: string) => words.some((known) => known.startsWith(word))
  if (sought.length === 0) return null
  if (sought.every(isExact)) return 'exact'
  const isNear = (word: string) => words.some((known) => isOneOff(word, known))
  return sought.every((word) => isExact(word) || isNear(word)) ? 'fuzzy' : null
}

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
}

/** True for one letter changed, added or removed, or two letters swapped. */
function isOneOff(a: string, b: string): boolean {
  if (a.length < SHORTEST_FUZZY || Math.abs(a.length - b.length) > 1) return false
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  const restOfA = a.slice(start)
  const restOfB = b.slice(start)
  const swapped = `${restOfA.charAt(1)}${restOfA.charAt(0)}${restOfA.slice(2)}`
  return (
    restOfA.slice(1) === restOfB.slice(1) ||
    restOfA.slice(1) === restOfB ||
    restOfA === restOfB.slice(1) ||
    swapped === restOfB
  )
}
