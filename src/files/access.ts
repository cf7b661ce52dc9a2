import { consentScopesFor } from '../session/resource-scopes.ts'
import { readSharePointOrigin } from './sharepoint-hosts.ts'
import { EntradaFailure } from '../failure.ts'
import type { Graph, GraphTokens } from '../graph/graph.ts'
import type { Session, SessionView } from '../session/session.ts'
import type { Settings } from '../settings/settings.ts'
import type { LookupCache } from '../storage/lookup-cache.ts'
import { DriveFiles } from './drive-files.ts'
import { discoverHosts, type UserHosts } from './user-hosts.ts'

/** Any of these lets Graph hand out files; each opens a different share of them. */
const FILE_SCOPES = /^(?:Files|Sites)\.(?:Read|ReadWrite|Manage|FullControl)(?:\.All)?$/i

/** Whether the operator wants files, and there is a token to get them with. */
export function isFilesOn({ files, issuer, reuseTokens }: Settings): boolean {
  return files.enabled && issuer.microsoft !== null && reuseTokens
}

/** For `GET /.entrada/session`. `grantedScopes` are those of a Graph token. */
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
 * Graph tokens for files alone.
 * @throws EntradaFailure `consent_required` before Graph is asked for what the token does not cover
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

/** What Microsoft says about consent when a token is redeemed does not name the feature; we know it. */
export function withFilesConsent(cause: unknown): unknown {
  if (!(cause instanceof EntradaFailure) || cause.code !== 'consent_required') return cause
  return new EntradaFailure(cause.code, { ...cause.details, consentFeature: 'files' })
}

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
