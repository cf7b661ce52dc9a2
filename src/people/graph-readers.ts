import * as v from 'valibot'
import type { BatchAnswer, BatchAnswers } from '../graph/batch.ts'
import { isGuid } from '../settings/issuer.ts'
import { type Principal, searchIndexOf } from './principal.ts'
import {
  CACHE_KINDS,
  type CacheKind,
  EMPTY_RESULT,
  failedResult,
  resultOfError,
  type SourceResult,
} from './source-result.ts'

/** The results in a batch answer. The id of each request begins with its cache kind: `users`, `users-prefix`. */
export function resultsOf(answers: BatchAnswers): Map<CacheKind, SourceResult> {
  const results = new Map<CacheKind, SourceResult>()
  for (const [id, answer] of answers) {
    const kind = CACHE_KINDS.find((one) => id.split('-')[0] === one)
    if (kind !== undefined) results.set(kind, combine(results.get(kind), readResult(kind, answer)))
  }
  return results
}

/** Combines the results of several requests for one kind: each principal once, and the worst status. */
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

function readResult(kind: CacheKind, answer: BatchAnswer): SourceResult {
  if (!answer.ok) return resultOfError(kind, answer.error)
  const hasUsers = kind === 'users' || kind === 'verifiedPeople'
  const read = hasUsers ? readUsers : kind === 'groups' ? readGroups : readRelevantPeople
  const page = read(answer.body)
  if (page === null) return failedResult()
  // `/me/people` is ranked. Entrada ignores its further pages, so the first one counts as complete.
  const isComplete = page.isComplete || kind === 'people'
  return { ...EMPTY_RESULT, principals: page.items, isComplete }
}

/** One page of a Graph collection. */
interface Collection<T> {
  readonly items: readonly T[]
  /** There is no further page. */
  readonly isComplete: boolean
}

/** Graph allows 1,024 characters, and a page of such groups would be too large for the cache. */
const MAX_DESCRIPTION = 200

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
  // Users whose sign-in is blocked are left out.
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

/**
 * Reads a page of users. Items of an unknown shape are left out.
 * @returns `null` when the body is not a collection
 */
export function readUsers(body: unknown): Collection<Principal> | null {
  return readCollection(body, User, userOf)
}

/**
 * Reads a page of groups. Groups without a name are left out: Graph sends null for what the token may not see.
 * @returns `null` when the body is not a collection
 */
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
      description: description?.slice(0, MAX_DESCRIPTION).toWellFormed() ?? null,
      index: searchIndexOf(name, [mail, mailNickname]),
    }),
  )
}

/** Reads `/me/people`. Ids may be those of mailboxes, and the directory need not have these people (any more). */
function readRelevantPeople(body: unknown): Collection<Principal> | null {
  return readCollection(body, Person, (person) =>
    userOf({ ...person, mail: person.scoredEmailAddresses?.[0]?.address ?? null }),
  )
}

/** One page of a group's members. */
export interface MembersPage {
  readonly items: readonly Principal[]
  readonly nextLink: string | null
  /** The number of members whom the token may not see: Graph sends their id and nulls. */
  readonly withheld: number
}

/**
 * Reads members that are users or groups; devices and applications are left out.
 * @returns `null` when the body is not a collection
 */
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

/** `null` without a name: Graph sends null for what the token may not see. */
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
    index: searchIndexOf(name, [user.mail, user.userPrincipalName, user.givenName, user.surname]),
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
