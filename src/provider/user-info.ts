import type { Context } from 'hono'
import type { EdgeEnv } from '../edge-env.ts'
import { claimsOf } from './claims.ts'
import { requireActiveGrant } from './living-grant.ts'
import { OAuthFailure } from './oauth-refusal.ts'
import type { ProviderDeps } from './provider-parts.ts'

/**
 * `GET` and `POST /.entrada/oidc/userinfo` (OIDC Core §5.3): the person as the session knows them now.
 * @throws OAuthRefusal `invalid_token`
 */
export async function userInfo(c: Context<EdgeEnv>, deps: ProviderDeps): Promise<Response> {
  const [, accessToken] = /^bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? []
  const grant = accessToken === undefined ? null : await deps.grants.openAccessToken(accessToken)
  const living = await requireActiveGrant(grant, null, deps).catch((cause: unknown) => {
    if (!(cause instanceof OAuthFailure)) throw cause
    throw new OAuthFailure('invalid_token', cause.description, cause.code)
  })
  return c.json(claimsOf(living.session, living.grant, deps.clients))
}
