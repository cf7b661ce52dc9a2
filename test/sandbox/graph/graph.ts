import { type Context, Hono } from 'hono'
import type { FaultName } from '../faults.ts'
import type { HostHandler, SandboxWorld } from '../sandbox.ts'
import { readBatch, requestFor, runBatch } from './batch.ts'
import { authenticate, claimsChallenge, grantOf, unauthenticated } from './caller.ts'
import { filesRoutes } from './files.ts'
import type { GraphEnv } from './graph-env.ts'
import { badRequest, GraphError, noSuchSegment, renderError } from './graph-error.ts'
import { groupsRoutes } from './groups.ts'
import { membershipsRoutes } from './memberships.ts'
import { peopleRoutes } from './people.ts'
import { photosRoutes } from './photos.ts'
import { readQueryOptions } from './query-options.ts'
import { sitesRoutes } from './sites.ts'
import { outage, resourceUnitsOf, throttled } from './throttling.ts'
import { userInfoRoutes } from './user-info.ts'
import { usersRoutes } from './users.ts'

/** Microsoft Graph v1.0, limited to sign-in, people, groups and files. */
export function createGraph(world: SandboxWorld): HostHandler {
  const service = createService(world)
  const gateway = new Hono<GraphEnv>({ strict: false })

  gateway.use(async (c, next) => {
    await misbehave(world, c.req.raw)
    return next()
  })

  gateway.post('/v1.0/$batch', async (c) => {
    authenticate(world, c.req.raw)
    const parts = readBatch(await c.req.json().catch(() => null))
    const authorization = c.req.header('authorization') ?? ''
    const responses = await runBatch(parts, async (part) => {
      try {
        return await service.fetch(requestFor(`${world.hosts.graph}/v1.0`, part, authorization))
      } catch (error) {
        return render(error, c.req.raw)
      }
    })
    return c.json({ responses })
  })

  gateway.all('*', (c) => service.fetch(c.req.raw))
  gateway.onError((error, c) => render(error, c.req.raw))
  return async (request) => identified(request, await gateway.fetch(request))
}

/** The resources behind the gateway. Each request of a batch is dispatched to it separately. */
function createService(world: SandboxWorld): Hono<GraphEnv> {
  const service = new Hono<GraphEnv>({ strict: false })

  service.use(async (c, next) => {
    const path = new URL(c.req.url).pathname
    const limit = world.faults.take('graph.throttled', grantOf(world, c.req.raw)?.userId)
    if (limit !== null) throw throttled(path, limit)
    c.set('caller', authenticate(world, c.req.raw))
    c.set('options', readQueryOptions(c.req.raw))
    await next()
    c.res.headers.set('x-ms-resource-unit', String(resourceUnitsOf(new URL(c.req.url))))
  })

  service.route('/', userInfoRoutes(world))
  for (const routes of [
    peopleRoutes(world),
    photosRoutes(world),
    membershipsRoutes(world),
    usersRoutes(world),
    groupsRoutes(world),
    filesRoutes(world),
    sitesRoutes(world),
  ]) {
    service.route('/v1.0', routes)
  }
  service.notFound(unknownPath)
  service.onError((error, c) => render(error, c.req.raw))
  return service
}

function unknownPath(c: Context): Response {
  if (c.req.method !== 'GET' && c.req.method !== 'POST') {
    const message = 'Specified HTTP method is not allowed for the request target.'
    return render(new GraphError(405, 'Request_BadRequest', message), c.req.raw)
  }
  const [version = '', ...segments] = new URL(c.req.url).pathname.slice(1).split('/')
  if (version !== 'v1.0') return render(badRequest(`Invalid version: ${version}`), c.req.raw)
  return render(noSuchSegment(segments.findLast((name) => name !== '') ?? ''), c.req.raw)
}

/**
 * Faults of the gateway, before any service is called. Inside a batch they fail the whole batch.
 */
async function misbehave(world: SandboxWorld, request: Request): Promise<void> {
  const userId = grantOf(world, request)?.userId
  const take = (name: FaultName) => world.faults.take(name, userId)
  if (take('graph.hang') !== null) await aborted(request, null)
  const slow = take('graph.slow')
  if (slow !== null) await aborted(request, slow.delayMs ?? 1000)
  const down = take('graph.outage')
  if (down !== null) throw outage(down)
  if (take('graph.token_rejected') !== null) {
    throw unauthenticated(world, 'Access token validation failure.')
  }
  if (take('graph.claims_challenge') !== null) throw claimsChallenge(world)
}

/** Resolves after the delay, if there is one; rejects when the client aborts. */
function aborted(request: Request, delayMs: number | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = delayMs === null ? undefined : setTimeout(resolve, delayMs)
    request.signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(new Error('the client went away', { cause: request.signal.reason }))
    })
  })
}

function render(error: unknown, request: Request): Response {
  if (!(error instanceof GraphError)) throw error
  const requestId = crypto.randomUUID()
  const clientRequestId = request.headers.get('client-request-id') ?? requestId
  const response = renderError(error, { requestId, clientRequestId })
  response.headers.set('request-id', requestId)
  return response
}

function identified(request: Request, response: Response): Response {
  const requestId = response.headers.get('request-id') ?? crypto.randomUUID()
  const headers = new Headers(response.headers)
  headers.set('request-id', requestId)
  headers.set('client-request-id', request.headers.get('client-request-id') ?? requestId)
  headers.set('date', new Date().toUTCString())
  headers.set('strict-transport-security', 'max-age=31536000')
  headers.set(
    'x-ms-ags-diagnostic',
    '{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"5"}}',
  )
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-cache')
  return new Response(response.body, { status: response.status, headers })
}
