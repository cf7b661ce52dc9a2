import { EntradaFailure } from '../failure.ts'
import type { DriveItem } from '../graph/drive-item.ts'
import {
  type ByteRange,
  contentRangeHeader,
  type OpenContent,
  readByteRange,
} from './content-range.ts'
import { attachmentNamed, safeMediaType, withExtension } from './file-name.ts'

/** Method, format, range and conditions of a request for content. */
export interface ContentRequest {
  readonly isHead: boolean
  readonly asPdf: boolean
  readonly range: ByteRange | null
  readonly ifNoneMatch: string | null
  readonly ifRange: string | null
}

/** @throws EntradaFailure `invalid_request` for a format other than `pdf` */
export function readContentRequest(request: Request): ContentRequest {
  const { headers, method, url } = request
  const format = new URL(url).searchParams.get('format')
  if (format !== null && format !== 'pdf') {
    throw new EntradaFailure('invalid_request', { detail: '`format` must be `pdf`.' })
  }
  return {
    isHead: method === 'HEAD',
    asPdf: format === 'pdf',
    range: readByteRange(headers.get('range')),
    ifNoneMatch: headers.get('if-none-match'),
    ifRange: headers.get('if-range'),
  }
}

/** RFC 9110 §8.8.3. Graph's tags contain braces and a comma, both allowed. */
const ENTITY_TAG = /^"[\x21\x23-\x7e]*"$/

/**
 * A strong entity tag, because Graph's changes with each change of the file. A conversion is another representation
 * and has its own. `null` when Graph sent none or a malformed one.
 */
export function entityTagOf(
  { eTag }: DriveItem,
  { asPdf }: { readonly asPdf: boolean },
): string | null {
  if (eTag === null || !ENTITY_TAG.test(eTag)) return null
  return asPdf ? `${eTag.slice(0, -1)}+pdf"` : eTag
}

/** RFC 9110 §13.1.2, weak comparison. Graph's tags contain a comma, so the list is not split at commas. */
export function isUnchanged(entityTag: string | null, ifNoneMatch: string | null): boolean {
  if (entityTag === null || ifNoneMatch === null) return false
  const tags = ifNoneMatch.match(/(?:W\/)?"[\x21\x23-\x7e]*"/g) ?? []
  return ifNoneMatch.trim() === '*' || tags.some((tag) => tag.replace(/^W\//, '') === entityTag)
}

/** RFC 9110 §13.1.5: the range, unless `If-Range` names another version; its bytes would not fit the caller's. */
export function effectiveRange(
  { range, ifRange, asPdf }: ContentRequest,
  entityTag: string | null,
): ByteRange | null {
  // Each request converts anew, and two conversions need not have the same bytes.
  if (asPdf) return null
  return ifRange === null || ifRange === entityTag ? range : null
}

/** A file is served from the chat app's own origin, so no browser may run it or keep it. */
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

/** All headers of a download. Microsoft's own are not passed on: they set cookies and CORS, among others. */
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

/** Sets `Content-Length` and `Content-Range` from what the sender has opened. */
export function setLengthHeaders(headers: Headers, content: OpenContent): void {
  const { start, end, total, isPartial } = content
  if (end === null) return
  headers.set('content-length', String(end - start))
  if (isPartial) headers.set('content-range', contentRangeHeader({ start, end: end - 1, total }))
}
