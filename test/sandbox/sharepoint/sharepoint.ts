import { Hono } from 'hono'
import { cors } from 'hono/cors'
import type { HostHandler, SandboxWorld } from '../sandbox.ts'
import type { SharePointHost } from './bearer.ts'
import { download } from './download.ts'
import { filesApi } from './files-api.ts'
import { filePicker, PICKER_ASSETS } from './picker-page.ts'

export interface SharePointHosts {
  readonly sharePoint: HostHandler
  readonly oneDrive: HostHandler
  /** Where pre-authenticated download URLs lead. */
  readonly download: HostHandler
}

export function createSharePoint(world: SandboxWorld): SharePointHosts {
  return {
    sharePoint: siteHost(world, 'sharePoint'),
    oneDrive: siteHost(world, 'oneDrive'),
    download: (request) => download(world, request),
  }
}

/** One of the two hosts people open in a browser: the picker's page and the API the picker calls. */
function siteHost(world: SandboxWorld, host: SharePointHost): HostHandler {
  const app = new Hono()
  const pickers = [world.hosts.sharePoint, world.hosts.oneDrive]
  const exposeHeaders = ['www-authenticate']
  app.use(
    '/_api/*',
    cors({ origin: pickers, allowHeaders: ['authorization'], exposeHeaders, maxAge: 600 }),
  )
  app.route('/_api/v2.0', filesApi(world, host))
  for (const [path, asset] of PICKER_ASSETS) {
    app.get(path, (c) => c.body(asset.text, 200, { 'content-type': asset.type }))
  }
  app.on(['GET', 'POST'], '*', async (c, next) => {
    const path = decodeURI(new URL(c.req.url).pathname)
    const [, site] = /^(.*)\/_layouts\/15\/FilePicker\.aspx$/i.exec(path) ?? []
    if (site === undefined) return next()
    return filePicker(world, { host, site, request: c.req.raw })
  })
  app.notFound((c) => c.html('<!doctype html><title>404</title><h1>404 FILE NOT FOUND</h1>', 404))
  return (request) => app.fetch(request)
}
