import type { AccessToken } from '../entra/access-token.ts'
import { EntradaFailure, type FailureCode } from '../failure.ts'
import type { Session } from '../session/session.ts'
import type { LookupCache, OwnerLookups } from '../storage/lookup-cache.ts'
import {
  accessTo,
  cloudNameOf,
  type GraphAccess,
  graphAccessWith,
  type PeopleDeps,
  readText,
  type Searcher,
  showsFullProfiles,
} from './access.ts'
import { type CachedSearchDeps, searchSources } from './cached-search.ts'
import { withAddress } from './principal.ts'
import type { PeopleQuery, SearchText } from './query.ts'
import { type SearchResults, type SourceStatus, statusOfAll } from './response.ts'
import { searchCache } from './search-cache.ts'
import { type Source, type SourceResult, SOURCES } from './source-result.ts'

/**
 * Searches every source that the user may ask. A source that cannot be asked has a status that says so, and the
 * others are searched without it.
 * @throws EntradaFailure `session_required`, `interaction_required`, `blocked_by_policy`: no source can be asked
 *   until the user has signed in again
 */
export async function searchPeople(
  deps: PeopleDeps,
  searcher: Searcher,
  query: PeopleQuery,
): Promise<SearchResults> {
  const { settings } = searcher
  const wanted = SOURCES.filter((source) => query.types.has(source === 'groups' ? 'group' : 'user'))
  const possible = wanted.filter((source) => accessTo(source, settings, []) !== 'off')
  const status: Record<Source, SourceStatus> = statusOfAll('off')
  const noResults: SearchResults = { sources: new Map(), status, retryAfter: null }
  const { graph } = deps
  if (possible.length === 0 || graph === null) return noResults

  const token = await tokenOrStatus(searcher.session)
  for (const source of possible) {
    const access = typeof token === 'string' ? token : accessTo(source, settings, token.scopes)
    status[source] = access === 'on' ? 'ok' : access
  }
  const allowed = possible.filter((source) => status[source] === 'ok')
  if (typeof token === 'string' || allowed.length === 0) return noResults

  const access = graphAccessWith(token, { ...deps, ...searcher, graph })
  const request = { search: query.search, sources: allowed, limit: query.limit }
  const answers = await searchSources(await cachedSearch(access, searcher, deps.lookups), request)
  for (const [source, answer] of answers) status[source] = answer.status
  const addressed = ({ principals }: SourceResult) =>
    principals.map((principal) => withAddress(principal, settings.issuer))
  return {
    sources: new Map([...answers].map(([source, answer]) => [source, addressed(answer)])),
    status,
    retryAfter: retryAfterOf([...answers.values()]),
  }
}

/** The Graph token, or the status of every source when there is none. */
async function tokenOrStatus(session: Session): Promise<AccessToken<'graph'> | SourceStatus> {
  try {
    return await session.accessToken('graph')
  } catch (cause) {
    const status = cause instanceof EntradaFailure ? STATUS_WITHOUT_TOKEN[cause.code] : undefined
    if (status === undefined) throw cause
    return status
  }
}

const STATUS_WITHOUT_TOKEN: Partial<Record<FailureCode, SourceStatus>> = {
  consent_required: 'consent_needed',
  admin_consent_required: 'consent_needed',
  sign_in_unavailable: 'failed',
  registration_rejected: 'failed',
}

/** The longest wait of the throttled sources, in seconds. */
function retryAfterOf(answers: readonly SourceResult[]): number | null {
  const now = Date.now() / 1000
  const waits = answers.flatMap(({ status, retryAt }) =>
    status === 'throttled' && retryAt !== null ? [Math.max(1, Math.ceil(retryAt - now))] : [],
  )
  return waits.length === 0 ? null : Math.max(...waits)
}

async function cachedSearch(
  access: GraphAccess,
  searcher: Searcher,
  lookups: LookupCache,
): Promise<CachedSearchDeps> {
  const { session, settings, waitUntil } = searcher
  const { own } = access
  const isShared = await mayShareCache(searcher, access)
  const scopes = access.scopes.map((scope) => scope.toLowerCase()).toSorted()
  return {
    ...access,
    scope: {
      tenantId: session.user.tenantId,
      showsFullProfiles: showsFullProfiles(scopes),
    },
    canVerify: accessTo('users', settings, scopes) === 'on',
    cacheOf: (search) =>
      searchCache({
        own,
        shared: isShared ? sharedLookups(lookups, searcher, search) : null,
        scopes,
        search,
        freshSeconds: settings.lookupCacheSeconds,
      }),
    waitUntil,
  }
}

/** With one object for the whole organisation, every search of every member would wait for it. */
const SHARDS = 32
const USER_TYPE_KEY = 'me'
const USER_TYPE_KIND = 'user-type'
/** Guests rarely become members, or members guests. */
const USER_TYPE_TIMES = { freshSeconds: 3600, lifeSeconds: 3600 }

/**
 * `LOOKUP_CACHE_SCOPE=tenant`: whether the user may use the cache that members of the organisation share. Guests
 * see less of the directory than members, so everyone who is not known to be a member uses their own cache.
 */
async function mayShareCache({ settings }: Searcher, access: GraphAccess): Promise<boolean> {
  if (settings.lookupCacheScope !== 'tenant' || settings.lookupCacheSeconds === 0) return false
  const [cached] = await access.own.read([USER_TYPE_KEY], [USER_TYPE_KIND])
  if (cached !== undefined) return cached.text === 'Member'
  // The search that follows reports what is wrong with Graph.
  const text = await readText(access, '/me', 'userType').catch(() => null)
  if (text !== null) {
    const row = { key: USER_TYPE_KEY, part: USER_TYPE_KIND, text, ...USER_TYPE_TIMES }
    await access.own.complete(null, [row])
  }
  return text === 'Member'
}

/** The organisation's shard for a text. The first two characters choose it, so a text shares it with its prefixes. */
function sharedLookups(
  lookups: LookupCache,
  { session, settings }: Searcher,
  search: SearchText,
): OwnerLookups {
  const { tenantId } = session.user
  const [first = '', second = ''] = search.key
  const shard = ((first.codePointAt(0) ?? 0) * 31 + (second.codePointAt(0) ?? 0)) % SHARDS
  return lookups.for({ cloud: cloudNameOf(settings), tenantId, of: { shard } })
}
