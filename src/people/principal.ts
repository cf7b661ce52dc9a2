import { emailFromDirectory } from '../entra/email-address.ts'
import { isGuid, type IssuerSettings } from '../settings/issuer.ts'
import { fold } from './query.ts'

/** A person or group of the directory, with what is needed to show and to match it. */
export interface Principal {
  /** Entra object id, lower case. Of relevant people that are not verified it may be a mailbox id. */
  readonly id: string
  readonly type: 'user' | 'group'
  readonly name: string
  readonly email: string | null
  /** User principal name; `null` for groups. */
  readonly username: string | null
  readonly description: string | null
  readonly index: SearchIndex
}

/** What a principal is matched by. Computed once, because every letter typed reads hundreds of them. */
export interface SearchIndex {
  /** Words of the name, split as Graph splits them. */
  readonly words: readonly string[]
  /** Matched from their start: name, given name, surname, addresses. */
  readonly texts: readonly string[]
}

/** Replaces the email by the address that the same person's session has, so that a chat sees one person. */
export function withAddress(principal: Principal, issuer: IssuerSettings): Principal {
  if (principal.type === 'group') return principal
  return { ...principal, email: emailFromDirectory(principal, issuer) }
}

/** The relevant people who are among `users`, in Graph's order and as the directory has them. */
export function verified(
  people: readonly Principal[],
  users: readonly Principal[],
): readonly Principal[] {
  const find = finderIn(users)
  return people.flatMap((person) => {
    const user = find(person)
    return user === undefined
      ? []
      : [{ ...user, description: user.description ?? person.description }]
  })
}

/** The relevant people who are not among `users`: the directory may not have them (any more). */
export function unverified(
  people: readonly Principal[],
  users: readonly Principal[],
): readonly Principal[] {
  const find = finderIn(users)
  return people.filter((person) => find(person) === undefined)
}

/** Finds by object id, or by user principal name where Graph gives the id of a mailbox. */
function finderIn(users: readonly Principal[]): (person: Principal) => Principal | undefined {
  const nameOf = ({ username }: Principal) => (username ?? '').toLowerCase()
  const found = new Map(
    users.flatMap((user) => [
      [user.id, user],
      [nameOf(user), user],
    ]),
  )
  return (person) => found.get(isGuid(person.id) ? person.id : nameOf(person))
}

export function searchIndexOf(name: string, others: readonly (string | null)[]): SearchIndex {
  const folded = fold(name)
  const words = [...wordsOf(folded), ...innerWordsOf(name), ...joinedWordsOf(folded)]
  const texts = [folded, ...others.flatMap((other) => (other === null ? [] : [fold(other)]))]
  return { words: distinct(words), texts: distinct(texts) }
}

export function wordsOf(text: string): readonly string[] {
  return text.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '')
}

/** Splits a word into runs of letters and of digits: Graph never indexes both as one word. */
export function piecesOf(word: string): readonly string[] {
  return word.match(/\p{N}+|[^\p{N}]+/gu) ?? []
}

/** Graph indexes `MacDonald` and `Room4` as two words each. */
function innerWordsOf(name: string): readonly string[] {
  const parted = name.replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
  return wordsOf(fold(parted)).flatMap((word) => [word, ...piecesOf(word)])
}

/** Graph also indexes `hello-world` as `helloworld`. */
function joinedWordsOf(name: string): readonly string[] {
  return name.split(/\s+/u).map((chunk) => chunk.replaceAll(/[^\p{L}\p{N}]+/gu, ''))
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].filter((text) => text !== '')
}
