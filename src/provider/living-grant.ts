import type { Session } from '../session/session.ts'
import type { OidcClient } from '../settings/oidc-clients.ts'
import type { Grant } from './grants.ts'
import { OAuthRefusal } from './oauth-refusal.ts'
import type { Parameters } from './parameters.ts'
import type { ProviderParts } from './provider-parts.ts'

/** A request of a client that has proved to be that client. */
export interface TokenRequest {
  readonly client: OidcClient
  readonly parameters: Parameters
}

/**
 * What is built on a grant ends with its session, and when its code turned up twice.
 * @throws OAuthRefusal `invalid_grant`
 */
export async function livingSession(
  grant: Grant | null,
  client: OidcClient | null,
  { sessions, uses }: ProviderParts,
): Promise<{ readonly grant: Grant; readonly session: Session }> {
  if (grant === null || (client !== null && grant.clientId !== client.id)) throw refusedGrant()
  const [session, isRevoked] = await Promise.all([
    sessions.findGranted(grant),
    uses.isTaken(revocationOf(grant)),
  ])
  if (session === null || isRevoked) throw refusedGrant()
  return { grant, session }
}

/** Names what a code that turned up twice leaves behind. */
export function revocationOf({ id }: Grant): string {
  return `oidc-revoked/${id}`
}

/** One answer to everything, so that nobody learns what was wrong. */
export function refusedGrant(): OAuthRefusal {
  return new OAuthRefusal(
    'invalid_grant',
    'It is not ours, not for this client, used, too old, or its session has ended.',
    'session_required',
  )
}
