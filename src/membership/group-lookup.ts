import * as v from 'valibot'
import { chunks, inFilters } from '../graph/odata.ts'
import { isRefusal, type MembershipGraphClient } from './graph-client.ts'

/** Graph's own limit for `checkMemberGroups`. */
const MAX_IDS_PER_CALL = 20
/** Graph allows fifteen values in an `in` filter; ten keep the URL short, because names are long. */
const MAX_NAMES_PER_FILTER = 10

/** Delegated permissions that show groups to the person's own token. */
export const READS_GROUPS = /^(?:GroupMember|Group|Directory)\.Read(?:Write)?\.All$/i

export interface ResolvedNames {
  /** Lower-case object id by name, where exactly one group has it. */
  readonly ids: ReadonlyMap<string, string>
  readonly ambiguous: ReadonlySet<string>
}

/** Both are required: a group whose name is hidden could be a second one of that name. */
const NamedGroup = v.object({ id: v.string(), displayName: v.string() })

/**
 * Looks group names up, at each check anew, because a name may move to another group. An unknown name has no id. A
 * name of two groups is ambiguous and matches neither: anybody who may create a group chooses its name.
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
 * The groups that the person is in, directly or through other groups, as lower-case ids. The set may hold other groups
 * than those in question.
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
    // A permission is missing, or an id names no group any more: read the person's own groups instead.
    if (isRefusal(cause)) return ownGroups(client)
    throw cause
  }
}

/** Asks about the groups in question alone. */
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
 * All groups of the person; `User.Read` suffices. Without an OData cast to groups: Graph answers a cast from its search
 * index, which lags behind.
 */
async function ownGroups(client: MembershipGraphClient): Promise<ReadonlySet<string>> {
  const path = 'me/transitiveMemberOf?$select=id&$top=999'
  const memberships = await client.collect({ path }, Membership)
  const isGroup = (type: string | undefined) => type === undefined || type.endsWith('.group')
  return new Set(
    memberships.flatMap((one) => (isGroup(one['@odata.type']) ? [one.id.toLowerCase()] : [])),
  )
}
