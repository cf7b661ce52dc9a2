/**
 * Tokenises as Microsoft does for `$search` on directory objects: at spaces, digits, changes from
 * lower to upper case, and symbols, which are tokens themselves. Words separated only by symbols
 * are also indexed joined, so `helloworld` finds `hello-world` but not `HelloWorld`.
 */
export function tokenise(text: string): readonly string[] {
  return text
    .split(/\s+/u)
    .filter((chunk) => chunk !== '')
    .flatMap((chunk) => {
      const tokens = cut(chunk)
      const words = chunk.split(SYMBOLS).filter((word) => word !== '')
      return words.length > 1 ? [...tokens, words.join('').toLowerCase()] : tokens
    })
}

/**
 * Every token of the search text is a prefix of a token of the value, in any order. There is no
 * "contains".
 */
export function matchesTokens(indexed: readonly string[], sought: string): boolean {
  return holdsTokens(indexed, soughtTokens(sought))
}

export function soughtTokens(sought: string): readonly string[] {
  return sought
    .split(/\s+/u)
    .filter((chunk) => chunk !== '')
    .flatMap(cut)
}

export function holdsTokens(indexed: readonly string[], sought: readonly string[]): boolean {
  return sought.every((token) => indexed.some((candidate) => candidate.startsWith(token)))
}

const SYMBOLS = /[^\p{L}\p{M}\p{N}]+/u
const TOKEN = /\p{N}+|[\p{L}\p{M}]+|[^\p{L}\p{M}\p{N}]/gu

function cut(chunk: string): readonly string[] {
  return chunk
    .replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .split(' ')
    .flatMap((part) => part.match(TOKEN) ?? [])
    .map((token) => token.toLowerCase())
}
