import * as v from 'valibot'
import type { BatchAnswer, BatchAnswers } from '../graph/batch.ts'
import { isGuid } from '../settings/issuer.ts'
import { CACHE_KINDS, type CacheKind } from './access.ts'
import { indexOf, type Principal } from './principal.ts'
import { EMPTY_RESULT, failedResult, refusedResult, type SourceResult } from './source-result.ts'

/** What a collection's answer holds. */
export interface Collection<T> {
  readonly items: readonly T[]
  /** There is nothing on a further page. */
  readonly isComplete: boolean
}

/** Graph's are of a thousand letters: a page of such groups would be too large to remember. */
const LONGEST_DESCRIPTION = 200

const Text = v.nullish(v.string(), null)
const ObjectId = v.pipe(v.string(), v.check(isGuid))
const Page = v.object({
  value: v.array(v.unknown()),
  '@odata.nextLink': v.optional(v.string()),
})
const Profile = {
  displayName: Text,
  givenName: Text,
  surname: Text,
  jobTitle: Text,
}
const User = v.object({
  ...Profile,
  id: ObjectId,
  mail: Text,
  userPrincipalName: Text,
  // Who may not sign in is left out.
  accountEnabled: v.nullish(v.literal(true)),
})
const Group = v.object({
  id: ObjectId,
  displayName: v.string(),
  description: Text,
  mail: Text,
  mailNickname: Text,
})
const Person = v.object({
  ...Profile,
  id: v.string(),
  userPrincipalName: v.pipe(v.string(), v.nonEmpty()),
  scoredEmailAddresses: v.nullish(v.array(v.object({ address: Text }))),
  // Contacts, rooms and mail groups are of other classes; guests are not organisation users.
  personType: v.object({ class: v.literal('Person'), subclass: v.literal('OrganizationUser') }),
})

/** @returns `null` when it is not a collection at all; an item nobody can read is left out */
export function readUsers(body: unknown): Collection<Principal> | null {
  return readCollection(body, User, userOf)
}

/** A group without a name is left out as well: properties a token may not see come as nulls. */
export function readGroups(body: unknown): Collection<Principal> | null {
  return readCollection(
    body,
    Group,
    ({ id, displayName: name, description, mail, mailNickname }) => ({
      id: id.toLowerCase(),
      type: 'group',
      name,
      email: mail,
      username: null,
      description: description?.slice(0, LONGEST_DESCRIPTION).toWellFormed() ?? null,
      index: indexOf(name, [mail, mailNickname]),
    }),
  )
}

/** Whom Graph relates to the user. An id may be that of a mailbox, and nobody is of the directory yet. */
export function readRelevantPeople(body: unknown): Collection<Principal> | null {
  return readCollection(body, Person, (person) =>
    userOf({ ...person, mail: person.scoredEmailAddresses?.[0]?.address ?? null }),
  )
}

/** Members of a group: people and groups; devices and applications are passed over. */
export interface MembersPage {
  readonly items: readonly Principal[]
  readonly nextLink: string | null
  /** There, and not for this token to see: Graph leaves the id and blanks the rest. */
  readonly withheld: number
}

export function readMembers(body: unknown): MembersPage | null {
  const page = v.safeParse(Page, body)
  if (!page.success) return null
  const { value, '@odata.nextLink': nextLink = null } = page.output
  const of = (type: string) => {
    const Kind = v.object({ '@odata.type': v.literal(`#microsoft.graph.${type}`) })
    return value.filter((one) => v.safeParse(Kind, one).success)
  }
  const users = of('user')
  const groups = of('group')
  const items = [readUsers({ value: users }), readGroups({ value: groups })].flatMap(
    (read) => read?.items ?? [],
  )
  return { items, nextLink, withheld: users.length + groups.length - items.length }
}

/** Without a name there is nothing to show: properties a token may not see come as nulls. */
function userOf(user: Omit<v.InferOutput<typeof User>, 'accountEnabled'>): Principal | null {
  const name = user.displayName ?? user.userPrincipalName
  if (name === null) return null
  return {
    id: user.id.toLowerCase(),
    type: 'user',
    name,
    email: user.mail,
    username: user.userPrincipalName,
    description: user.jobTitle,
    index: indexOf(name, [user.mail, user.userPrincipalName, user.givenName, user.surname]),
  }
}

function readCollection<S extends v.GenericSchema, T>(
  body: unknown,
  schema: S,
  convert: (item: v.InferOutput<S>) => T | null,
): Collection<T> | null {
  const page = v.safeParse(Page, body)
  if (!page.success) return null
  const items = page.output.value.flatMap((value) => {
    const item = v.safeParse(schema, value)
    const converted = item.success ? convert(item.output) : null
    return converted === null ? [] : [converted]
  })
  return { items, isComplete: page.output['@odata.nextLink'] === undefined }
}

export type SourceResults = ReadonlyMap<CacheKind, SourceResult>

/** What the answers of a batch say of each row. */
export function resultsOf(answers: BatchAnswers): Map<CacheKind, SourceResult> {
  const rows = new Map<CacheKind, SourceResult>()
  for (const [id, answer] of answers) {
    const row = CACHE_KINDS.find((one) => id.split('-')[0] === one)
    if (row !== undefined) rows.set(row, combine(rows.get(row), readResult(row, answer)))
  }
  return rows
}

function readResult(row: CacheKind, answer: BatchAnswer): SourceResult {
  if (!answer.ok) return refusedResult(row, answer.error)
  const isOfUsers = row === 'users' || row === 'known'
  const reader = isOfUsers ? readUsers : row === 'groups' ? readGroups : readRelevantPeople
  const page = reader(answer.body)
  if (page === null) return failedResult()
  // Nobody leafs on through relevant people: who is on a further page is relevant no more.
  const isComplete = page.isComplete || row === 'people'
  return { ...EMPTY_RESULT, principals: page.items, isComplete }
}

/** A row's requests put together: each found once, complete when all are, as bad as the worst. */
export function combine(one: SourceResult | undefined, other: SourceResult): SourceResult {
  if (one === undefined) return other
  const principals = new Map(
    [...one.principals, ...other.principals].map((principal) => [principal.id, principal]),
  )
  const isComplete = one.isComplete && other.isComplete
  return {
    ...(one.status === 'ok' ? other : one),
    principals: [...principals.values()],
    isComplete,
  }
}
