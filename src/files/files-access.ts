import { EntradaFailure } from '../failure.ts'
import type { Graph } from '../graph/graph.ts'
import type { Session, SessionView } from '../session/session.ts'
import type { Settings } from '../settings/settings.ts'
import type { LookupCache } from '../stores/lookup-cache.ts'
import { DriveFiles } from './drive-files.ts'
import { filesTokens, isFilesOn } from './files-tokens.ts'
import { discoverHosts } from './host-discovery.ts'
import type { UserHosts } from './user-hosts.ts'

export interface FilesDeps {
  /** One for all features: it remembers whom Microsoft asked to wait. `null` without Microsoft. */
  readonly graph: Graph | null
  readonly lookups: LookupCache
  /** The way every proxied request of a signed-in person goes. */
  readonly toChat: (request: Request, session: SessionView) => Promise<Response>
}

/** What one signed-in user's request may do with files. */
export interface FilesAccess {
  readonly files: DriveFiles
  readonly maxBytes: number
  readonly maxFiles: number
  /** @param isAnew asks Graph although the answer is remembered */
  hosts(isAnew?: boolean): Promise<UserHosts>
}

/** @throws EntradaFailure `feature_off` */
export function filesAccess(
  { graph, lookups }: Pick<FilesDeps, 'graph' | 'lookups'>,
  session: Session,
  settings: Settings,
): FilesAccess {
  const { microsoft } = settings.issuer
  if (microsoft === null || graph === null || !isFilesOn(settings)) {
    throw new EntradaFailure('feature_off')
  }
  const { id: userId, tenantId } = session.user
  const tokens = filesTokens(session, settings)
  const { baseUrl, maxFileBytes, maxFiles } = settings.files
  // SharePoint counts requests per app and tenant: a refusal speaks for all of them.
  const files = new DriveFiles({ graph, tokens, microsoft, bucket: `${tenantId}/files` })
  // As people search names it: one user has one object.
  const owner = { cloud: microsoft.graph, tenantId, of: { userId } }
  return {
    files,
    maxBytes: maxFileBytes,
    maxFiles,
    hosts: (isAnew = false) =>
      discoverHosts({ files, microsoft, baseUrl, lookups: lookups.for(owner) }, isAnew),
  }
}
