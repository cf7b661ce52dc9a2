import type { Context } from 'hono'
import type { EdgeEnv } from '../edge-env.ts'
import { claimsOf } from './claims.ts'
import { livingSession } from './living-grant.ts'
import { OAuthRefusal } from './oauth-refusal.ts'
import type { ProviderParts } from './provider-parts.ts'

/**
 * `GET` and `POST /.entrada/oidc/userinfo` (OIDC Core §5.3): the person as the session knows them now.
 * @throws OAuthRefusal `invalid_token`
 */
export async function userInfo(c: Context<EdgeEnv>, parts: ProviderParts): Promise<Response> {
  const [, accessToken] = /^bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? []
  const grant = accessToken === undefined ? null : await parts.grants.openAccessToken(accessToken)
  const living = await livingSession(grant, null, parts).catch((cause: unknown) => {
    if (!(cause instanceof OAuthRefusal)) throw cause
    throw new OAuthRefusal('invalid_token', cause.description, cause.code)
  })
  return c.json(claimsOf(living.session, living.grant, parts.clients))
}
