import type { BatchRequest } from '../graph/batch.ts'
import { filter, inFilters, literal } from '../graph/odata.ts'
import { isGuid } from '../settings/issuer.ts'
import type { CacheKind } from './access.ts'
import type { Principal } from './principal.ts'
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

/*
 * Graph charges by request: `/users` costs 2 resource units, one less with `$select`, one less below 20 rows,
 * but never below 1. With `$select` the largest page is as cheap as one of nineteen, and answers most of what
 * is typed next: it is the whole answer in all but the largest directories.
 */
const PAGE = 999
/** People searches never find more. */
const PEOPLE = 250
/** `in` takes 15 values. */
const MOST_NAMES = 15
/** A batch has room for so many requests by name beside all else. */
const MOST_NAME_REQUESTS = 6

export const USER_BASICS = 'id,displayName,givenName,surname,mail,userPrincipalName'
const USER_PROFILE = `${USER_BASICS},jobTitle,accountEnabled`
const GROUP = 'id,displayName,description,mail,mailNickname'
const PERSON =
  'id,displayName,givenName,surname,userPrincipalName,jobTitle,scoredEmailAddresses,personType'

/** Directory `$search`, and `$filter` beyond the simplest, are answered from an index that lags a little. */
const EVENTUAL = { ConsistencyLevel: 'eventual' }

export interface RequestScope {
  readonly tenantId: string
  readonly showsFullProfiles: boolean
}

/** What to ask for one part. Two requests where one query cannot carry what was typed. */
export function requestsFor(
  part: 'people' | DirectoryList,
  search: SearchText,
  scope: RequestScope,
): readonly BatchRequest[] {
  const { words, text, spelled } = search
  if (part === 'people') {
    return words === '' ? [] : [peopleRequest(part, `${phraseQuery(`"${spelled}"`)}&`, scope)]
  }
  const bySearch = listRequest(part, searchQuery(part, search), scope)
  // `jo+sales@…`, `R&D`, `C#`: one word that loses something on its way into `$search`.
  const needsPrefix = words === '' || (text !== spelled && !text.includes(' '))
  return [
    ...(words === '' ? [] : [{ id: part, ...bySearch }]),
    ...(needsPrefix ? [prefixRequest(part, search, scope)] : []),
  ]
}

/** Alone, it stands in for a `$search` that Graph did not take. */
export function prefixRequest(
  part: DirectoryList,
  search: SearchText,
  scope: RequestScope,
): BatchRequest {
  return { id: `${part}-prefix`, ...listRequest(part, prefixQuery(part, search), scope) }
}

/** Those the user deals with most, whatever is typed. */
export function frequentContactsRequest(scope: RequestScope): BatchRequest {
  return peopleRequest('acquaintances', '', scope)
}

/** Looks up relevant people in the directory itself: by id, or by name where Graph gave a mailbox's id. */
export function verificationRequests(
  people: readonly Principal[],
  scope: RequestScope,
): readonly BatchRequest[] {
  const ids = people.flatMap(({ id }) => (isGuid(id) ? [id] : []))
  const names = people.flatMap(({ id, username }) => (isGuid(id) ? [] : (username ?? [])))
  const select = `$select=${selectOf('users', scope)}`
  const bucket = bucketOf('users', scope)
  const byName = inFilters('userPrincipalName', names, MOST_NAMES)
    .slice(0, MOST_NAME_REQUESTS)
    .map((clause, index) => ({ id: `known-${index}`, path: `/users?${clause}&${select}`, bucket }))
  if (ids.length === 0) return byName
  const byId = {
    id: 'known',
    method: 'POST' as const,
    path: `/directoryObjects/getByIds?${select}`,
    body: { ids, types: ['user'] },
    bucket,
  }
  return [byId, ...byName]
}

function listRequest(part: DirectoryList, query: string, scope: RequestScope) {
  return {
    path: `/${part}?${query}&$select=${selectOf(part, scope)}&$top=${PAGE}`,
    headers: EVENTUAL,
    bucket: bucketOf(part, scope),
  }
}

function peopleRequest(id: CacheKind, query: string, scope: RequestScope): BatchRequest {
  const path = `/me/people?${query}$select=${PERSON}&$top=${PEOPLE}`
  return { id, path, bucket: bucketOf('people', scope) }
}

function selectOf(part: DirectoryList, { showsFullProfiles }: RequestScope): string {
  if (part === 'groups') return GROUP
  return showsFullProfiles ? USER_PROFILE : USER_BASICS
}

/** Insights and directory are two services with limits of their own. */
function bucketOf(part: 'people' | DirectoryList, { tenantId }: RequestScope): string {
  return `${tenantId}/${part === 'people' ? 'insights' : 'directory'}`
}
