import { cTag, eTag, type StoredItem } from '../drives/drive-item.ts'
import { extensionOf, isConvertibleToPdf } from '../drives/media-types.ts'
import type { SandboxWorld } from '../sandbox.ts'
import { serveFile } from '../sharepoint/download.ts'
import { accessDenied } from './drive-access.ts'
import type { GraphContext } from './graph-env.ts'
import { GraphError } from './graph-error.ts'

/** Redirect targets of the download faults. A client must follow none of them. */
const WRONG_TARGETS = [
  ['files.foreign_redirect', 'https://files.attacker.example'],
  ['files.http_redirect', 'http://contoso-files.sharepoint.com'],
  ['files.ip_redirect', 'https://203.0.113.7'],
] as const

/**
 * `/content` redirects to a URL that needs no token and expires after minutes. Graph announces that
 * it will send the bytes itself, as `contentStream` in beta does; a fault simulates that.
 */
export function answerContent(c: GraphContext, world: SandboxWorld, item: StoredItem): Response {
  refuse(world, item, c.var.caller.person.id)
  const format = c.req.query('format') ?? null
  if (format !== null) requireConvertible(item, format)
  const condition = c.req.header('if-none-match')
  // The tags contain commas, so the list must not be split at commas.
  if (format === null && condition !== undefined && names(condition, item)) {
    return new Response(null, { status: 304, headers: { etag: eTag(item) } })
  }
  const rendition = format === null ? 'original' : 'pdf'
  if (world.faults.take('files.bytes_from_graph', c.var.caller.person.id) !== null) {
    return serveFile(world, c.req.raw, item, rendition)
  }
  const url = world.drives.issueDownloadUrl(item, rendition)
  return new Response(null, {
    status: 302,
    headers: { location: misled(world, url, c.var.caller.person.id), 'cache-control': 'no-cache' },
  })
}

function refuse(world: SandboxWorld, item: StoredItem, userId: string): void {
  const { body } = item
  if (body.kind === 'remote') throw new GraphError(404, 'itemNotFound', 'Item not found')
  if (body.kind !== 'file') {
    throw new GraphError(400, 'invalidRequest', 'The specified item does not have content.')
  }
  if (world.faults.take('files.blocked_by_policy', userId) !== null) {
    throw accessDenied('blockedByPolicy')
  }
  if (item.malware || world.faults.take('files.malware', userId) !== null) {
    throw new GraphError(403, 'malwareDetected', 'Malware detected', {
      innerCode: 'virusSuspicious',
    })
  }
  if (item.locked || world.faults.take('files.locked', userId) !== null) {
    throw new GraphError(423, 'notAllowed', 'The resource you are attempting to access is locked', {
      innerCode: 'resourceLocked',
    })
  }
}

function requireConvertible(item: StoredItem, format: string): void {
  if (format !== 'pdf') throw notSupported(format, 'OutputFormatNotSupported')
  if (!isConvertibleToPdf(item.name)) {
    throw notSupported(extensionOf(item.name), 'InputFormatNotSupported')
  }
}

/** Seen in microsoft-graph-docs-contrib#647: the message is only the extension. */
function notSupported(format: string, innerCode: string): GraphError {
  return new GraphError(406, 'notSupported', format, { innerCode, isVerbatim: true })
}

function names(condition: string, item: StoredItem): boolean {
  return condition.trim() === '*' || [eTag(item), cTag(item)].some((tag) => condition.includes(tag))
}

function misled(world: SandboxWorld, url: string, userId: string): string {
  const { pathname, search } = new URL(url)
  for (const [fault, origin] of WRONG_TARGETS) {
    if (world.faults.take(fault, userId) !== null) return origin + pathname + search
  }
  return url
}
