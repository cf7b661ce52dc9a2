import type { Context } from 'hono'
import type { Resource } from '../entra/access-token.ts'
import type { EdgeEnv } from '../http/env.ts'
import type { Log } from '../log.ts'
import type { ReplayGuard } from '../session/replay-guard.ts'
import type { Session, SessionView } from '../session/session.ts'
import type { Sessions } from '../session/sessions.ts'
import type { OidcClient } from '../settings/oidc-clients.ts'
import type { OidcGrant, OidcGrants } from './grants.ts'
import { OAuthFailure, type Parameters } from './oauth-request.ts'

export interface ProviderDeps {
  /** `DOMAIN_SERVER/.entrada/oidc`. */
  readonly issuer: string
  readonly clients: readonly OidcClient[]
  readonly sessions: Sessions
  readonly grants: OidcGrants
  readonly uses: ReplayGuard
  /** An RS256 JWT of these claims, under the keys that sign assertions. */
  readonly sign: (claims: Readonly<Record<string, unknown>>) => Promise<string>
  /** The claims of a JWT that was signed so, however old; `null` for any other. */
  readonly verify: (token: string) => Promise<Readonly<Record<string, unknown>> | null>
  readonly publicKeys: () => Promise<Response>
  /** `null` where the issuer is not Entra. */
  readonly graphOrigin: string | null
  /** `null` for an origin that is neither Graph nor a SharePoint host. */
  readonly resourceOf: (origin: string) => Resource | null
  /** Counts a code for a chat against its user's limit: behind one address there may be a whole office. */
  readonly countCode: (session: Session) => Promise<void>
  /** What `POST /.entrada/logout` does. */
  readonly signOut: (c: Context<EdgeEnv>) => Promise<Response>
}

/**
 * What a client is told of a person (OIDC Core §5.4), the same in the id token and from UserInfo. `sub` is
 * Entra's object id, as in the assertion, so that an app which knows both knows one person.
 */
export function claimsOf(
  { user, isEmailVerified }: SessionView,
  { clientId, scopes }: Pick<OidcGrant, 'clientId' | 'scopes'>,
  clients: readonly OidcClient[],
) {
  const profile = {
    name: user.name ?? undefined,
    preferred_username: user.username ?? undefined,
    roles: user.roles,
    groups: user.groups,
  }
  const isVerified =
    isEmailVerified || clients.some(({ id, emailVerified }) => id === clientId && emailVerified)
  // Left out where nobody knows: `false` would say that it is somebody else's.
  const address = { email: user.email ?? undefined, email_verified: isVerified || undefined }
  return {
    sub: user.id,
    oid: user.id,
    tid: user.tenantId,
    ...(scopes.includes('profile') ? profile : {}),
    ...(scopes.includes('email') && user.email !== null ? address : {}),
  }
}

export const CLAIMS = [
  ...['sub', 'oid', 'tid', 'sid', 'auth_time', 'email', 'email_verified'],
  ...['name', 'preferred_username', 'roles', 'groups'],
]

/** A request of a client that has proved to be that client. */
export interface ClientTokenRequest {
  readonly client: OidcClient
  readonly parameters: Parameters
}

/**
 * What is built on a grant ends with its session, and when its code turned up twice.
 * @throws OAuthRefusal `invalid_grant`
 */
export async function requireActiveGrant(
  grant: OidcGrant | null,
  client: OidcClient | null,
  { sessions, uses, log }: Pick<ProviderDeps, 'sessions' | 'uses'> & { readonly log: Log },
): Promise<{ readonly grant: OidcGrant; readonly session: Session }> {
  if (grant === null || (client !== null && grant.clientId !== client.id)) throw invalidGrant()
  const [session, isRevoked] = await Promise.all([
    sessions.findGranted(grant, log),
    uses.wasUsed(revocationOf(grant)),
  ])
  if (session === null || isRevoked) throw invalidGrant()
  return { grant, session }
}

/** Names what a code that turned up twice leaves behind. */
export function revocationOf({ id }: OidcGrant): string {
  return `oidc-revoked/${id}`
}

/** One answer to everything, so that nobody learns what was wrong. */
export function invalidGrant(): OAuthFailure {
  return new OAuthFailure(
    'invalid_grant',
    'It is not ours, not for this client, used, too old, or its session has ended.',
    'session_required',
  )
}
