import { isGuid } from '../settings/issuer.ts'
import type { GraphAccess } from './access.ts'
import { type GraphSearch, searchGraph } from './graph-search.ts'
import { matcherFor } from './matching.ts'
import { unverified, verified } from './principal.ts'
import { prefixesOf, type SearchText } from './query.ts'
import {
  type CachedResult,
  type CachedResults,
  NOTHING_CACHED,
  type SearchCache,
  withFetched,
} from './search-cache.ts'
import type { CacheKind, Source, SourceResult, SourceResults } from './source-result.ts'

/** What every cached search of one user needs. */
export interface CachedSearchDeps extends Pick<GraphAccess, 'graph' | 'tokens'> {
  readonly scope: GraphSearch['scope']
  cacheOf(search: SearchText): SearchCache
  /** Lets work finish after the response is sent or the client has left. */
  waitUntil(work: Promise<unknown>): void
}

interface CachedSearchRequest {
  readonly search: SearchText
  readonly sources: readonly Source[]
  /** With so many matches the list is full, and truncated pages are enough. */
  readonly limit: number
  /** The token allows Entrada to look up users, so relevant people can be verified. */
  readonly canVerify: boolean
}

type Answers = ReadonlyMap<Source, SourceResult>

interface CacheAnswers {
  readonly answers: Answers
  /** The sources that Graph has to be asked for. */
  readonly missing: readonly Source[]
}

/** How often a search waits for other holders of the lease before it queries Graph without the lease. */
const MAX_WAITS = 4

/**
 * Searches sources: in the cache, in cached results of a prefix, or at Graph. Concurrent searches for texts with
 * the same start take turns: lease → read → fetch → read. One request to Graph then answers them all.
 * @throws EntradaFailure what `searchGraph` throws
 */
export async function searchSources(
  deps: CachedSearchDeps,
  request: CachedSearchRequest,
): Promise<Answers> {
  const cache = deps.cacheOf(request.search)
  if (cache.isOff) {
    const fetched = await fetchMissing({ ...deps, cache, cached: NOTHING_CACHED }, request)
    return readFromCache(fetched, request).answers
  }
  const cached = await cache.read(request.sources)
  const fromCache = readFromCache(cached, request)
  if (fromCache.missing.length === 0) {
    refreshStale(deps, cached, request)
    return fromCache.answers
  }
  for (let waits = 0; ; waits++) {
    const lease = await cache.lease(request.sources)
    const { answers, missing } = readFromCache(lease.cached, request)
    if (missing.length === 0) {
      if (lease.isGranted) deps.waitUntil(cache.complete(new Map()))
      return answers
    }
    const isLast = waits === MAX_WAITS
    if (!lease.isGranted && !isLast) continue
    // Waiters resume in any order. The first one fetches the shortest prefix without an answer, whose result
    // covers the texts of the others.
    const target = waits === 0 || isLast ? request : shortestMissing(lease.cached, request)
    const fetching = fetchMissing(
      { ...deps, cache: deps.cacheOf(target.search), cached: lease.cached },
      target,
    )
    // A client that types on leaves this request; the cache still gets the result for its next one.
    deps.waitUntil(fetching.catch(() => undefined))
    const afterFetch = readFromCache(await fetching, request)
    if (target === request || afterFetch.missing.length === 0) return afterFetch.answers
  }
}

/** The same request for the shortest prefix that the cache has no answer for. */
function shortestMissing(cached: CachedResults, request: CachedSearchRequest): CachedSearchRequest {
  const prefixes = prefixesOf(request.search).toReversed()
  const requests = prefixes.map((search) => ({ ...request, search }))
  const isMissing = (one: CachedSearchRequest) => readFromCache(cached, one).missing.length > 0
  return requests.find(isMissing) ?? request
}

/**
 * Answers a request from cached results. A complete result of a prefix holds every match of the text. A truncated
 * one cannot prove that a person is missing, so it is used only when the list is full.
 */
function readFromCache(
  cached: CachedResults,
  { search, sources, limit, canVerify }: CachedSearchRequest,
): CacheAnswers {
  const matching = new Map<Source, SourceResult>()
  for (const source of sources) {
    const entry = cached.results.get(source)
    if (entry !== undefined) matching.set(source, narrowed(entry, search))
  }
  const people = matching.get('people')
  if (people !== undefined) {
    const users = matching.get('users')
    matching.set(
      'people',
      canVerify ? verifiedPeople(people, users, cached) : withoutMailboxes(people),
    )
  }
  const ids = [...matching.values()].flatMap(({ principals }) => principals.map(({ id }) => id))
  const isFull = new Set(ids).size >= limit
  const answers = new Map<Source, SourceResult>()
  for (const source of sources) {
    const result = matching.get(source)
    const error = cached.errors.get(source)
    if (result !== undefined && (result.isComplete || isFull)) answers.set(source, result)
    // The matches of a truncated page are shown, and the status says that there may be more.
    else if (error !== undefined) {
      answers.set(source, { ...error, principals: result?.principals ?? [] })
    }
  }
  return { answers, missing: sources.filter((source) => !answers.has(source)) }
}

/** The matches of a result that was fetched for a prefix. */
function narrowed({ search: fetched, result }: CachedResult, search: SearchText): SourceResult {
  if (fetched.key === search.key) return { ...result, isComplete: true }
  const qualityOf = matcherFor(search)
  return { ...result, principals: result.principals.filter((one) => qualityOf(one) > 0) }
}

/** Relevant people whom the directory has. When users could not be asked, the result has their error. */
function verifiedPeople(
  people: SourceResult,
  users: SourceResult | undefined,
  { results, errors }: CachedResults,
): SourceResult {
  const checked = results.get('verifiedPeople')?.result.principals ?? []
  const principals = verified(people.principals, [...(users?.principals ?? []), ...checked])
  const isShort = principals.length < people.principals.length && users?.isComplete !== true
  const { status, retryAt } = (isShort ? errors.get('users') : undefined) ?? people
  return { ...people, status, retryAt, principals }
}

/** Without permission to look up users: relevant people whose id is an object id, not that of a mailbox. */
function withoutMailboxes(people: SourceResult): SourceResult {
  return { ...people, principals: people.principals.filter(({ id }) => isGuid(id)) }
}

/** A cache, and what it held before Graph is queried. */
interface FetchDeps extends CachedSearchDeps {
  readonly cache: SearchCache
  readonly cached: CachedResults
}

/** Fetches missing sources, and truncated ones with them: one round trip refreshes both. */
async function fetchMissing(deps: FetchDeps, request: CachedSearchRequest): Promise<CachedResults> {
  const { cached } = deps
  const { answers, missing } = readFromCache(cached, request)
  const isTruncated = (source: Source) =>
    cached.results.get(source)?.result.isComplete === false && !cached.errors.has(source)
  const sources = request.sources.filter((one) => missing.includes(one) || isTruncated(one))
  const fetched = await fetchSources(deps, { ...request, sources, answers, isBackground: false })
  return withFetched(cached, fetched, request.search)
}

/** Fetches stale results again after they were shown, for the next search. */
function refreshStale(
  deps: CachedSearchDeps,
  cached: CachedResults,
  request: CachedSearchRequest,
): void {
  const stale = staleOf(request.sources, cached)
  for (const [search, sources] of Map.groupBy(stale, (one) => cached.results.get(one)?.search)) {
    if (search === undefined) continue
    deps.waitUntil(refetch(deps, { ...request, search, sources }).catch(() => undefined))
  }
}

async function refetch(deps: CachedSearchDeps, request: CachedSearchRequest): Promise<void> {
  const cache = deps.cacheOf(request.search)
  const { isGranted, cached } = await cache.lease(request.sources)
  if (!isGranted) return
  const sources = staleOf(request.sources, cached)
  if (sources.length === 0) return cache.complete(new Map())
  const stale = { ...request, sources, answers: new Map(), isBackground: true }
  await fetchSources({ ...deps, cache, cached }, stale)
}

function staleOf(sources: readonly Source[], { results }: CachedResults): readonly Source[] {
  return sources.filter((source) => results.get(source)?.isStale === true)
}

/** Fetches sources from Graph and stores the results, which ends the lease. */
async function fetchSources(
  { graph, tokens, scope, waitUntil, cache, cached }: FetchDeps,
  request: CachedSearchRequest & Pick<GraphSearch, 'answers' | 'isBackground'>,
): Promise<SourceResults> {
  const { search, sources, answers, isBackground, canVerify } = request
  const asked = { search, sources, answers, isBackground, scope }
  const verifies = !canVerify ? 'never' : cache.isOff ? 'now' : 'later'
  let results: SourceResults = new Map()
  try {
    const people = peopleToVerify(cached.results)
    results = await searchGraph(graph, tokens, { ...asked, ...people, verifies })
  } finally {
    // The lease ends after an error too, because other searches wait for it.
    if (!cache.isOff) waitUntil(cache.complete(results))
  }
  return results
}

/** Graph takes 1,000 ids in one lookup; no user has so many relevant people. */
const MAX_VERIFIED = 500

/** The cached people that the next round trip to Graph verifies as well. */
function peopleToVerify(
  results: CachedResults['results'],
): Pick<GraphSearch, 'people' | 'wantsFrequentContacts'> {
  const principalsOf = (kind: CacheKind) => results.get(kind)?.result.principals ?? []
  const checked = principalsOf('verifiedPeople')
  // A complete list of users settles who is in the directory: relevant people not on it have left.
  const isSettled = results.get('users')?.result.isComplete === true
  const relevant = isSettled ? [] : principalsOf('people')
  const unchecked = unverified([...relevant, ...principalsOf('frequentContacts')], checked)
  const isStale = results.get('verifiedPeople')?.isStale === true
  return {
    // Checked people are looked up again, because the new result replaces the cached one as a whole.
    people:
      unchecked.length > 0 || isStale ? [...checked, ...unchecked].slice(0, MAX_VERIFIED) : [],
    // With truncated pages of users, later letters find people who are neither verified nor on a page.
    wantsFrequentContacts: unchecked.length > 0 && !results.has('frequentContacts'),
  }
}
