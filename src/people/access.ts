import { readJson } from '../json.ts'
import * as v from 'valibot'
import type { SealedBox } from '../crypto/sealed-box.ts'
import type { AccessToken } from '../entra/access-token.ts'
import { EntradaFailure } from '../failure.ts'
import type { Graph, GraphTokens } from '../graph/graph.ts'
import type { Session } from '../session/session.ts'
import type { Settings } from '../settings/settings.ts'
import type { LookupCache, OwnerLookups } from '../storage/lookup-cache.ts'

/** What a search is put together from; each part is asked, allowed and failing on its own. */
export const SOURCES = ['people', 'users', 'groups'] as const

export type Source = (typeof SOURCES)[number]

/**
 * What is remembered: of each part what was found, and of those the user deals with who they are and, once
 * looked up, who they are in the directory.
 */
export const CACHE_KINDS = [...SOURCES, 'acquaintances', 'known'] as const

export type CacheKind = (typeof CACHE_KINDS)[number]

/** Whether a part may be asked: by configuration and cloud, then by what has been consented to. */
export type Access = 'on' | 'off' | 'consent_needed'

/** Any one is enough. */
const SUFFICIENT: Readonly<Record<Source, RegExp>> = {
  people: /^people\.read(\.all)?$/,
  users: /^(user\.readbasic|(user|directory)\.read(write)?)\.all$/,
  groups: /^(group|groupmember|directory)\.read(write)?\.all$/,
}

/** `User.ReadBasic.All` shows names and addresses only; asking it for more yields nulls or a refusal. */
const FULL_PROFILES = /^(user|directory)\.read(write)?\.all$/

export function accessTo(part: Source, settings: Settings, granted: readonly string[]): Access {
  const { microsoft } = settings.issuer
  if (!settings.people.enabled || !settings.reuseTokens || microsoft === null) return 'off'
  if (part === 'people' && !microsoft.hasRelevantPeople) return 'off'
  if (holdsAny(granted, SUFFICIENT[part])) return 'on'
  // What the operator does not let us ask for will never be granted: no button should offer it.
  return holdsAny(settings.people.graphScopes, SUFFICIENT[part]) ? 'consent_needed' : 'off'
}

export function showsFullProfiles(granted: readonly string[]): boolean {
  return holdsAny(granted, FULL_PROFILES)
}

/** For `/.entrada/session`. One of the two sources of people is enough to search for them. */
export function peopleFeatures(
  settings: Settings,
  granted: readonly string[],
): { readonly people: Access; readonly groups: Access } {
  const people = [accessTo('users', settings, granted), accessTo('people', settings, granted)]
  const best = (['on', 'consent_needed'] as const).find((access) => people.includes(access))
  return { people: best ?? 'off', groups: accessTo('groups', settings, granted) }
}

/** A scope may be written with its resource: `https://graph.microsoft.com/User.Read`. */
function holdsAny(scopes: readonly string[], sufficient: RegExp): boolean {
  return scopes.some((scope) =>
    sufficient.test(scope.slice(scope.lastIndexOf('/') + 1).toLowerCase()),
  )
}

export interface PeopleDeps {
  /** `null` for an issuer that is not Entra. */
  readonly graph: Graph | null
  readonly lookups: LookupCache
  readonly box: SealedBox
}

/** On whose behalf something is looked up. */
export interface Searcher {
  readonly session: Session
  readonly settings: Settings
  /** Keeps work going when the response is out, or the one who typed has typed on. */
  waitUntil(work: Promise<unknown>): void
}

const TEXT_DEADLINE_MS = 5_000

const Texts = v.record(v.string(), v.unknown())

/** Graph, as one user reaches it. */
export interface DirectoryAccess {
  readonly graph: Graph
  readonly tokens: GraphTokens
  readonly scopes: readonly string[]
  /** Memory of this user, apart from everyone else's. */
  readonly own: OwnerLookups
}

/**
 * @throws EntradaFailure `feature_off`, `consent_required`; what the session's token may throw
 */
export async function accessDirectory(
  { graph, lookups }: PeopleDeps,
  { session, settings }: Searcher,
  part: Source,
): Promise<DirectoryAccess> {
  if (graph === null || accessTo(part, settings, []) === 'off') {
    throw new EntradaFailure('feature_off')
  }
  const token = await session.accessToken('graph')
  if (accessTo(part, settings, token.scopes) !== 'on') {
    const consentFeature = part === 'groups' ? 'groups' : 'people'
    throw new EntradaFailure('consent_required', { consentFeature })
  }
  return accessWith(token, { graph, lookups, session, settings })
}

interface AccessDeps extends Pick<Searcher, 'session' | 'settings'> {
  readonly graph: Graph
  readonly lookups: LookupCache
}

export function accessWith(
  token: AccessToken<'graph'>,
  { graph, lookups, session, settings }: AccessDeps,
): DirectoryAccess {
  const { tenantId, id: userId } = session.user
  return {
    graph,
    tokens: async (again) => (again === undefined ? token : session.accessToken('graph', again)),
    scopes: token.scopes,
    own: lookups.for({ cloud: cloudNameOf(settings), tenantId, of: { userId } }),
  }
}

/**
 * One text of what is at a path; `null` where it is missing, or Graph does not say.
 * @throws EntradaFailure `graph_unavailable`; what the session's token may throw
 */
export async function readText(
  { graph, tokens }: DirectoryAccess,
  path: string,
  property: string,
): Promise<string | null> {
  const request = { path: `${path}?$select=${property}`, deadlineMs: TEXT_DEADLINE_MS }
  const answer = await graph.call(tokens, request)
  if (!answer.ok) return null
  const text = (await readJson(answer.response, Texts))?.[property]
  return typeof text === 'string' ? text : null
}

/** Ids mean nothing in another cloud. */
export function cloudNameOf({ issuer }: Settings): string {
  return issuer.microsoft?.graph ?? ''
}
