import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { SHAREPOINT_HOSTS, type SharePointHost } from '../hosts.ts'
import type { HostHandler, SandboxWorld } from '../sandbox.ts'
import { download } from './download.ts'
import { filesApi } from './files-api.ts'
import { filePicker, PICKER_ASSETS } from './picker-page.ts'

/**
 * The hosts people open in a browser, and the host that most pre-authenticated download URLs name.
 */
export type SharePointHandlers = Readonly<Record<SharePointHost | 'download', HostHandler>>

export function createSharePoint(world: SandboxWorld): SharePointHandlers {
  return {
    sharePoint: siteHost(world, 'sharePoint'),
    oneDrive: siteHost(world, 'oneDrive'),
    sharePointEurope: siteHost(world, 'sharePointEurope'),
    oneDriveEurope: siteHost(world, 'oneDriveEurope'),
    download: (request) => download(world, request),
  }
}

/** One of the hosts people open in a browser: the picker page, the API it calls, and downloads. */
function siteHost(world: SandboxWorld, host: SharePointHost): HostHandler {
  const app = new Hono()
  const pickers = SHAREPOINT_HOSTS.map((one) => world.hosts[one])
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
    if (path.endsWith('/_layouts/15/download.aspx')) return download(world, c.req.raw)
    const [, site] = /^(.*)\/_layouts\/15\/FilePicker\.aspx$/i.exec(path) ?? []
    if (site === undefined) return next()
    return filePicker(world, { host, site, request: c.req.raw })
  })
  app.notFound((c) => c.html('<!doctype html><title>404</title><h1>404 FILE NOT FOUND</h1>', 404))
  return (request) => app.fetch(request)
}
