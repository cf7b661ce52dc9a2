import type { LookupCache, OwnerLookups } from '../stores/lookup-cache.ts'
import { cloudNameOf, readText, type Searcher, type DirectoryAccess } from './people-access.ts'
import type { SearchText } from './search-text.ts'

/** One object for a whole organisation would be the one everybody waits for. */
const SHARDS = 32
const KEY = 'me'
const PART = 'user-type'
/** Members become guests, and guests members, once in a blue moon. */
const TIMES = { freshSeconds: 3600, lifeSeconds: 3600 }

/**
 * `LOOKUP_CACHE_SCOPE=tenant`: whether this user may read and write what the members of the organisation share.
 * Guests see less than members do, so what is shared is for members alone; whoever cannot be told to be one
 * keeps to their own.
 */
export async function mayShare({ settings }: Searcher, access: DirectoryAccess): Promise<boolean> {
  if (settings.lookupCacheScope !== 'tenant' || settings.lookupCacheSeconds === 0) return false
  const [known] = await access.own.read([KEY], [PART])
  if (known !== undefined) return known.text === 'Member'
  // The search itself will say what is wrong with Graph.
  const text = await readText(access, '/me', 'userType').catch(() => null)
  if (text !== null) await access.own.complete(null, [{ key: KEY, part: PART, text, ...TIMES }])
  return text === 'Member'
}

/** The shard is chosen by the first letters, so that a text and its beginnings lie together. */
export function tenantLookups(
  lookups: LookupCache,
  { session, settings }: Searcher,
  search: SearchText,
): OwnerLookups {
  const { tenantId } = session.user
  const [first = '', second = ''] = search.key
  const shard = ((first.codePointAt(0) ?? 0) * 31 + (second.codePointAt(0) ?? 0)) % SHARDS
  return lookups.for({ cloud: cloudNameOf(settings), tenantId, of: { shard } })
}
