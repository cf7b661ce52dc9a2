import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import type { Graph, GraphTokens } from '../graph/graph.ts'
import type { AccessToken } from '../session/access-token.ts'
import type { Session } from '../session/session.ts'
import type { Settings } from '../settings/settings.ts'
import type { LookupCache, OwnerLookups } from '../stores/lookup-cache.ts'
import type { SealedBox } from '../stores/sealed-box.ts'
import { accessTo, type Source } from './permissions.ts'

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
  const read = v.safeParse(Texts, await answer.response.json().catch(() => null))
  const text = read.success ? read.output[property] : null
  return typeof text === 'string' ? text : null
}

/** Ids mean nothing in another cloud. */
export function cloudNameOf({ issuer }: Settings): string {
  return issuer.microsoft?.graph ?? ''
}
