import type { CachedLookup, NewLookup, OwnerLookups } from '../stores/lookup-cache.ts'
import type { SourceResults } from './directory-rows.ts'
import { cacheWrites, sourceErrorOf } from './new-lookups.ts'
import { readSourceResult, type SourceResult } from './part-answer.ts'
import { SOURCES, CACHE_KINDS, type Source, type CacheKind } from './permissions.ts'
import { beginningsOf, type SearchText } from './search-text.ts'

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
