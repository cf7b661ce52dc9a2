import type { BatchRequest } from '../graph/batch.ts'
import type { RelevantPerson } from './directory-readers.ts'
import type { Part } from './permissions.ts'
import { plainOf, type SearchText } from './search-text.ts'

/*
 * Graph charges by request: `/users` costs 2 resource units, one less with `$select`, one less below 20 rows,
 * but never below 1. With `$select` a page of a hundred is as cheap as one of nineteen, and answers more of
 * what is typed next.
 */
const FIRST_PAGE = 100
/** After a page that was not the whole answer: most directories fit now, and the largest fill many lists. */
const WIDE_PAGE = 999
const FIRST_PEOPLE = 50
/** People searches never find more. */
const WIDE_PEOPLE = 250
/** `in` takes 15 values. */
const MOST_NAMES = 15

const USER_BASICS = 'id,displayName,givenName,surname,mail,userPrincipalName'
const USER_PROFILE = `${USER_BASICS},jobTitle,department,accountEnabled`
const GROUP = 'id,displayName,description,mail,mailNickname'
const PERSON =
  'id,displayName,givenName,surname,userPrincipalName,jobTitle,scoredEmailAddresses,personType'

/** Directory `$search`, and `$filter` beyond the simplest, are answered from an index that lags a little. */
const EVENTUAL = { ConsistencyLevel: 'eventual' }

export interface RequestScope {
  readonly tenantId: string
  readonly showsFullProfiles: boolean
}

/** The requests a part is asked by: its `$search`, and its `startswith` where that is needed. */
export function requestIdsOf(part: Part): readonly [search: string, prefix: string] {
  return [part, `${part}-prefix`]
}

/** What to ask for one part. Two requests where one query cannot carry what was typed. */
export function requestsFor(
  part: Part,
  search: SearchText,
  scope: RequestScope & { readonly isWide: boolean },
): readonly BatchRequest[] {
  const [searchId] = requestIdsOf(part)
  if (part !== 'people') {
    const properties = propertiesOf(part)
    const query = `$search=${encodeURIComponent(searchExpression(properties, search))}`
    const bySearch = { id: searchId, ...toPath(part, query, scope), headers: EVENTUAL }
    const byPrefix = needsPrefix(search) ? [prefixRequest(part, search, scope)] : []
    return search.words === '' ? byPrefix : [bySearch, ...byPrefix]
  }
  const { spelled } = search
  const query = `$search=${encodeURIComponent(`"${spelled}"`)}`
  return search.words === '' ? [] : [{ id: searchId, ...toPath(part, query, scope) }]
}

/** Alone, it stands in for a `$search` that Graph did not take. */
export function prefixRequest(
  part: 'users' | 'groups',
  search: SearchText,
  scope: RequestScope & { readonly isWide: boolean },
): BatchRequest {
  const [, id] = requestIdsOf(part)
  const query = startsWithAny(propertiesOf(part), search.text)
  return { id, ...toPath(part, query, scope), headers: EVENTUAL }
}

/** Looks up relevant people in the directory itself: by id, or by name where Graph gave a mailbox's id. */
export function confirmationRequests(
  people: readonly RelevantPerson[],
  scope: RequestScope,
): readonly BatchRequest[] {
  const ids = people.flatMap(({ id }) => id ?? [])
  const usernames = people.flatMap(({ id, username }) => (id === null ? [username] : []))
  const select = `$select=${selectOf('users', scope)}`
  const bucket = bucketOf('users', scope)
  const byName = chunks(usernames, MOST_NAMES).map((names, index) => ({
    id: `confirm-names-${index}`,
    path: `/users?$filter=${encodeURIComponent(`userPrincipalName in (${names.map(literal).join(',')})`)}&${select}`,
    bucket,
  }))
  if (ids.length === 0) return byName
  const byId = {
    id: 'confirm-ids',
    method: 'POST' as const,
    path: `/directoryObjects/getByIds?${select}`,
    body: { ids, types: ['user'] },
    bucket,
  }
  return [byId, ...byName]
}

/** `jo+sales@…`, `R&D`, `C#`: one word that loses something on its way into `$search`. */
function needsPrefix({ text, spelled, words }: SearchText): boolean {
  return words === '' || (text !== spelled && !text.includes(' '))
}

interface Properties {
  /** Cut into words by Graph; every word sought must begin one of them. */
  readonly name: 'displayName'
  /** Searched from their start. */
  readonly names: readonly string[]
  readonly addresses: readonly string[]
}

function propertiesOf(part: 'users' | 'groups'): Properties {
  return part === 'users'
    ? {
        name: 'displayName',
        names: ['givenName', 'surname'],
        addresses: ['mail', 'userPrincipalName'],
      }
    : { name: 'displayName', names: [], addresses: ['mail', 'mailNickname'] }
}

/**
 * The only place where `$search` is written. What goes in is letters, digits and a handful of symbols that
 * mean nothing to it, so no text can leave its quotes. Marks are also tried taken apart and taken off:
 * directories hold all three.
 */
function searchExpression(properties: Properties, search: SearchText): string {
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
  return [...new Set(phrases)].join(' OR ')
}

/** The only place where `startswith` is written: a quote is doubled, and the whole is encoded after that. */
function startsWithAny({ name, names, addresses }: Properties, text: string): string {
  const calls = [name, ...names, ...addresses].map(
    (property) => `startswith(${property},${literal(text)})`,
  )
  return `$filter=${encodeURIComponent(calls.join(' or '))}&$count=true`
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function toPath(part: Part, query: string, scope: RequestScope & { readonly isWide: boolean }) {
  const [narrow, wide] = part === 'people' ? [FIRST_PEOPLE, WIDE_PEOPLE] : [FIRST_PAGE, WIDE_PAGE]
  const collection = part === 'people' ? '/me/people' : `/${part}`
  const top = scope.isWide ? wide : narrow
  return {
    path: `${collection}?${query}&$select=${selectOf(part, scope)}&$top=${top}`,
    bucket: bucketOf(part, scope),
  }
}

function selectOf(part: Part, { showsFullProfiles }: RequestScope): string {
  if (part === 'people') return PERSON
  if (part === 'groups') return GROUP
  return showsFullProfiles ? USER_PROFILE : USER_BASICS
}

/** Insights and directory are two services with limits of their own. */
function bucketOf(part: Part, { tenantId }: RequestScope): string {
  return `${tenantId}/${part === 'people' ? 'insights' : 'directory'}`
}

function chunks<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  )
}
