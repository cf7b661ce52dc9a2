import type { AccessGrant } from '../access-tokens.ts'
import { CONTOSO } from '../directory/cast.ts'
import type { SharePointHost } from '../hosts.ts'
import type { SandboxWorld } from '../sandbox.ts'
import { expiredToken, unknownToken, wrongAudience } from './refusals.ts'

/** The grant behind a token that is for exactly this host, or why it is refused. */
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
