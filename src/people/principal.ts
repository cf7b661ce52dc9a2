import { emailFromDirectory } from '../entra/email-address.ts'
import type { IssuerSettings } from '../settings/issuer.ts'
import { fold } from './search-text.ts'

/** A person or group of the directory, with what is needed to show it and to find it again. */
export interface Principal {
  /** Entra object id, lower case. */
  readonly id: string
  readonly type: 'user' | 'group'
  readonly name: string
  readonly email: string | null
  /** User principal name; `null` for groups. */
  readonly username: string | null
  readonly description: string | null
  readonly index: SearchIndex
}

/** What it is found by, folded once and not at every letter typed. */
export interface SearchIndex {
  /** Words of the name, as Graph cuts them. */
  readonly words: readonly string[]
  /** Searched from their start: given name, surname, addresses. */
  readonly texts: readonly string[]
}

/** With the address a person is known by after signing in, so that a chat that is told both knows one person. */
export function withAddress(principal: Principal, issuer: IssuerSettings): Principal {
  if (principal.type === 'group') return principal
  return { ...principal, email: emailFromDirectory(principal, issuer) }
}

export function indexOf(name: string, others: readonly (string | null)[]): SearchIndex {
  const folded = fold(name)
  const words = [...wordsOf(folded), ...innerWordsOf(name), ...joinedWordsOf(folded)]
  const texts = [folded, ...others.flatMap((other) => (other === null ? [] : [fold(other)]))]
  return { words: distinct(words), texts: distinct(texts) }
}

export function wordsOf(text: string): readonly string[] {
  return text.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '')
}

/** `MacDonald` is indexed as two words, and `Room4` as well. */
function innerWordsOf(name: string): readonly string[] {
  const parted = name.replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
  return wordsOf(fold(parted)).flatMap((word) => [word, ...piecesOf(word)])
}

/** Letters and digits never form a word together. */
export function piecesOf(word: string): readonly string[] {
  return word.match(/\p{N}+|[^\p{N}]+/gu) ?? []
}

/** `hello-world` is indexed as `helloworld` too. */
function joinedWordsOf(name: string): readonly string[] {
  return name.split(/\s+/u).map((chunk) => chunk.replaceAll(/[^\p{L}\p{N}]+/gu, ''))
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].filter((text) => text !== '')
}
