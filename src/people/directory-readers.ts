import * as v from 'valibot'
import { indexOf, type Principal } from './principal.ts'

/** What a collection's answer holds. */
export interface Collection<T> {
  readonly items: readonly T[]
  /** There is nothing on a further page. */
  readonly isComplete: boolean
}

/** Graph's are of a thousand letters: a page of such groups would be too large to remember. */
const LONGEST_DESCRIPTION = 200

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export function isObjectId(text: string): boolean {
  return GUID.test(text)
}

const Text = v.nullish(v.string(), null)
const Page = v.object({
  value: v.array(v.unknown()),
  '@odata.nextLink': v.optional(v.string()),
})
const User = v.object({
  id: v.pipe(v.string(), v.regex(GUID)),
  displayName: Text,
  givenName: Text,
  surname: Text,
  mail: Text,
  userPrincipalName: Text,
  jobTitle: Text,
  accountEnabled: v.nullish(v.boolean(), null),
})
const Group = v.object({
  id: v.pipe(v.string(), v.regex(GUID)),
  displayName: Text,
  description: Text,
  mail: Text,
  mailNickname: Text,
})
const Kind = v.object({ '@odata.type': v.string() })
const Person = v.object({
  id: v.string(),
  displayName: Text,
  givenName: Text,
  surname: Text,
  userPrincipalName: v.pipe(v.string(), v.nonEmpty()),
  jobTitle: Text,
  scoredEmailAddresses: v.nullish(v.array(v.object({ address: Text })), []),
  // Contacts, rooms and mail groups are of other classes; guests are not organisation users.
  personType: v.object({ class: v.literal('Person'), subclass: v.literal('OrganizationUser') }),
})

/** @returns `null` when it is not a collection at all; an item nobody can read is left out */
export function readUsers(body: unknown): Collection<Principal> | null {
  return readCollection(body, User, (user) => (user.accountEnabled === false ? null : userOf(user)))
}

export function readGroups(body: unknown): Collection<Principal> | null {
  return readCollection(body, Group, (group) =>
    group.displayName === null
      ? null
      : {
          id: group.id.toLowerCase(),
          type: 'group',
          name: group.displayName,
          email: group.mail,
          username: null,
          description: group.description?.slice(0, LONGEST_DESCRIPTION).toWellFormed() ?? null,
          index: indexOf(group.displayName, [group.mail, group.mailNickname]),
        },
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
  const of = (type: string) =>
    page.output.value.filter((value) => {
      const kind = v.safeParse(Kind, value)
      return kind.success && kind.output['@odata.type'] === `#microsoft.graph.${type}`
    })
  const users = of('user')
  const groups = of('group')
  const items = [
    ...(readUsers({ value: users })?.items ?? []),
    ...(readGroups({ value: groups })?.items ?? []),
  ]
  return {
    items,
    nextLink: page.output['@odata.nextLink'] ?? null,
    withheld: users.length + groups.length - items.length,
  }
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
