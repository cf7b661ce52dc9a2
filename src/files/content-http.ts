import { EntradaFailure } from '../failure.ts'
import type { DriveItem } from '../graph/drive-item.ts'
import {
  type ByteRange,
  contentRangeHeader,
  type OpenContent,
  readByteRange,
} from './content-range.ts'
import { attachmentNamed, safeMediaType, withExtension } from './file-name.ts'

/** What a request for content asks for beside the file. */
export interface ContentRequest {
  readonly isHead: boolean
  readonly asPdf: boolean
  readonly range: ByteRange | null
  readonly ifNoneMatch: string | null
  readonly ifRange: string | null
}

/** @throws EntradaFailure `invalid_request` for a format there is none of */
export function readContentRequest(request: Request): ContentRequest {
  const { headers, method, url } = request
  const format = new URL(url).searchParams.get('format')
  if (format !== null && format !== 'pdf') {
    throw new EntradaFailure('invalid_request', { detail: 'format can only be pdf.' })
  }
  return {
    isHead: method === 'HEAD',
    asPdf: format === 'pdf',
    range: readByteRange(headers.get('range')),
    ifNoneMatch: headers.get('if-none-match'),
    ifRange: headers.get('if-range'),
  }
}

/** RFC 9110 §8.8.3. Graph's tags hold braces and a comma, both allowed; anything else is no tag. */
const ENTITY_TAG = /^"[\x21\x23-\x7e]*"$/

/** Strong, because Graph's changes with any change; a conversion is another representation with its own. */
export function entityTagOf(
  { eTag }: DriveItem,
  { asPdf }: { readonly asPdf: boolean },
): string | null {
  if (eTag === null || !ENTITY_TAG.test(eTag)) return null
  return asPdf ? `${eTag.slice(0, -1)}+pdf"` : eTag
}

/** RFC 9110 §13.1.2, weak comparison. Graph's tags hold a comma, so the list is not split at commas. */
export function isUnchanged(entityTag: string | null, ifNoneMatch: string | null): boolean {
  if (entityTag === null || ifNoneMatch === null) return false
  const tags = ifNoneMatch.match(/(?:W\/)?"[\x21\x23-\x7e]*"/g) ?? []
  return ifNoneMatch.trim() === '*' || tags.some((tag) => tag.replace(/^W\//, '') === entityTag)
}

/** RFC 9110 §13.1.5: a part of another version would not fit what the caller has. */
export function rangeInForce(
  { range, ifRange, asPdf }: ContentRequest,
  entityTag: string | null,
): ByteRange | null {
  // A conversion is made anew each time; nothing says that two of them have the same bytes.
  if (asPdf) return null
  return ifRange === null || ifRange === entityTag ? range : null
}

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
