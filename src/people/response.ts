import { PEOPLE_PATH } from '../paths.ts'
import { SOURCES, type Source } from './access.ts'
import type { Principal } from './principal.ts'

/** What became of one part. Nobody by that name, and not being able to ask, must never look alike. */
export type SourceStatus = 'ok' | 'off' | 'consent_needed' | 'throttled' | 'failed'

export interface SearchResults {
  /** Of the parts that were asked. Still to be merged into one list. */
  readonly sources: ReadonlyMap<Source, readonly Principal[]>
  readonly status: Readonly<Record<Source, SourceStatus>>
  /** Seconds after which it is worth asking again; `null` when no part was throttled. */
  readonly retryAfter: number | null
}

/** A result in LibreChat's shape. What is not known is absent there, not null: JSON leaves it out. */
export interface PeopleResult {
  /** Of the chat's own record. Someone from the directory has none until chosen. */
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

/** The same status for every part. */
export function statusOfAll(status: SourceStatus): Record<Source, SourceStatus> {
  return { people: status, users: status, groups: status }
}

/** For a header: `people=ok, users=throttled, groups=off`. */
export function describeStatus(status: SearchResults['status']): string {
  return SOURCES.map((part) => `${part}=${status[part]}`).join(', ')
}
