import type { BatchRequest } from '../graph/batch.ts'
import { filter, inFilters, literal } from '../graph/odata.ts'
import { isGuid } from '../settings/issuer.ts'
import type { Principal } from './principal.ts'
import { type SearchText, withoutMarks } from './query.ts'
import type { CacheKind, Source } from './source-result.ts'

type DirectoryList = 'users' | 'groups'

/*
 * Graph charges resource units by request: `/users` costs 2, one less with `$select`, one less below 20 rows, but at
 * least 1. With `$select` the largest page costs no more than one of 19 rows. Except in the largest directories it is
 * the complete result, so it answers what is typed next.
 */
const LIST_PAGE_SIZE = 999
/** `/me/people` with `$search` never finds more. */
const PEOPLE_PAGE_SIZE = 250
/** The filter operator `in` takes 15 values. */
const MAX_NAMES = 15
/** A batch takes 20 requests; so many remain for lookups by name. */
const MAX_NAME_REQUESTS = 6

/** Properties that every user scope shows (`User.ReadBasic.All`). */
export const USER_BASICS = 'id,displayName,givenName,surname,mail,userPrincipalName'
const USER_PROFILE = `${USER_BASICS},jobTitle,accountEnabled`
const GROUP = 'id,displayName,description,mail,mailNickname'
const PERSON =
  'id,displayName,givenName,surname,userPrincipalName,jobTitle,scoredEmailAddresses,personType'

/** Graph requires it for `$search` and for combined filters on the directory. The index lags behind slightly. */
const EVENTUAL = { ConsistencyLevel: 'eventual' }

/** What the requests of one user depend on, beside the text. */
export interface RequestScope {
  readonly tenantId: string
  readonly showsFullProfiles: boolean
}

/** The requests for one source: two where `$search` cannot express the text on its own. */
export function requestsFor(
  source: Source,
  search: SearchText,
  scope: RequestScope,
): readonly BatchRequest[] {
  const { words, text, spelled } = search
  if (source === 'people') {
    return words === '' ? [] : [peopleRequest(source, `${phraseQuery(`"${spelled}"`)}&`, scope)]
  }
  const bySearch = listRequest(source, searchQuery(source, search), scope)
  // `jo+sales@…`, `R&D`, `C#`: `$search` would drop a symbol of a single word.
  const needsPrefix = words === '' || (text !== spelled && !text.includes(' '))
  return [
    ...(words === '' ? [] : [{ id: source, ...bySearch }]),
    ...(needsPrefix ? [prefixRequest(source, search, scope)] : []),
  ]
}

/** The `startswith` request. On its own it replaces a `$search` that Graph rejected. */
export function prefixRequest(
  list: DirectoryList,
  search: SearchText,
  scope: RequestScope,
): BatchRequest {
  return { id: `${list}-prefix`, ...listRequest(list, prefixQuery(list, search), scope) }
}

/** Requests the people whom the user works with most, independent of the text. */
export function frequentContactsRequest(scope: RequestScope): BatchRequest {
  return peopleRequest('frequentContacts', '', scope)
}

/** Looks up relevant people in the directory: by id, or by user principal name where Graph gave a mailbox id. */
export function verificationRequests(
  people: readonly Principal[],
  scope: RequestScope,
): readonly BatchRequest[] {
  const ids = people.flatMap(({ id }) => (isGuid(id) ? [id] : []))
  const names = people.flatMap(({ id, username }) => (isGuid(id) ? [] : (username ?? [])))
  const select = `$select=${selectOf('users', scope)}`
  const bucket = bucketOf('users', scope)
  const byName = inFilters('userPrincipalName', names, MAX_NAMES)
    .slice(0, MAX_NAME_REQUESTS)
    .map((clause, index) => ({
      id: `verifiedPeople-${index}`,
      path: `/users?${clause}&${select}`,
      bucket,
    }))
  if (ids.length === 0) return byName
  const byId = {
    id: 'verifiedPeople',
    method: 'POST' as const,
    path: `/directoryObjects/getByIds?${select}`,
    body: { ids, types: ['user'] },
    bucket,
  }
  return [byId, ...byName]
}

function listRequest(list: DirectoryList, query: string, scope: RequestScope) {
  return {
    path: `/${list}?${query}&$select=${selectOf(list, scope)}&$top=${LIST_PAGE_SIZE}`,
    headers: EVENTUAL,
    bucket: bucketOf(list, scope),
  }
}

function peopleRequest(id: CacheKind, query: string, scope: RequestScope): BatchRequest {
  const path = `/me/people?${query}$select=${PERSON}&$top=${PEOPLE_PAGE_SIZE}`
  return { id, path, bucket: bucketOf('people', scope) }
}

function selectOf(list: DirectoryList, { showsFullProfiles }: RequestScope): string {
  if (list === 'groups') return GROUP
  return showsFullProfiles ? USER_PROFILE : USER_BASICS
}

/** The throttling scope. `/me/people` and the directory are two services with limits of their own. */
function bucketOf(source: Source, { tenantId }: RequestScope): string {
  return `${tenantId}/${source === 'people' ? 'insights' : 'directory'}`
}

interface Properties {
  /** Graph splits it into words; each word of the query must begin one of them. */
  readonly name: 'displayName'
  /** Matched from their start. */
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
 * Writes the `$search` of a directory list. The texts in quotes consist of letters, digits and symbols without
 * meaning in KQL, so none can end its quotes. Directories have composed, decomposed and unmarked letters, so all three
 * are searched for.
 */
function searchQuery(list: DirectoryList, search: SearchText): string {
  const properties = PROPERTIES[list]
  const clauses = [search, withoutMarks(search)].flatMap(({ words, spelled }) => [
    [properties.name, words],
    [properties.name, words.normalize('NFD')],
    ...properties.names.flatMap((name) => [
      [name, words],
      [name, spelled],
    ]),
    // `jan müller` is most often a prefix of the address jan.muller@.
    ...properties.addresses.map((name) => [name, spelled.replaceAll(' ', '.')]),
  ])
  const phrases = clauses.flatMap(([name, text]) => (text === '' ? [] : [`"${name}:${text}"`]))
  return phraseQuery([...new Set(phrases)].join(' OR '))
}

/** Writes the `startswith` filter of a directory list. */
function prefixQuery(list: DirectoryList, { text }: SearchText): string {
  const { name, names, addresses } = PROPERTIES[list]
  const calls = [name, ...names, ...addresses].map(
    (property) => `startswith(${property},${literal(text)})`,
  )
  return `${filter(calls.join(' or '))}&$count=true`
}

/** Writes `$search`. Every text in `expression` must be in quotes already. */
function phraseQuery(expression: string): string {
  return `$search=${encodeURIComponent(expression)}`
}
