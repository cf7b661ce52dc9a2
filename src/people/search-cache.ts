import type { CachedLookup, NewLookup, OwnerLookups } from '../storage/lookup-cache.ts'
import { prefixesOf, type SearchText } from './query.ts'
import {
  CACHE_KINDS,
  type CacheKind,
  type Source,
  type SourceResult,
  type SourceResults,
  SOURCES,
} from './source-result.ts'

/** A stored result. */
export interface CachedResult {
  /** The text that Graph was asked with: the text searched for now, or a prefix of it. */
  readonly search: SearchText
  readonly result: SourceResult
  /** Old enough to be fetched again, and young enough to be shown meanwhile. */
  readonly isStale: boolean
}

/** What the cache holds for a text and its prefixes. */
export interface CachedResults {
  /** Of each kind the result of the longest prefix that has one. */
  readonly results: ReadonlyMap<CacheKind, CachedResult>
  /** The last error of each source, until its `retryAt`. */
  readonly errors: ReadonlyMap<CacheKind, SourceResult>
}

export const NOTHING_CACHED: CachedResults = { results: new Map(), errors: new Map() }

/** The cached results as they are once `fetched` is stored. */
export function withFetched(
  cached: CachedResults,
  fetched: SourceResults,
  search: SearchText,
): CachedResults {
  const results = new Map(cached.results)
  const errors = new Map(cached.errors)
  // Stale verified people were looked up again. Without a new result they are not verified.
  if (results.get('verifiedPeople')?.isStale === true) results.delete('verifiedPeople')
  for (const [kind, result] of fetched) {
    if (result.status === 'ok') results.set(kind, { search, result, isStale: false })
    else errors.set(kind, result)
  }
  return { results, errors }
}

/** The outcome of asking for the lease on a text, with what the cache holds at that moment. */
interface SearchLease {
  readonly isGranted: boolean
  readonly cached: CachedResults
}

/** The cached results for one text. */
export interface SearchCache {
  /** `LOOKUP_CACHE_SECONDS=0`: nothing is stored. */
  readonly isOff: boolean
  read(sources: readonly Source[]): Promise<CachedResults>
  /** Asks for the lease to query Graph, waits while another holder has it, and reads. */
  lease(sources: readonly Source[]): Promise<SearchLease>
  /** Stores what the holder of the lease has fetched, and ends the lease. */
  complete(results: SourceResults): Promise<void>
}

interface SearchCacheDeps {
  /** The cache of the user. */
  readonly own: OwnerLookups
  /** The cache of the organisation, for users and groups; `null` where members share none. */
  readonly shared: OwnerLookups | null
  /** Scopes of the token, part of every key: Graph shows more to a token with more scopes. */
  readonly scopes: readonly string[]
  readonly search: SearchText
  readonly freshSeconds: number
}

/** Longer than a search takes, so that no second request goes to Graph meanwhile. */
const LEASE_SECONDS = 14

/**
 * Caches the results of one text. The keys are the text and its prefixes; the empty prefix is the global key, which
 * holds what does not depend on the text (errors, frequent contacts, verified people).
 */
export function searchCache(deps: SearchCacheDeps): SearchCache {
  const { own, shared, scopes, search, freshSeconds } = deps
  const keyOf = (text: string) => JSON.stringify(['people', scopes, text])
  /** Longest first, so that a read returns the result of the longest. */
  const prefixes = [search, ...prefixesOf(search)]
  const prefixKeys = prefixes.map(({ key }) => keyOf(key))
  const globalKey = keyOf('')
  const keys = [...prefixKeys, globalKey]
  // Named by the shortest prefix, so that texts with the same start wait for each other.
  const leaseName = `lease ${prefixKeys.at(-1)}`

  const readShared = async (sources: readonly Source[]) => {
    const wanted = sources.filter(isShareable)
    return shared === null || wanted.length === 0 ? [] : shared.read(keys, wanted)
  }

  const parse = (lookups: readonly CachedLookup[]): CachedResults => {
    const results = new Map<CacheKind, CachedResult>()
    const errors = new Map<CacheKind, SourceResult>()
    for (const { key, part, text, isStale } of lookups) {
      const result = readSourceResult(text)
      const kind = CACHE_KINDS.find((one) => part === one || part === errorKindOf(one))
      if (result === null || kind === undefined) continue
      const prefix = prefixes[prefixKeys.indexOf(key)] ?? search
      if (part === kind) results.set(kind, { search: prefix, result, isStale })
      else errors.set(kind, result)
    }
    return { results, errors }
  }

  return {
    isOff: freshSeconds === 0,

    async read(sources) {
      const [ownLookups, sharedLookups] = await Promise.all([
        own.read(keys, [...sources, 'verifiedPeople', ...sources.map(errorKindOf)]),
        readShared(sources),
      ])
      return parse([...sharedLookups, ...ownLookups])
    },

    async lease(sources) {
      const { isGranted, lookups } = await own.lease(leaseName, {
        holdSeconds: LEASE_SECONDS,
        keys,
        parts: [...sources, 'verifiedPeople', 'frequentContacts', ...sources.map(errorKindOf)],
      })
      return { isGranted, cached: parse([...(await readShared(sources)), ...lookups]) }
    },

    async complete(results) {
      const isNobody = SOURCES.every((source) => !results.get(source)?.principals.length)
      const slot = { key: keyOf(search.key), globalKey, freshSeconds, isNobody }
      const toOwn: NewLookup[] = []
      const toShared: NewLookup[] = []
      for (const [kind, result] of results) {
        const isShared = shared !== null && isShareable(kind) && result.status === 'ok'
        const writes = isShared ? toShared : toOwn
        writes.push(...cacheWrites(kind, result, slot))
      }
      if (toShared.length > 0) await shared?.complete(null, toShared)
      await own.complete(leaseName, toOwn)
    },
  }
}

/** Relevant people differ for every user, so they are never shared. */
function isShareable(kind: CacheKind): boolean {
  return kind === 'users' || kind === 'groups'
}

/** A user without a match may have been created a moment ago. */
const NOBODY_SECONDS = 60
const MAX_ERROR_SECONDS = 300
/** Frequent contacts and verified people depend neither on the text nor on the minute. */
const PEOPLE_SECONDS = 3600

interface CacheSlot {
  /** Key of the text that was searched for. */
  readonly key: string
  readonly globalKey: string
  readonly freshSeconds: number
  /** No source has a match. */
  readonly isNobody: boolean
}

/** The rows to write for one result: under which key, and for how long. */
function cacheWrites(
  kind: CacheKind,
  result: SourceResult,
  { key, globalKey, freshSeconds, isNobody }: CacheSlot,
): readonly NewLookup[] {
  const isSource = SOURCES.some((source) => source === kind)
  if (result.status !== 'ok') {
    // Frequent contacts and verified people are extras; without them the search still works.
    if (!isSource) return []
    const left = (result.retryAt ?? 0) - Date.now() / 1000
    const seconds = Math.min(MAX_ERROR_SECONDS, Math.max(1, left))
    const text = JSON.stringify({ ...result, principals: [] })
    const times = { freshSeconds: seconds, lifeSeconds: seconds }
    return [{ key: globalKey, part: errorKindOf(kind), text, ...times }]
  }
  const write = { part: kind, text: JSON.stringify(result), freshSeconds }
  if (!isSource) {
    return [{ ...write, key: globalKey, lifeSeconds: Math.max(freshSeconds, PEOPLE_SECONDS) }]
  }
  if (isNobody) {
    const seconds = Math.min(NOBODY_SECONDS, freshSeconds)
    return [{ ...write, key, freshSeconds: seconds, lifeSeconds: seconds }]
  }
  // In the second half of its lifetime the result is shown once more while it is fetched again.
  return [{ ...write, key, lifeSeconds: freshSeconds * 2 }]
}

/** The stored kind of a source's last error. */
function errorKindOf(kind: CacheKind): string {
  return `${kind} error`
}

/**
 * Parses a stored result. The check is short because every letter typed reads hundreds of principals, and because
 * the seal proves that Entrada wrote the text.
 */
function readSourceResult(text: string): SourceResult | null {
  const value: unknown = JSON.parse(text)
  return isSourceResult(value) ? value : null
}

function isSourceResult(value: unknown): value is SourceResult {
  return typeof value === 'object' && value !== null && 'principals' in value
}
