import { EntradaFailure, type FailureCode } from '../failure.ts'
import type { AccessToken } from '../entra/access-token.ts'
import type { Session } from '../session/session.ts'
import type { LookupCache } from '../storage/lookup-cache.ts'
import { mayShare, searchCache, tenantLookups } from './search-cache.ts'
import type { SourceResult } from './source-result.ts'
import { searchSources, type CachedSearchDeps } from './cached-search.ts'
import {
  accessTo,
  accessWith,
  type DirectoryAccess,
  type PeopleDeps,
  type Searcher,
  showsFullProfiles,
  type Source,
  SOURCES,
} from './access.ts'
import { statusOfAll, type SearchResults, type SourceStatus } from './response.ts'
import { withAddress } from './principal.ts'
import type { SearchText } from './search-text.ts'

export interface PeopleQuery {
  readonly search: SearchText
  readonly types: ReadonlySet<'user' | 'group'>
  readonly limit: number
}

/**
 * Searches whatever may be searched, from memory where that is enough. A part that cannot be asked says so
 * and takes no other part with it.
 * @throws EntradaFailure `session_required`, `interaction_required`, `blocked_by_policy`: nothing can be asked
 *   until the user has done something about it
 */
export async function searchPeople(
  deps: PeopleDeps,
  asker: Searcher,
  query: PeopleQuery,
): Promise<SearchResults> {
  const { settings } = asker
  const addressed = ({ principals }: SourceResult) =>
    principals.map((one) => withAddress(one, settings.issuer))
  const wanted = SOURCES.filter((part) => query.types.has(part === 'groups' ? 'group' : 'user'))
  const possible = wanted.filter((part) => accessTo(part, settings, []) !== 'off')
  const status: Record<Source, SourceStatus> = statusOfAll('off')
  const nobody: SearchResults = { sources: new Map(), status, retryAfter: null }
  const { graph } = deps
  if (possible.length === 0 || graph === null) return nobody

  const token = await tokenOrStatus(asker.session)
  for (const part of possible) {
    const access = typeof token === 'string' ? token : accessTo(part, settings, token.scopes)
    status[part] = access === 'on' ? 'ok' : access
  }
  const allowed = possible.filter((part) => status[part] === 'ok')
  if (typeof token === 'string' || allowed.length === 0) return nobody
  const access = accessWith(token, { ...deps, ...asker, graph })
  const lookup = { search: query.search, sources: allowed, enough: query.limit }
  const answers = await searchSources(await lookupParts(access, asker, deps.lookups), lookup)
  for (const [part, answer] of answers) status[part] = answer.status
  return {
    sources: new Map([...answers].map(([part, answer]) => [part, addressed(answer)])),
    status,
    retryAfter: retryAfterOf([...answers.values()]),
  }
}

/** The token, or what its absence means for every part. */
async function tokenOrStatus(session: Session): Promise<AccessToken<'graph'> | SourceStatus> {
  try {
    return await session.accessToken('graph')
  } catch (cause) {
    const status = cause instanceof EntradaFailure ? WITHOUT_TOKEN[cause.code] : undefined
    if (status === undefined) throw cause
    return status
  }
}

const WITHOUT_TOKEN: Partial<Record<FailureCode, SourceStatus>> = {
  consent_required: 'consent_needed',
  admin_consent_required: 'consent_needed',
  sign_in_unavailable: 'failed',
  registration_rejected: 'failed',
}

async function lookupParts(
  access: DirectoryAccess,
  asker: Searcher,
  lookups: LookupCache,
): Promise<CachedSearchDeps> {
  const { session, settings, waitUntil } = asker
  const { own } = access
  const isShared = await mayShare(asker, access)
  const scopes = access.scopes.map((scope) => scope.toLowerCase()).toSorted()
  return {
    ...access,
    scope: {
      tenantId: session.user.tenantId,
      showsFullProfiles: showsFullProfiles(scopes),
    },
    canConfirm: accessTo('users', settings, scopes) === 'on',
    memoryOf: (search) =>
      searchCache({
        own,
        shared: isShared ? tenantLookups(lookups, asker, search) : null,
        scopes,
        search,
        freshSeconds: settings.lookupCacheSeconds,
      }),
    waitUntil,
  }
}

function retryAfterOf(answers: readonly SourceResult[]): number | null {
  const now = Date.now() / 1000
  const waits = answers.flatMap(({ status, retryAt }) =>
    status === 'throttled' && retryAt !== null ? [Math.max(1, Math.ceil(retryAt - now))] : [],
  )
  return waits.length === 0 ? null : Math.max(...waits)
}
