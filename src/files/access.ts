import { consentScopesFor } from '../session/resource-scopes.ts'
import { readSharePointOrigin } from './sharepoint-hosts.ts'
import { EntradaFailure } from '../failure.ts'
import type { Graph, GraphTokens } from '../graph/graph.ts'
import type { Session, SessionView } from '../session/session.ts'
import type { Settings } from '../settings/settings.ts'
import type { LookupCache } from '../storage/lookup-cache.ts'
import { DriveFiles } from './drive-files.ts'
import { discoverHosts, type UserHosts } from './user-hosts.ts'

/** A Graph token with any of these scopes may read files; how many depends on the scope. */
const FILE_SCOPES = /^(?:Files|Sites)\.(?:Read|ReadWrite|Manage|FullControl)(?:\.All)?$/i

/** Whether files are enabled and a Graph token can be had: a Microsoft issuer and stored refresh tokens. */
export function isFilesOn({ files, issuer, reuseTokens }: Settings): boolean {
  return files.enabled && issuer.microsoft !== null && reuseTokens
}

/**
 * The state of the feature, for `GET /.entrada/session`.
 * @param grantedScopes of the person's Graph token
 */
export function filesFeature(
  settings: Settings,
  grantedScopes: readonly string[],
): 'on' | 'off' | 'consent_needed' {
  if (!isFilesOn(settings)) return 'off'
  return grantedScopes.some((scope) => FILE_SCOPES.test(scope)) ? 'on' : 'consent_needed'
}

/** Scopes to ask consent for at one SharePoint host. `null` for an origin that is none, and while files are off. */
export function sharePointConsentScopes(
  origin: string,
  settings: Settings,
): readonly string[] | null {
  const { microsoft } = settings.issuer
  const host = microsoft === null ? null : readSharePointOrigin(origin, microsoft)
  return host === null || !settings.files.enabled ? null : consentScopesFor(host, settings)
}

/**
 * A source of Graph tokens whose scopes cover files.
 * @throws EntradaFailure `consent_required` without such a scope, before Graph is asked
 */
export function filesTokens(session: Session, settings: Settings): GraphTokens {
  return async (options) => {
    const token = await session.accessToken('graph', options).catch((cause: unknown) => {
      throw withFilesConsent(cause)
    })
    if (filesFeature(settings, token.scopes) === 'on') return token
    throw new EntradaFailure('consent_required', { consentFeature: 'files' })
  }
}

/** Adds the feature to `consent_required`: the token endpoint's error does not name it. Other causes pass unchanged. */
export function withFilesConsent(cause: unknown): unknown {
  if (!(cause instanceof EntradaFailure) || cause.code !== 'consent_required') return cause
  return new EntradaFailure(cause.code, { ...cause.details, consentFeature: 'files' })
}

/** What the routes of files need. */
export interface FilesDeps {
  /** The client that all features share, because throttling concerns all of them. `null` without Microsoft. */
  readonly graph: Graph | null
  readonly lookups: LookupCache
  /** Sends a request through the proxy, as every request of a signed-in person. */
  readonly forwardToChat: (request: Request, session: SessionView) => Promise<Response>
}

/** A signed-in person's access to files, for one request. */
export interface FilesAccess {
  readonly files: DriveFiles
  readonly maxBytes: number
  readonly maxFiles: number
  /**
   * The person's SharePoint hosts.
   * @param forceRefresh asks Graph although the cached hosts are fresh
   */
  hosts(forceRefresh?: boolean): Promise<UserHosts>
}

/**
 * Makes the access of one request.
 * @throws EntradaFailure `feature_off`
 */
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
  // SharePoint throttles per app and tenant, so all calls of a tenant share one bucket.
  const files = new DriveFiles({ graph, tokens, microsoft, bucket: `${tenantId}/files` })
  // The same owner key as in people search: one user has one object.
  const owner = { cloud: microsoft.graph, tenantId, of: { userId } }
  return {
    files,
    maxBytes: maxFileBytes,
    maxFiles,
    hosts: (forceRefresh = false) =>
      discoverHosts({ files, microsoft, baseUrl, lookups: lookups.for(owner) }, forceRefresh),
  }
}
