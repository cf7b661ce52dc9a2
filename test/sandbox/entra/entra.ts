import { type Context, Hono } from 'hono'
import type { HostHandler } from '../sandbox.ts'
import type { EntraWorld } from './entra-state.ts'
import { AadstsError } from './aadsts.ts'
import { adminConsent } from './admin-consent.ts'
import { authorize } from './authorize.ts'
import { type Authority, readAuthority } from './authority.ts'
import { instanceDiscovery, keySet, openIdConfiguration } from './discovery.ts'
import { renderErrorPage } from './error-page.ts'
import { errorResponse, NO_STORE } from './error-response.ts'
import { logout } from './logout.ts'
import { readStep, type Step } from './step.ts'
import { presentedGrant, readTokenForm, redeem } from './token.ts'
import { takeTokenFault } from './token-faults.ts'

const PAGE_METHODS = ['GET', 'POST']

type BrowserEndpoint = (world: EntraWorld, authority: Authority, step: Step) => Promise<Response>

/** The sign-in service. Every path starts with the tenant, as at Entra. */
export function createEntra(world: EntraWorld): HostHandler {
  const app = new Hono()
  const authorityOf = (context: Context) =>
    readAuthority(context.req.param('tenant') ?? '', world.tenants)

  // A defect of the sandbox or a client that aborted: rethrow it so that the test sees it instead
  // of a 500.
  app.onError((error) => {
    throw error
  })
  app.use(async (_, next) => {
    if (world.faults.take('entra.outage') !== null) return unavailable()
    return next()
  })
  app.get('/favicon.ico', () => new Response(null, { status: 204 }))
  app.get('/common/discovery/instance', (c) => c.json(instanceDiscovery(world)))
  app.route('/:tenant', metadata(world, authorityOf))
  app.all('/:tenant/oauth2/v2.0/token', (c) => answerToken(world, () => authorityOf(c), c.req.raw))

  const onPages = (endpoint: BrowserEndpoint) => async (c: Context) => {
    const step = await readStep(c.req.raw)
    try {
      return await endpoint(world, authorityOf(c), step)
    } catch (error) {
      if (error instanceof AadstsError) return renderErrorPage(error, step)
      throw error
    }
  }
  app.on(PAGE_METHODS, '/:tenant/oauth2/v2.0/authorize', onPages(authorize))
  app.on(PAGE_METHODS, '/:tenant/v2.0/adminconsent', onPages(adminConsent))
  app.on(PAGE_METHODS, '/:tenant/oauth2/v2.0/logout', onPages(logout))

  return (request) => app.fetch(request)
}

function metadata(world: EntraWorld, authorityOf: (context: Context) => Authority) {
  const app = new Hono()
  const document =
    (
      describe: (
        world: EntraWorld,
        authority: Authority,
        appId: string | null,
      ) => object | Promise<object>,
    ) =>
    async (c: Context) => {
      if (world.faults.take('entra.discovery_outage') !== null) return unavailable()
      return c.json(await describe(world, authorityOf(c), c.req.query('appid') ?? null))
    }
  app.onError((error, c) => {
    if (error instanceof AadstsError) return errorResponse(error, c.req.raw)
    throw error
  })
  app.get('/v2.0/.well-known/openid-configuration', document(openIdConfiguration))
  app.get('/discovery/v2.0/keys', document(keySet))
  return app
}

async function answerToken(
  world: EntraWorld,
  authorityOf: () => Authority,
  request: Request,
): Promise<Response> {
  const form = await readTokenForm(request)
  const fault = await takeTokenFault(world, request, presentedGrant(world, form)?.userId)
  if (fault !== null) return fault
  const redeemOrRefuse = async () => {
    try {
      return await redeem(world, authorityOf(), { request, form })
    } catch (error) {
      if (error instanceof AadstsError) return errorResponse(error, request)
      throw error
    }
  }
  const response = await redeemOrRefuse()
  for (const [name, value] of Object.entries(NO_STORE)) response.headers.set(name, value)
  const origin = request.headers.get('origin')
  if (origin !== null) response.headers.set('access-control-allow-origin', origin)
  return response
}

function unavailable(): Response {
  return new Response('<html><body><h1>Service Unavailable</h1></body></html>', {
    status: 503,
    headers: { 'content-type': 'text/html' },
  })
}
