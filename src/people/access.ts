import * as v from 'valibot'
import type { SealedBox } from '../crypto/web-crypto.ts'
import type { AccessToken } from '../entra/access-token.ts'
import { EntradaFailure } from '../failure.ts'
import type { Graph, GraphTokens } from '../graph/graph.ts'
import { readJson } from '../json.ts'
import type { Session } from '../session/session.ts'
import type { Settings } from '../settings/settings.ts'
import type { LookupCache, OwnerLookups } from '../storage/lookup-cache.ts'
import type { Source } from './source-result.ts'

/** Whether a source may be asked. Settings and cloud decide on `off`, then granted scopes on the rest. */
export type Access = 'on' | 'off' | 'consent_needed'

/** The scopes that allow each source; one of them is enough. */
const SUFFICIENT: Readonly<Record<Source, RegExp>> = {
  people: /^people\.read(\.all)?$/,
  users: /^(user\.readbasic|(user|directory)\.read(write)?)\.all$/,
  groups: /^(group|groupmember|directory)\.read(write)?\.all$/,
}

/** `User.ReadBasic.All` shows names and addresses only. Graph answers other properties with nulls or 403. */
const FULL_PROFILES = /^(user|directory)\.read(write)?\.all$/

/**
 * Says whether a user may search a source.
 * @param granted scopes of the user's Graph token
 */
export function accessTo(source: Source, settings: Settings, granted: readonly string[]): Access {
  const { microsoft } = settings.issuer
  if (!settings.people.enabled || !settings.reuseTokens || microsoft === null) return 'off'
  if (source === 'people' && !microsoft.hasRelevantPeople) return 'off'
  if (holdsAny(granted, SUFFICIENT[source])) return 'on'
  // Entrada never requests a scope that the operator did not configure, so consent could not help.
  return holdsAny(settings.people.graphScopes, SUFFICIENT[source]) ? 'consent_needed' : 'off'
}

/** Whether a token shows job titles and blocked accounts. */
export function showsFullProfiles(granted: readonly string[]): boolean {
  return holdsAny(granted, FULL_PROFILES)
}

/**
 * The features `people` and `groups` of `GET /.entrada/session`. Access to `/users` or to `/me/people` is enough
 * to search for people.
 * @param granted scopes of the user's Graph token
 */
export function peopleFeatures(
  settings: Settings,
  granted: readonly string[],
): { readonly people: Access; readonly groups: Access } {
  const people = [accessTo('users', settings, granted), accessTo('people', settings, granted)]
  const best = (['on', 'consent_needed'] as const).find((access) => people.includes(access))
  return { people: best ?? 'off', groups: accessTo('groups', settings, granted) }
}

/** A scope may carry its resource: `https://graph.microsoft.com/User.Read`. */
function holdsAny(scopes: readonly string[], sufficient: RegExp): boolean {
  return scopes.some((scope) =>
    sufficient.test(scope.slice(scope.lastIndexOf('/') + 1).toLowerCase()),
  )
}

/** What the composition root gives to `peopleRoutes` and `searchPrincipals`. */
export interface PeopleDeps {
  /** `null` for an issuer that is not Entra. */
  readonly graph: Graph | null
  readonly lookups: LookupCache
  readonly box: SealedBox
}

/** The user who searches. */
export interface Searcher {
  readonly session: Session
  readonly settings: Settings
  /** Lets work finish after the response is sent or the client has left. */
  waitUntil(work: Promise<unknown>): void
}

/** Graph, with the token and the cache of one user. */
export interface GraphAccess {
  readonly graph: Graph
  readonly tokens: GraphTokens
  readonly scopes: readonly string[]
  /** The cache of this user alone. */
  readonly own: OwnerLookups
}

/**
 * Graph for one user, if the user may ask `source`.
 * @throws EntradaFailure `feature_off`, `consent_required`; what `session.accessToken` throws
 */
export async function accessGraph(
  { graph, lookups }: PeopleDeps,
  { session, settings }: Searcher,
  source: Source,
): Promise<GraphAccess> {
  if (graph === null || accessTo(source, settings, []) === 'off') {
    throw new EntradaFailure('feature_off')
  }
  const token = await session.accessToken('graph')
  if (accessTo(source, settings, token.scopes) !== 'on') {
    const consentFeature = source === 'groups' ? 'groups' : 'people'
    throw new EntradaFailure('consent_required', { consentFeature })
  }
  return graphAccessWith(token, { graph, lookups, session, settings })
}

interface AccessDeps extends Pick<Searcher, 'session' | 'settings'> {
  readonly graph: Graph
  readonly lookups: LookupCache
}

/** Graph for one user whose token is already there. A refused token is renewed through the session. */
export function graphAccessWith(
  token: AccessToken<'graph'>,
  { graph, lookups, session, settings }: AccessDeps,
): GraphAccess {
  const { tenantId, id: userId } = session.user
  return {
    graph,
    tokens: async (again) => (again === undefined ? token : session.accessToken('graph', again)),
    scopes: token.scopes,
    own: lookups.for({ cloud: cloudNameOf(settings), tenantId, of: { userId } }),
  }
}

const TEXT_TIMEOUT_MS = 5_000

const Texts = v.record(v.string(), v.unknown())

/**
 * Reads one text property of the Graph resource at `path`; `null` where Graph has none or refuses.
 * @throws EntradaFailure `graph_unavailable`; what `session.accessToken` throws
 */
export async function readText(
  { graph, tokens }: GraphAccess,
  path: string,
  property: string,
): Promise<string | null> {
  const request = { path: `${path}?$select=${property}`, deadlineMs: TEXT_TIMEOUT_MS }
  const answer = await graph.call(tokens, request)
  if (!answer.ok) return null
  const text = (await readJson(answer.response, Texts))?.[property]
  return typeof text === 'string' ? text : null
}

/** The cloud as part of a cache owner: object ids are unique within one cloud only. */
export function cloudNameOf({ issuer }: Settings): string {
  return issuer.microsoft?.graph ?? ''
}
