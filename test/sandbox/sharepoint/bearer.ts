import type { AccessGrant } from '../access-tokens.ts'
import { CONTOSO } from '../directory/cast.ts'
import type { SharePointHost } from '../hosts.ts'
import type { SandboxWorld } from '../sandbox.ts'
import { expiredToken, unknownToken, wrongAudience } from './refusals.ts'

/** Returns the grant of a token issued for exactly this host, or the error response. */
export function readBearer(
  world: Pick<SandboxWorld, 'accessTokens' | 'hosts'>,
  host: SharePointHost,
  token: string | null,
): AccessGrant | Response {
  const grant = token === null ? null : world.accessTokens.find(token)
  if (grant === null || grant.tenantId !== CONTOSO) return unknownToken()
  if (grant.audience !== world.hosts[host]) return wrongAudience(grant)
  if (grant.expiresAt <= Date.now()) return expiredToken()
  return grant
}
