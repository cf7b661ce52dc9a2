import { filter, literal } from '../graph/filters.ts'
import { plainOf, type SearchText } from './search-text.ts'

export type DirectoryList = 'users' | 'groups'

interface Properties {
  /** Cut into words by Graph; every word sought must begin one of them. */
  readonly name: 'displayName'
  /** Searched from their start. */
  readonly names: readonly string[]
  readonly addresses: readonly string[]
}

const PROPERTIES: Readonly<Record<DirectoryList, Properties>> = {
  users: {
    name: 'displayName',
    names: ['givenName', 'surname'],
    addresses: ['mail', 'userPrincipalName'],
  },
  groups: { name: 'displayName', names: [], addresses: ['mail', 'mailNickname'] },
}

/**
 * The only place where `$search` is written. What goes in is letters, digits and a handful of symbols that
 * mean nothing to it, so no text can leave its quotes. Marks are also tried taken apart and taken off:
 * directories hold all three.
 */
export function searchQuery(list: DirectoryList, search: SearchText): string {
  const properties = PROPERTIES[list]
  const clauses = [search, plainOf(search)].flatMap(({ words, spelled }) => [
    [properties.name, words],
    [properties.name, words.normalize('NFD')],
    ...properties.names.flatMap((name) => [
      [name, words],
      [name, spelled],
    ]),
    // `jan müller` is the beginning of jan.muller@ more often than of anything else.
    ...properties.addresses.map((name) => [name, spelled.replaceAll(' ', '.')]),
  ])
  const phrases = clauses.flatMap(([name, text]) => (text === '' ? [] : [`"${name}:${text}"`]))
  return phraseQuery([...new Set(phrases)].join(' OR '))
}

/** The only place where `startswith` is written. */
export function prefixQuery(list: DirectoryList, { text }: SearchText): string {
  const { name, names, addresses } = PROPERTIES[list]
  const calls = [name, ...names, ...addresses].map(
    (property) => `startswith(${property},${literal(text)})`,
  )
  return `${filter(calls.join(' or '))}&$count=true`
}

/** Of an expression whose texts are all within quotes. */
export function phraseQuery(expression: string): string {
  return `$search=${encodeURIComponent(expression)}`
}
