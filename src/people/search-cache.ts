import type { CachedLookup, LookupCache, NewLookup, OwnerLookups } from '../storage/lookup-cache.ts'
import {
  CACHE_KINDS,
  type CacheKind,
  cloudNameOf,
  type DirectoryAccess,
  readText,
  type Searcher,
  type Source,
  SOURCES,
} from './access.ts'
import type { SourceResults } from './graph-readers.ts'
import { beginningsOf, type SearchText } from './search-text.ts'
import { readSourceResult, type SourceResult } from './source-result.ts'

/** Someone who was not found may have been created a moment ago. */
const NOBODY_SECONDS = 60
const LONGEST_REFUSAL_SECONDS = 300
/** Whom one deals with does not change with what one types, nor by the minute. */
const ACQUAINTANCE_SECONDS = 3600

export interface CacheSlot {
  /** Of the text that was asked. */
  readonly key: string
  /** Of what holds for every text. */
  readonly foot: string
  readonly freshSeconds: number
  /** None of the parts that were asked has anybody. */
  readonly isNobody: boolean
}

/** What is to be remembered of an answer, where and for how long. */
export function cacheWrites(
  row: CacheKind,
  answer: SourceResult,
  place: CacheSlot,
): readonly NewLookup[] {
  const { key, foot, freshSeconds, isNobody } = place
  const isOfPart = SOURCES.some((part) => part === row)
  if (answer.status !== 'ok') {
    // That somebody could not be looked up in passing is no refusal of a part.
    if (!isOfPart) return []
    const left = (answer.retryAt ?? 0) - Date.now() / 1000
    const seconds = Math.min(LONGEST_REFUSAL_SECONDS, Math.max(1, left))
    const text = JSON.stringify({ ...answer, principals: [] })
    return [
      { key: foot, part: sourceErrorOf(row), text, freshSeconds: seconds, lifeSeconds: seconds },
    ]
  }
  const lookup = { part: row, text: JSON.stringify(answer), freshSeconds }
  if (!isOfPart) {
    return [{ ...lookup, key: foot, lifeSeconds: Math.max(freshSeconds, ACQUAINTANCE_SECONDS) }]
  }
  if (isNobody) {
    const seconds = Math.min(NOBODY_SECONDS, freshSeconds)
    return [{ ...lookup, key, freshSeconds: seconds, lifeSeconds: seconds }]
  }
  // Shown once more while it is asked for anew, and no longer than that.
  return [{ ...lookup, key, lifeSeconds: freshSeconds * 2 }]
}

export function sourceErrorOf(row: CacheKind): string {
  return `refused ${row}`
}

/** What is remembered of one row. */
export interface CachedResult {
  /** The text it was asked with: what is searched for now, or a beginning of it. */
  readonly search: SearchText
  readonly answer: SourceResult
  readonly isStale: boolean
}

/** For each row what was found, and for each part what it last refused with. */
export interface CachedResults {
  readonly found: ReadonlyMap<CacheKind, CachedResult>
  readonly refused: ReadonlyMap<CacheKind, SourceResult>
}

export interface SearchCacheDeps {
  readonly own: OwnerLookups
  /** For users and groups, where the organisation lets its members share them. */
  readonly shared: OwnerLookups | null
  /** What the token may see decides what it finds. */
  readonly scopes: readonly string[]
  readonly search: SearchText
  readonly freshSeconds: number
}

/** Longer than a search may take, so that nobody asks while it is under way. */
const HOLD_SECONDS = 14

export interface SearchCache {
  /** The operator wants nothing kept. */
  readonly isOff: boolean
  read(sources: readonly Source[]): Promise<CachedResults>
  /** Reads again, and asks for leave to ask Graph. Texts that begin alike wait for each other. */
  claim(sources: readonly Source[]): Promise<CachedResults & { readonly isGranted: boolean }>
  /** Remembers what a claim has led to, and ends it. */
  settle(rows: SourceResults): Promise<void>
}

/**
 * What has been looked up before, by text and by its beginnings. What holds for every text lies at the foot
 * of the ladder: refusals, and whom the user deals with.
 */
export function searchCache(asked: SearchCacheDeps): SearchCache {
  const { own, shared, scopes, search, freshSeconds } = asked
  const keyOf = (text: string) => JSON.stringify(['people', scopes, text])
  /** Longest first, the text itself in front. */
  const rungs = [search, ...beginningsOf(search)]
  const steps = rungs.map(({ key }) => keyOf(key))
  const foot = keyOf('')
  const keys = [...steps, foot]
  const claimName = `claim ${steps.at(-1)}`

  const readShared = async (sources: readonly Source[]) => {
    const wanted = sources.filter(isShareable)
    return shared === null || wanted.length === 0 ? [] : shared.read(keys, wanted)
  }

  const memoriesOf = (lookups: readonly CachedLookup[]): CachedResults => {
    const found = new Map<CacheKind, CachedResult>()
    const refused = new Map<CacheKind, SourceResult>()
    for (const { key, part, text, isStale } of lookups) {
      const answer = readSourceResult(text)
      const row = CACHE_KINDS.find((one) => part === one || part === sourceErrorOf(one))
      if (answer === null || row === undefined) continue
      const rung = rungs[steps.indexOf(key)] ?? search
      if (part === row) found.set(row, { search: rung, answer, isStale })
      else refused.set(row, answer)
    }
    return { found, refused }
  }

  return {
    isOff: freshSeconds === 0,

    async read(sources) {
      const [mine, ours] = await Promise.all([
        own.read(keys, [...sources, 'known', ...sources.map(sourceErrorOf)]),
        readShared(sources),
      ])
      return memoriesOf([...ours, ...mine])
    },

    async claim(sources) {
      const { isGranted, lookups } = await own.lease(claimName, {
        holdSeconds: HOLD_SECONDS,
        keys,
        parts: [...sources, 'known', 'acquaintances', ...sources.map(sourceErrorOf)],
      })
      return { isGranted, ...memoriesOf([...(await readShared(sources)), ...lookups]) }
    },

    async settle(rows) {
      const isNobody = SOURCES.every((part) => !rows.get(part)?.principals.length)
      const place = { key: keyOf(search.key), foot, freshSeconds, isNobody }
      const toOwn: NewLookup[] = []
      const toShared: NewLookup[] = []
      for (const [row, answer] of rows) {
        const isOurs = shared !== null && isShareable(row) && answer.status === 'ok'
        const list = isOurs ? toShared : toOwn
        list.push(...cacheWrites(row, answer, place))
      }
      if (toShared.length > 0) await shared?.complete(null, toShared)
      await own.complete(claimName, toOwn)
    },
  }
}

/** Relevant people are one user's own, whatever the organisation shares. */
function isShareable(row: CacheKind): boolean {
  return row === 'users' || row === 'groups'
}

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
