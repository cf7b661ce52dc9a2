import { cTag, eTag, sizeOf, type StoredItem } from '../drives/drive-item.ts'
import type { Rendition } from '../drives/download-urls.ts'
import type { SandboxWorld } from '../sandbox.ts'
import { type ByteRange, readByteRange } from './byte-range.ts'
import { cutAfter, slowly } from './impaired-stream.ts'
import { unauthorizedPage } from './refusals.ts'

type DownloadWorld = Pick<SandboxWorld, 'drives' | 'faults'>

/** Marks the second hop, which must not redirect again. */
const HOP = 'hop'

/**
 * SharePoint sends these headers; a proxy must remove them, because they do not concern the chat.
 */
const EXTRAS: readonly (readonly [string, string])[] = [
  ['set-cookie', 'FedAuth=77u-sandbox; path=/; HttpOnly'],
  ['set-cookie', '__Host-entrada=planted; Path=/; HttpOnly'],
  ['access-control-allow-origin', '*'],
  ['access-control-allow-credentials', 'true'],
  ['link', '</_layouts/15/spa.js>; rel=preload; as=script'],
  ['service-worker-allowed', '/'],
  ['refresh', '0; url=/_layouts/15/start.aspx'],
  ['report-to', '{"group":"network-errors","max_age":604800,"endpoints":[{"url":"/report"}]}'],
  ['p3p', 'CP="ALL IND DSP COR ADM"'],
  ['microsoftsharepointteamservices', '16.0.0.26615'],
  ['x-powered-by', 'ASP.NET'],
]

/** The host of pre-authenticated URLs. The URL alone authorises the download, without a token. */
export function download(world: DownloadWorld, request: Request): Response {
  const url = new URL(request.url)
  const isDownload = url.pathname.endsWith('/_layouts/15/download.aspx')
  if (!isDownload) return new Response(null, { status: 404 })
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return new Response(null, { status: 405, headers: { allow: 'GET, HEAD' } })
  }
  // A bearer next to a `tempauth` is refused, not ignored: OneDrive/onedrive-api-docs#1901.
  if (request.headers.has('authorization')) return unauthorizedPage()
  if (world.faults.take('files.url_expired') !== null) return unauthorizedPage()
  if (!url.searchParams.has(HOP) && world.faults.take('files.chained_redirect') !== null) {
    url.searchParams.set(HOP, '2')
    return new Response(null, { status: 302, headers: { location: url.href } })
  }
  const redemption = world.drives.redeemDownloadUrl(url)
  if (redemption.outcome !== 'valid') return unauthorizedPage()
  const item = world.drives.item(redemption.driveId, redemption.itemId)
  if (item === null || item.body.kind !== 'file') return new Response(null, { status: 404 })
  return serveFile(world, request, item, redemption.rendition)
}

/** Sends a file or the part that `Range` names, with the configured download faults. */
export function serveFile(
  world: DownloadWorld,
  request: Request,
  item: StoredItem,
  rendition: Rendition,
): Response {
  return serve(world, request, rendition === 'pdf' ? asPdf(world, item) : original(world, item))
}

interface Representation {
  readonly name: string
  readonly type: string
  readonly size: number
  readonly eTags: readonly [current: string, ...alternatives: string[]]
  readonly modifiedAt: number
  open(start: number, end: number): ReadableStream<Uint8Array<ArrayBuffer>>
}

function original({ drives }: DownloadWorld, item: StoredItem): Representation {
  return {
    name: item.name,
    type: item.body.kind === 'file' ? item.body.mimeType : 'application/octet-stream',
    size: sizeOf(item),
    eTags: [eTag(item), cTag(item)],
    modifiedAt: item.modifiedAt,
    open: (start, end) => drives.content(item, start, end),
  }
}

function asPdf({ drives }: DownloadWorld, item: StoredItem): Representation {
  const bytes = new Uint8Array(drives.pdfOf(item))
  return {
    name: `${item.name.replace(/\.[^.]*$/, '')}.pdf`,
    type: 'application/pdf',
    size: bytes.byteLength,
    eTags: [`"pdf;${item.contentVersion};${item.uniqueId}"`],
    modifiedAt: item.modifiedAt,
    open: (start, end) => new Blob([bytes.subarray(start, end)]).stream(),
  }
}

function serve(world: DownloadWorld, request: Request, file: Representation): Response {
  const headers = headersFor(file)
  if (matches(request.headers.get('if-none-match'), file.eTags)) {
    return new Response(null, { status: 304, headers })
  }
  const range = rangeOf(world, request, file)
  if (range.kind === 'unsatisfiable') {
    headers.set('content-range', `bytes */${file.size}`)
    return new Response(null, { status: 416, headers })
  }
  const { start, end } = range.kind === 'part' ? range : { start: 0, end: file.size }
  headers.set('content-length', String(end - start))
  if (range.kind === 'part') headers.set('content-range', `bytes ${start}-${end - 1}/${file.size}`)
  const status = range.kind === 'part' ? 206 : 200
  if (request.method === 'HEAD') return new Response(null, { status, headers })
  return new Response(impaired(world, file.open(start, end), end - start), { status, headers })
}

function rangeOf({ faults }: DownloadWorld, request: Request, file: Representation): ByteRange {
  const header = request.headers.get('range')
  if (header === null || faults.take('files.range_ignored') !== null) return { kind: 'whole' }
  const condition = request.headers.get('if-range')
  if (condition !== null && condition !== file.eTags[0]) return { kind: 'whole' }
  return readByteRange(header, file.size)
}

function impaired(
  { faults }: DownloadWorld,
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  length: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const slow = faults.take('files.slow')
  const paced = slow === null ? body : slowly(body, slow.delayMs ?? 100)
  return faults.take('files.cut') === null ? paced : cutAfter(paced, Math.floor(length * 0.4))
}

function headersFor(file: Representation): Headers {
  const headers = new Headers({
    'content-type': file.type,
    'content-disposition': `attachment; filename*=UTF-8''${encodeName(file.name)}`,
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=0',
    etag: file.eTags[0],
    'last-modified': new Date(file.modifiedAt).toUTCString(),
    server: 'Microsoft-IIS/10.0',
    sprequestguid: crypto.randomUUID(),
  })
  for (const [name, value] of EXTRAS) headers.append(name, value)
  return headers
}

function matches(header: string | null, eTags: readonly string[]): boolean {
  if (header === null) return false
  // SharePoint's tags contain a comma, so the list cannot be split at commas.
  return header.trim() === '*' || eTags.some((tag) => header.includes(tag))
}

/** RFC 8187 allows fewer characters than `encodeURIComponent` leaves unescaped. */
function encodeName(name: string): string {
  return encodeURIComponent(name).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16)}`,
  )
}
