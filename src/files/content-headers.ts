import type { DriveItem } from '../graph/drive-item.ts'
import { contentRangeHeader } from './byte-range.ts'
import { attachmentNamed, withExtension } from './file-name.ts'
import { safeMediaType } from './media-type.ts'
import type { OpenContent } from './open-content.ts'

/** What comes from the chat's own origin must never run there, whatever a browser makes of it. */
export const INERT_HEADERS = {
  'cache-control': 'private, no-store',
  'content-security-policy': "sandbox; default-src 'none'",
  'cross-origin-resource-policy': 'same-origin',
} as const

export interface Representation {
  readonly item: DriveItem
  readonly asPdf: boolean
  readonly entityTag: string | null
}

/** All headers of a download are made here; of Microsoft's, none is passed on. */
export function contentHeaders({ item, asPdf, entityTag }: Representation): Headers {
  const name = asPdf ? withExtension(item.name, 'pdf') : item.name
  const type = asPdf ? 'application/pdf' : safeMediaType(item.mediaType)
  const headers = new Headers({
    ...INERT_HEADERS,
    'content-disposition': attachmentNamed(name),
    'content-type': type,
  })
  if (entityTag !== null) headers.set('etag', entityTag)
  const modified = item.modifiedAt === null ? Number.NaN : Date.parse(item.modifiedAt)
  if (!Number.isNaN(modified)) headers.set('last-modified', new Date(modified).toUTCString())
  if (!asPdf) headers.set('accept-ranges', 'bytes')
  return headers
}

/** What is only known once the bytes are on their way. */
export function describeBytes(headers: Headers, content: OpenContent): void {
  const { start, end, total, isPartial } = content
  if (end === null) return
  headers.set('content-length', String(end - start))
  if (isPartial) headers.set('content-range', contentRangeHeader({ start, end: end - 1, total }))
}
