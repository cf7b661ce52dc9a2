import type { SessionView } from '../session/session.ts'

/**
 * What a client is told of a person (OIDC Core §5.4), the same in the id token and from UserInfo. `sub` is
 * Entra's object id, as in the assertion, so that an app which knows both knows one person.
 */
export function claimsOf({ user }: SessionView, scopes: readonly string[]) {
  const profile = {
    name: user.name ?? undefined,
    preferred_username: user.username ?? undefined,
    roles: user.roles,
    groups: user.groups,
  }
  return {
    sub: user.id,
    oid: user.id,
    tid: user.tenantId,
    ...(scopes.includes('profile') ? profile : {}),
    ...(scopes.includes('email') ? { email: user.email ?? undefined } : {}),
  }
}

export const CLAIMS = [
  ...['sub', 'oid', 'tid', 'sid', 'auth_time', 'email'],
  ...['name', 'preferred_username', 'roles', 'groups'],
]
