import type { SessionView } from '../session/session.ts'
import type { OidcClient } from '../settings/oidc-clients.ts'
import type { OidcGrant } from './grants.ts'

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
