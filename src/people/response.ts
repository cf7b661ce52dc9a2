import { PEOPLE_PATH } from '../paths.ts'
import type { Principal } from './principal.ts'
import { SOURCES, type Source } from './source-result.ts'

/** What happened to one source. A client must tell "no match" from "not asked" and "failed". */
export type SourceStatus = 'ok' | 'off' | 'consent_needed' | 'throttled' | 'failed'

/** The outcome of a search, before the sources are merged into one list. */
export interface SearchResults {
  /** The principals of the sources that were asked. */
  readonly sources: ReadonlyMap<Source, readonly Principal[]>
  readonly status: Readonly<Record<Source, SourceStatus>>
  /** Seconds until the next request makes sense; `null` when no source was throttled. */
  readonly retryAfter: number | null
}

/** One result, in LibreChat's shape: what is unknown is absent (JSON omits `undefined`), not `null`. */
export interface PeopleResult {
  /** Id of the chat's own record. A principal of the directory has none until a user chooses it. */
  readonly id: null
  readonly type: 'user' | 'group'
  readonly name: string
  readonly email: string | undefined
  readonly username: string | undefined
  readonly avatar: string | undefined
  readonly source: 'entra'
  readonly idOnTheSource: string
  readonly description: string | undefined
}

export function toResult(principal: Principal, publicOrigin: string): PeopleResult {
  const { id, type, name, email, username, description } = principal
  return {
    id: null,
    type,
    name,
    email: email ?? undefined,
    username: username ?? undefined,
    avatar:
      type === 'user'
        ? `${publicOrigin}${PEOPLE_PATH}/${id}/photo?size=96&fallback=initials`
        : undefined,
    source: 'entra',
    idOnTheSource: id,
    description: description ?? undefined,
  }
}

/** The same status for every source. */
export function statusOfAll(status: SourceStatus): Record<Source, SourceStatus> {
  return { people: status, users: status, groups: status }
}

/** The statuses as a header value: `people=ok, users=throttled, groups=off`. */
export function describeStatus(status: SearchResults['status']): string {
  return SOURCES.map((source) => `${source}=${status[source]}`).join(', ')
}
