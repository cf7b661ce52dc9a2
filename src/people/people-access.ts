import { EntradaFailure } from '../failure.ts'
import type { Graph, GraphTokens } from '../graph/graph.ts'
import type { Session } from '../session/session.ts'
import type { Settings } from '../settings/settings.ts'
import type { Lookups, OwnedLookups } from '../stores/lookup-cache.ts'
import type { SealedBox } from '../stores/sealed-box.ts'
import { accessTo, type Part } from './permissions.ts'

export interface PeopleParts {
  /** `null` for an issuer that is not Entra. */
  readonly graph: Graph | null
  readonly lookups: Lookups
  readonly box: SealedBox
}

/** On whose behalf something is looked up. */
export interface Asker {
  readonly session: Session
  readonly settings: Settings
  /** Keeps work going when the response is out, or the one who typed has typed on. */
  waitUntil(work: Promise<unknown>): void
}

/** Graph, as one user reaches it. */
export interface DirectoryAccess {
  readonly graph: Graph
  readonly tokens: GraphTokens
  readonly scopes: readonly string[]
  readonly lookups: OwnedLookups
}

/**
 * @throws EntradaFailure `feature_off`, `consent_required`; what the session's token may throw
 */
export async function accessDirectory(
  { graph, lookups }: PeopleParts,
  { session, settings }: Asker,
  part: Part,
): Promise<DirectoryAccess> {
  if (graph === null || accessTo(part, settings, []) === 'off') {
    throw new EntradaFailure('feature_off')
  }
  const token = await session.accessToken('graph')
  const access = accessTo(part, settings, token.scopes)
  if (access === 'off') throw new EntradaFailure('feature_off')
  if (access === 'consent_needed') {
    const consentFeature = part === 'groups' ? 'groups' : 'people'
    throw new EntradaFailure('consent_required', { consentFeature })
  }
  return {
    graph,
    tokens: async (again) => (again === undefined ? token : session.accessToken('graph', again)),
    scopes: token.scopes,
    lookups: ownLookups(lookups, { session, settings }),
  }
}

/** Memory of one user, apart from everyone else's. */
export function ownLookups(
  lookups: Lookups,
  { session, settings }: Pick<Asker, 'session' | 'settings'>,
): OwnedLookups {
  const { tenantId, id: userId } = session.user
  return lookups.for({ cloud: cloudOf(settings), tenantId, of: { userId } })
}

/** Ids mean nothing in another cloud. */
export function cloudOf({ issuer }: Settings): string {
  return issuer.microsoft?.graph ?? ''
}
