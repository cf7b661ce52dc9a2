import { Hono } from 'hono'
import type { EdgeEnv } from '../edge-env.ts'
import { toResult } from './people-answer.ts'
import { readPeopleQuery } from './people-query.ts'
import { searchPeople, type PeopleParts } from './people-search.ts'

/** `GET /people`, `/groups/{id}/members`, `/people/{id}/photo`, below Entrada's prefix and behind a session. */
export function peopleRoutes(parts: PeopleParts): Hono<EdgeEnv> {
  const routes = new Hono<EdgeEnv>()

  routes.get('/people', async (c) => {
    const { settings, session } = c.var
    const query = readPeopleQuery(new URL(c.req.url).searchParams)
    const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work)
    const found = await searchPeople(parts, { session, settings, waitUntil }, query)
    const results = found.principals.map((one) => toResult(one, settings.publicOrigin))
    if (found.retryAfter !== null) c.header('retry-after', String(found.retryAfter))
    return c.json({
      query: query.search.text,
      limit: query.limit,
      types: [...query.types],
      results,
      count: results.length,
      sources: { local: 0, entra: results.length },
      status: { ...found.status, local: 'off' },
    })
  })

  return routes
}
