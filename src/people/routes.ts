import { GROUPS_PATH } from '../paths.ts'
import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import type { EdgeEnv } from '../http/env.ts'
import type { PeopleDeps, Searcher } from './access.ts'
import { listMembers, readMembersQuery } from './group-members.ts'
import { mergeSources } from './matching.ts'
import { findPicture, readPhotoQuery } from './photo.ts'
import { withAddress } from './principal.ts'
import { readPeopleQuery } from './query.ts'
import { toResult } from './response.ts'
import { searchPeople } from './search.ts'

/**
 * The people API, to be mounted at `/.entrada` behind `requireSession`: search, group members, photos.
 * `docs/api.md` describes parameters and answers.
 */
export function peopleRoutes(deps: PeopleDeps): Hono<EdgeEnv> {
  const routes = new Hono<EdgeEnv>()

  routes.get('/people', async (c) => {
    const { publicOrigin } = c.var.settings
    const query = readPeopleQuery(parametersOf(c))
    const found = await searchPeople(deps, searcherOf(c), query)
    const principals = mergeSources(found.sources, query.search, query.limit)
    const results = principals.map((one) => toResult(one, publicOrigin))
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

  routes.get('/groups/:id/members', async (c) => {
    const { publicOrigin, issuer } = c.var.settings
    const query = readMembersQuery(c.req.param('id'), parametersOf(c))
    const { principals, withheld, cursor } = await listMembers(deps, searcherOf(c), query)
    const members = principals.map((one) => toResult(withAddress(one, issuer), publicOrigin))
    const next = new URLSearchParams({
      transitive: String(query.isTransitive),
      limit: String(query.limit),
      cursor: cursor ?? '',
    })
    return c.json({
      id: query.groupId,
      transitive: query.isTransitive,
      members,
      count: members.length,
      withheld,
      next: cursor && `${publicOrigin}${GROUPS_PATH}/${query.groupId}/members?${next.toString()}`,
    })
  })

  routes.get('/people/:id/photo', async (c) => {
    const query = readPhotoQuery(c.req.param('id'), parametersOf(c))
    const { type, content, maxAgeSeconds } = await findPicture(deps, searcherOf(c), query)
    return c.body(content, 200, {
      'content-type': type,
      'cache-control': `private, max-age=${maxAgeSeconds}`,
      // The next user of this browser may not be allowed to see the photo.
      vary: 'cookie',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      'cross-origin-resource-policy': 'same-origin',
    })
  })

  return routes
}

function parametersOf(c: Context<EdgeEnv>): URLSearchParams {
  return new URL(c.req.url).searchParams
}

function searcherOf(c: Context<EdgeEnv>): Searcher {
  const { session, settings } = c.var
  return { session, settings, waitUntil: (work) => c.executionCtx.waitUntil(work) }
}
