import * as v from 'valibot'
import { chunks, inFilters } from '../graph/odata.ts'
import { isRefusal, type MembershipGraphClient } from './graph-client.ts'

/** Graph's own limit for `checkMemberGroups`. */
const MAX_IDS_PER_CALL = 20
/** Graph takes up to fifteen values behind `in`; names are long and addresses must not be. */
const MAX_NAMES_PER_FILTER = 10

/** Delegated permissions that show groups to the person's own token. */
export const READS_GROUPS = /^(?:GroupMember|Group|Directory)\.Read(?:Write)?\.All$/i

export interface ResolvedNames {
  /** Lower-case object id by name, where exactly one group has it. */
  readonly ids: ReadonlyMap<string, string>
  readonly ambiguous: ReadonlySet<string>
}

/** A group whose name is withheld could be a second one of that name: such an answer is no answer. */
const NamedGroup = v.object({ id: v.string(), displayName: v.string() })

/**
 * Names are asked for at every check: they change hands. A name nobody has resolves to nothing, one that two
 * groups have is nobody's to use, because people who may create groups choose their names.
 * @throws EntradaFailure `membership_unknown`
 */
export async function resolveNames(
  names: readonly string[],
  client: MembershipGraphClient,
): Promise<ResolvedNames> {
  const pages = await Promise.all(
    inFilters('displayName', names, MAX_NAMES_PER_FILTER).map((filter) =>
      client.collect({ path: `groups?${filter}&$select=id,displayName&$top=999` }, NamedGroup),
    ),
  )
  const groups = pages.flat()
  const ids = new Map<string, string>()
  const ambiguous = new Set<string>()
  for (const name of names) {
    const namesakes = groups.filter(
      ({ displayName }) => displayName.toLowerCase() === name.toLowerCase(),
    )
    const distinct = [...new Set(namesakes.map(({ id }) => id.toLowerCase()))]
    const [id] = distinct
    if (distinct.length > 1) ambiguous.add(name)
    else if (id !== undefined) ids.set(name, id)
  }
  return { ids, ambiguous }
}

/**
 * Which of the groups the person is in, as lower-case ids; there may be others among them. Membership through
 * other groups counts.
 * @throws EntradaFailure `membership_unknown`
 */
export async function membershipsAmong(
  ids: readonly string[],
  client: MembershipGraphClient,
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set()
  const scopes = await client.scopes()
  if (!scopes.some((scope) => READS_GROUPS.test(scope))) return ownGroups(client)
  try {
    return await checkMemberships(ids, client)
  } catch (cause) {
    // Missing permission, or an id that is no group's any more: the list of one's own groups tells as well.
    if (isRefusal(cause)) return ownGroups(client)
    throw cause
  }
}

/** Asks about the groups in question and no others. */
async function checkMemberships(
  ids: readonly string[],
  client: MembershipGraphClient,
): Promise<ReadonlySet<string>> {
  const path = 'me/checkMemberGroups'
  const held = await Promise.all(
    chunks(ids, MAX_IDS_PER_CALL).map((groupIds) =>
      client.collect({ method: 'POST', path, body: { groupIds } }, v.string()),
    ),
  )
  return new Set(held.flat().map((id) => id.toLowerCase()))
}

const Membership = v.object({ id: v.string(), '@odata.type': v.optional(v.string()) })

/**
 * Everything the person is in, which `User.Read` is enough for. Without a cast to groups, because a cast
 * would be answered from the search index, and that lags behind.
 */
async function ownGroups(client: MembershipGraphClient): Promise<ReadonlySet<string>> {
  const path = 'me/transitiveMemberOf?$select=id&$top=999'
  const memberships = await client.collect({ path }, Membership)
  const isGroup = (type: string | undefined) => type === undefined || type.endsWith('.group')
  return new Set(
    memberships.flatMap((one) => (isGroup(one['@odata.type']) ? [one.id.toLowerCase()] : [])),
  )
}
