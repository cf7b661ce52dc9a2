import type * as graph from '@microsoft/microsoft-graph-types'
import { Hono } from 'hono'
import type { Drive } from '../drives/drive-item.ts'
import { isInEurope } from '../hosts.ts'
import type { SandboxWorld } from '../sandbox.ts'
import { type Caller, SCOPES } from './caller.ts'
import { accessDenied, itemNotFound, requireFileScope, requireSharePoint } from './drive-access.ts'
import { answerDrive } from './files.ts'
import { GraphError } from './graph-error.ts'
import { type GraphEnv, odata, odataContext, propertiesOf } from './graph-env.ts'
import { project, type Shape } from './projection.ts'

const SITE_PROPERTIES = [
  'id',
  'name',
  'displayName',
  'description',
  'webUrl',
  'createdDateTime',
  'lastModifiedDateTime',
  'root',
  'siteCollection',
  'sharepointIds',
] as const satisfies readonly (keyof graph.Site)[]

export const SITE: Shape = {
  type: 'microsoft.graph.site',
  properties: SITE_PROPERTIES,
  defaults: ['id', 'name', 'displayName', 'webUrl', 'createdDateTime', 'root', 'siteCollection'],
}

export function sitesRoutes(world: SandboxWorld): Hono<GraphEnv> {
  const routes = new Hono<GraphEnv>()

  /**
   * The only listing for delegated tokens: the root sites of all geographies. Every other needs an
   * application token.
   */
  routes.get('/sites', (c) => {
    const { caller, options } = c.var
    requireFileScope(caller, SCOPES.sites)
    requireSharePoint(caller)
    if (options.filter !== 'siteCollection/root ne null') {
      throw new GraphError(400, 'invalidRequest', 'Only root sites can be listed.')
    }
    const roots = world.drives.siteDrives.filter(
      (drive) => drive.site.path === '' && world.drives.canReadDrive(caller.person.id, drive),
    )
    const properties = propertiesOf(c, SITE)
    return odata({
      '@odata.context': odataContext(world.hosts.graph, 'sites', options),
      value: roots.map((drive) => {
        const site = { ...toSite(world, drive), webUrl: `${world.drives.siteUrl(drive)}/` }
        return project(
          site,
          properties.filter((property) => Object.hasOwn(site, property)),
        )
      }),
    })
  })

  routes.get('/sites/:site', (c) => {
    const drive = findSite(world, c.var.caller, c.req.param('site'))
    const site = toSite(world, drive)
    const present = propertiesOf(c, SITE).filter((property) => Object.hasOwn(site, property))
    const context = odataContext(world.hosts.graph, 'sites', {
      select: c.var.options.select,
      suffix: '/$entity',
    })
    return odata({ '@odata.context': context, ...project(site, present) })
  })

  routes.get('/sites/:site/drive', (c) =>
    answerDrive(c, world, findSite(world, c.var.caller, c.req.param('site'))),
  )

  return routes
}

/** Accepts `root`, the three-part id, or the site collection id within it. */
function findSite(world: SandboxWorld, caller: Caller, id: string): Drive {
  requireFileScope(caller, SCOPES.sites)
  requireSharePoint(caller)
  const drive = world.drives.siteDrives.find(({ site }) =>
    id === 'root' ? site.name === 'root' : site.id === id || site.collectionId === id,
  )
  if (drive === undefined) throw itemNotFound()
  if (!world.drives.canReadDrive(caller.person.id, drive)) throw accessDenied()
  return drive
}

function toSite(world: SandboxWorld, drive: Drive): graph.Site {
  const { site } = drive
  const root = site.path === '' ? { root: {} } : {}
  return {
    id: site.id,
    name: site.name,
    displayName: site.displayName,
    webUrl: world.drives.siteUrl(drive),
    createdDateTime: '2026-01-05T08:30:00Z',
    siteCollection: {
      hostname: new URL(world.hosts[site.host]).hostname,
      dataLocationCode: isInEurope(site.host) ? 'EUR' : 'NAM',
      ...root,
    },
    ...root,
  }
}
