import * as v from 'valibot'
import type { Graph, GraphTokens } from '../graph/graph.ts'
import type { Lookups, OwnedLookups } from '../stores/lookup-cache.ts'
import { cloudOf, type Asker } from './people-access.ts'
import type { SearchText } from './search-text.ts'

/** One object for a whole organisation would be the one everybody waits for. */
const SHARDS = 32
const KEY = 'me'
const PART = 'user-type'
/** Members become guests, and guests members, once in a blue moon. */
const MEMBER_SECONDS = 3600
const DEADLINE_MS = 5_000

const Me = v.object({ userType: v.nullish(v.string(), null) })

interface OwnAccess {
  readonly graph: Graph
  readonly tokens: GraphTokens
  readonly own: OwnedLookups
}

/**
 * `LOOKUP_CACHE_SCOPE=tenant`: whether this user may read and write what the members of the organisation share.
 * Guests see less than members do, so what is shared is for members alone; whoever cannot be told to be one
 * keeps to their own.
 */
export async function mayShare(
  { settings }: Asker,
  { graph, tokens, own }: OwnAccess,
): Promise<boolean> {
  if (settings.lookupCacheScope !== 'tenant' || settings.lookupCacheSeconds === 0) return false
  const [known] = await own.read([KEY], [PART])
  if (known !== undefined) return known.text === 'Member'
  const userType = await readUserType(graph, tokens)
  const times = { freshSeconds: MEMBER_SECONDS, lifeSeconds: MEMBER_SECONDS }
  if (userType !== null) {
    await own.settle(null, [{ key: KEY, part: PART, text: userType, ...times }])
  }
  return userType === 'Member'
}

/** The shard is chosen by the first letters, so that a text and its beginnings lie together. */
export function sharedLookups(
  lookups: Lookups,
  { session, settings }: Asker,
  search: SearchText,
): OwnedLookups {
  const { tenantId } = session.user
  const [first = '', second = ''] = search.key
  const shard = ((first.codePointAt(0) ?? 0) * 31 + (second.codePointAt(0) ?? 0)) % SHARDS
  return lookups.for({ cloud: cloudOf(settings), tenantId, of: { shard } })
}

async function readUserType(graph: Graph, tokens: GraphTokens): Promise<string | null> {
  const answer = await graph
    .call(tokens, { path: '/me?$select=userType', deadlineMs: DEADLINE_MS })
    // The search itself will say what is wrong with Graph.
    .catch(() => null)
  if (answer?.ok !== true) return null
  const me = v.safeParse(Me, await answer.response.json().catch(() => null))
  return me.success ? me.output.userType : null
}
