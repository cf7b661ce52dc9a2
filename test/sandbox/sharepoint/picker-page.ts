import { readFileSync } from 'node:fs'
import { isOneDriveHost, type SharePointHost } from '../hosts.ts'
import type { SandboxWorld } from '../sandbox.ts'
import { readBearer } from './bearer.ts'
import { type PickerOptions, readPickerOptions } from './picker-options.ts'

function pageFile(name: string): string {
  return readFileSync(new URL(`page/${name}`, import.meta.url), 'utf8')
}

const TEMPLATE = pageFile('picker.html')
const REFUSAL = pageFile('refusal.html')

export interface PickerAsset {
  readonly type: string
  readonly text: string
}

const ASSET_NAMES = [
  'picker.css',
  'items.css',
  'picker.js',
  'protocol.js',
  'files.js',
  'places.js',
  'view.js',
  'hostile.js',
] as const

export const PICKER_ASSETS: ReadonlyMap<string, PickerAsset> = new Map(
  ASSET_NAMES.map((name) => [
    `/_layouts/15/picker/${name}`,
    { type: name.endsWith('.css') ? 'text/css' : 'text/javascript', text: pageFile(name) },
  ]),
)

/**
 * SharePoint sends this header unless the request had a token for this host: Entrada's frame stays
 * blank.
 */
const NO_FRAMES = {
  'content-security-policy': "frame-ancestors 'self' *.teams.microsoft.com",
  'x-frame-options': 'SAMEORIGIN',
} as const

const HTML = { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' } as const

export interface PickerRequest {
  readonly host: SharePointHost
  /** The decoded path before `/_layouts`. */
  readonly site: string
  readonly request: Request
}

/** `FilePicker.aspx`, as in OneDrive/onedrive-api-docs#1621 and the picker's documentation. */
export async function filePicker(world: SandboxWorld, picker: PickerRequest): Promise<Response> {
  const { host, site, request } = picker
  const place = placeOf(world, host, site)
  if (place === 'nowhere') return new Response('404 FILE NOT FOUND', { status: 404 })
  // A library instead of a site as the base: OneDrive/samples#13.
  if (place === 'library') {
    return refusal(500, 'Something went wrong', ['This is a library, not a site.'])
  }
  const token = await postedToken(request)
  const grant = token === null ? null : readBearer(world, host, token)
  const isBlank = world.faults.take('picker.blank') !== null
  const isTrusted = grant !== null && !(grant instanceof Response)
  const headers = isTrusted && !isBlank ? HTML : { ...HTML, ...NO_FRAMES }
  if (!isTrusted) {
    const why =
      token === null ? 'No access token came with the request.' : 'The token is not for this site.'
    return refusal(200, 'Sign in to continue', [why], headers)
  }
  const read = readPickerOptions(new URL(request.url).searchParams.get('filePicker'))
  if ('problems' in read) {
    return refusal(400, 'The file picker was opened wrongly', read.problems, headers)
  }
  return new Response(pageFor(world, picker, { ...read, userId: grant.userId }), { headers })
}

function placeOf(
  { drives }: SandboxWorld,
  host: SharePointHost,
  path: string,
): 'site' | 'library' | 'nowhere' {
  if (path === '') return 'site'
  const [, below] = (isOneDriveHost(host) ? /^\/personal\/[^/]+(\/.+)?$/.exec(path) : null) ?? [
    null,
    null,
  ]
  if (below !== null) return below === undefined ? 'site' : 'library'
  const here = drives.siteDrives.filter((drive) => drive.site.host === host)
  if (here.some(({ site }) => site.path === path)) return 'site'
  return here.some((drive) => `${path}/`.startsWith(`${drive.path}/`)) ? 'library' : 'nowhere'
}

async function postedToken(request: Request): Promise<string | null> {
  if (request.method !== 'POST') return null
  const token = (await request.formData().catch(() => null))?.get('access_token')
  return typeof token === 'string' && token !== '' ? token : null
}

function pageFor(
  world: SandboxWorld,
  { host, site }: PickerRequest,
  { options, userId }: { readonly options: PickerOptions; readonly userId: string },
): string {
  const { hosts, drives } = world
  const own = drives.oneDriveOf(userId)?.site.host ?? 'oneDrive'
  const sites = [hosts.sharePoint, hosts.sharePointEurope]
  const setup = {
    options,
    site: isOneDriveHost(host) ? '' : site,
    // A person's OneDrive is on one host, wherever the picker is opened; sites are on every host
    // they have.
    origins: {
      oneDrive: hosts[own],
      sites,
      here: isOneDriveHost(host) ? hosts.sharePoint : hosts[host],
    },
    isSilent: world.faults.take('picker.silent') !== null,
    isHostile: world.faults.take('picker.hostile') !== null,
  }
  // `<` is the only character that could end the script element from inside a string.
  const json = JSON.stringify(setup).replaceAll('<', String.raw`\u003c`)
  return TEMPLATE.replace('{{setup}}', () => json)
}

function refusal(
  status: 200 | 400 | 500,
  title: string,
  reasons: readonly string[],
  headers: Readonly<Record<string, string>> = { ...HTML, ...NO_FRAMES },
): Response {
  const list = reasons.map(
    (reason) => `<li>${reason.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</li>`,
  )
  const page = REFUSAL.replaceAll('{{title}}', () => title).replace('{{reasons}}', () =>
    list.join(''),
  )
  return new Response(page, { status, headers })
}
