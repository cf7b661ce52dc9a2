import type { Session } from '../session/session.ts'
import type { OidcClient } from '../settings/oidc-clients.ts'
import type { OidcGrant } from './grants.ts'
import { OAuthFailure } from './oauth-refusal.ts'
import type { Parameters } from './parameters.ts'
import type { ProviderDeps } from './provider-parts.ts'

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
  { sessions, uses }: ProviderDeps,
): Promise<{ readonly grant: OidcGrant; readonly session: Session }> {
  if (grant === null || (client !== null && grant.clientId !== client.id)) throw invalidGrant()
  const [session, isRevoked] = await Promise.all([
    sessions.findGranted(grant),
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
