import { Hono } from 'hono'
import type { SandboxWorld } from '../sandbox.ts'
import { pairwiseSubject } from '../entra/id-token.ts'
import type { GraphEnv } from './graph-env.ts'

/** OpenID Connect's UserInfo, which Microsoft serves from Graph outside its API versions. */
export function userInfoRoutes(world: SandboxWorld): Hono<GraphEnv> {
  const routes = new Hono<GraphEnv>()
  routes.on(['GET', 'POST'], '/oidc/userinfo', (c) => {
    const { caller } = c.var
    const { person } = caller
    return c.json({
      sub: pairwiseSubject(caller.grant.clientId, caller),
      name: person.displayName,
      ...(person.surname === null ? {} : { family_name: person.surname }),
      ...(person.givenName === null ? {} : { given_name: person.givenName }),
      picture: `${world.hosts.graph}/v1.0/me/photo/$value`,
      ...(person.mail === null ? {} : { email: person.mail }),
    })
  })
  return routes
}
