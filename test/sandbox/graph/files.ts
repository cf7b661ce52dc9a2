import type * as graph from '@microsoft/microsoft-graph-types'
import { type Context, Hono } from 'hono'
import type { Drive, StoredItem } from '../drives/drive-item.ts'
import type { SandboxWorld } from '../sandbox.ts'
import { findDrive, findItem, itemNotFound, ownDrive } from './drive-access.ts'
import { DOWNLOAD_URL, DRIVE_ITEM, identityOf, toDriveItem } from './drive-items.ts'
import { answerContent } from './file-content.ts'
import { type GraphContext, type GraphEnv, odata, odataContext, propertiesOf } from './graph-env.ts'
import { readPage } from './paging.ts'
import { project, type Shape } from './projection.ts'

const DRIVE_PROPERTIES = [
  'id',
  'name',
  'description',
  'driveType',
  'webUrl',
  'owner',
  'quota',
  'createdDateTime',
  'lastModifiedDateTime',
  'sharePointIds',
  'system',
] as const satisfies readonly (keyof graph.Drive)[]

export const DRIVE: Shape = {
  type: 'microsoft.graph.drive',
  properties: DRIVE_PROPERTIES,
  defaults: ['id', 'name', 'driveType', 'webUrl', 'owner', 'quota', 'createdDateTime'],
}

/** SharePoint's page size for listings; a larger `$top` has no effect. */
const PAGE = 200
const LARGEST_PAGE = 1000

export function filesRoutes(world: SandboxWorld): Hono<GraphEnv> {
  const routes = new Hono<GraphEnv>()
  const rootOfOwn = (c: GraphContext) => {
    const drive = ownDrive(world, c.var.caller)
    return findItem(world, c.var.caller, { driveId: drive.id, itemId: 'root' })
  }
  const item = (c: Context<GraphEnv, '/drives/:drive/items/:item'>) =>
    findItem(world, c.var.caller, { driveId: c.req.param('drive'), itemId: c.req.param('item') })
  const root = (c: Context<GraphEnv, '/drives/:drive'>) =>
    findItem(world, c.var.caller, { driveId: c.req.param('drive'), itemId: 'root' })

  routes.get('/me/drive', (c) => answerDrive(c, world, ownDrive(world, c.var.caller)))
  routes.get('/me/drive/root', (c) => answerItem(c, world, rootOfOwn(c)))
  routes.get('/me/drive/root/children', (c) => answerChildren(c, world, rootOfOwn(c)))
  routes.get('/drives/:drive', (c) =>
    answerDrive(c, world, findDrive(world, c.var.caller, c.req.param('drive'))),
  )
  routes.get('/drives/:drive/root', (c) => answerItem(c, world, root(c)))
  routes.get('/drives/:drive/root/children', (c) => answerChildren(c, world, root(c)))
  routes.get('/drives/:drive/items/:item', (c) => answerItem(c, world, item(c)))
  routes.get('/drives/:drive/items/:item/children', (c) => answerChildren(c, world, item(c)))
  routes.get('/drives/:drive/items/:item/content', (c) => answerContent(c, world, item(c)))
  return routes
}

export function answerDrive(c: GraphContext, world: SandboxWorld, drive: Drive): Response {
  const shown: graph.Drive = {
    id: drive.id,
    name: drive.name,
    driveType: drive.driveType,
    webUrl: world.drives.driveUrl(drive),
    createdDateTime: '2026-01-05T08:30:00Z',
    owner: drive.ownerId === null ? {} : identityOf(world, drive.ownerId),
    quota: {
      total: 1_099_511_627_776,
      used: 1_800_000_000,
      remaining: 1_097_711_627_776,
      state: 'normal',
    },
  }
  return odata({
    '@odata.context': odataContext(world.hosts.graph, 'drives', {
      select: c.var.options.select,
      suffix: '/$entity',
    }),
    ...project(shown, propertiesOf(c, DRIVE)),
  })
}

function answerItem(c: GraphContext, world: SandboxWorld, item: StoredItem): Response {
  const set = `drives('${encodeURIComponent(item.driveId)}')/items`
  const context = odataContext(world.hosts.graph, set, {
    select: c.var.options.select,
    suffix: '/$entity',
  })
  return odata({ '@odata.context': context, ...written(c, world, item) })
}

function answerChildren(c: GraphContext, world: SandboxWorld, item: StoredItem): Response {
  const { caller, options } = c.var
  if (item.body.kind === 'remote') throw itemNotFound()
  const readable = world.drives
    .children(item)
    .filter((child) => world.drives.canRead(caller.person.id, child))
  const page = readPage(world, readable, {
    url: c.req.url,
    options,
    size: Math.min(Math.max(options.top ?? PAGE, 1), LARGEST_PAGE),
    userId: caller.person.id,
  })
  const set = `drives('${encodeURIComponent(item.driveId)}')/items('${item.id}')/children`
  return odata({
    '@odata.context': odataContext(world.hosts.graph, set, options),
    ...(options.count && page.isFirst ? { '@odata.count': page.total } : {}),
    ...(page.nextLink === null ? {} : { '@odata.nextLink': page.nextLink }),
    value: page.items.map((child) => written(c, world, child)),
  })
}

function written(c: GraphContext, world: SandboxWorld, item: StoredItem): object {
  const properties = propertiesOf(c, DRIVE_ITEM)
  const isInfected = world.faults.take('files.malware', c.var.caller.person.id) !== null
  const full = toDriveItem(world, item, {
    hasMalware: item.malware || (isInfected && item.body.kind === 'file'),
    withDownloadUrl: properties.includes(DOWNLOAD_URL),
  })
  const present = properties.filter((property) => Object.hasOwn(full, property))
  return { '@odata.etag': full.eTag, ...project(full, present) }
}
