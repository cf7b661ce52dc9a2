import { EntradaFailure } from '../failure.ts'
import type { DriveItem } from '../graph/drive-item.ts'
import type { DriveItemAddress } from '../graph/drive-item-address.ts'
import {
  contentHeaders,
  type ContentRequest,
  setLengthHeaders,
  entityTagOf,
  isUnchanged,
  effectiveRange,
} from './content-http.ts'
import { streamBody, type StreamOutcome } from './body-stream.ts'
import type { DriveFiles, OpenRequest } from './drive-files.ts'
import { assertDownloadable, isProtected, needsConversion, tooLarge } from './file-policy.ts'
import type { OpenContent } from './content-range.ts'
import { ResumingSource } from './resuming-source.ts'

export interface ContentDeps {
  readonly files: DriveFiles
  readonly maxBytes: number
}

export interface ContentResponse {
  readonly response: Response
  /** Settles when the last byte is sent or the transfer has failed; `null` for a response without bytes. */
  readonly delivered: Promise<StreamOutcome> | null
}

/**
 * Responds with a file, a range of it, its PDF conversion, its headers (`HEAD`) or 304. Checks everything before the
 * first byte: once a body has begun, no problem document can follow.
 * @throws EntradaFailure what Graph, the download host or the policy on files refuses
 */
export async function respondWithContent(
  address: DriveItemAddress,
  request: ContentRequest,
  deps: ContentDeps,
): Promise<ContentResponse> {
  const item = await deps.files.find(address)
  assertDownloadable(item, deps.maxBytes)
  const asPdf = request.asPdf && needsConversion(item)
  const entityTag = entityTagOf(item, { asPdf })
  const headers = contentHeaders({ item, asPdf, entityTag })
  if (isUnchanged(entityTag, request.ifNoneMatch)) {
    return { response: new Response(null, { status: 304, headers }), delivered: null }
  }
  if (request.isHead) {
    if (!asPdf) headers.set('content-length', String(item.size))
    return { response: new Response(null, { headers }), delivered: null }
  }
  const range = effectiveRange({ ...request, asPdf }, entityTag)
  const { content, source } = await open(item, deps, { range, asPdf })
  setLengthHeaders(headers, content)
  const { body, delivered } = streamBody(source)
  const status = content.isPartial ? 206 : 200
  return { response: new Response(body, { status, headers }), delivered }
}

/**
 * Opens a whole file, with the same checks before the first byte.
 * @throws EntradaFailure as `respondWithContent`
 */
export async function openWhole(item: DriveItem, deps: ContentDeps): Promise<ResumingSource> {
  assertDownloadable(item, deps.maxBytes)
  const { source } = await open(item, deps, { range: null, asPdf: false })
  return source
}

async function open(item: DriveItem, deps: ContentDeps, request: OpenRequest) {
  const { files, maxBytes } = deps
  const content = await files.open(item, request).catch((cause: unknown) => {
    throw withSize(cause, item)
  })
  const isTooLarge = content.total !== null && content.total > maxBytes
  const isWhole = !request.asPdf && content.start === 0
  if (isTooLarge || (isWhole && (await isProtected(item.name, content.source)))) {
    await content.source.cancel()
    throw isTooLarge ? tooLarge(maxBytes) : new EntradaFailure('file_protected')
  }
  const reopen = request.asPdf ? null : reopener(item, content, deps)
  return { content, source: new ResumingSource({ content, reopen, maxBytes }) }
}

/** Opens the rest at a new address, and checks that it is still the same version of the file. */
function reopener(item: DriveItem, first: OpenContent, { files, maxBytes }: ContentDeps) {
  return async (position: number, end: number | null): Promise<OpenContent> => {
    const last = end === null ? null : end - 1
    const range = { kind: 'from', start: position, end: last } as const
    const rest = await files.open(item, { range, asPdf: false })
    try {
      // After opening: a version that is current now was current when its bytes were opened.
      const now = await files.find(item.address)
      assertDownloadable(now, maxBytes)
      const isSameSize = (rest.total ?? first.total) === (first.total ?? rest.total)
      if (now.eTag === item.eTag && isSameSize) return rest
      throw new EntradaFailure('file_changed')
    } catch (cause) {
      await rest.source.cancel()
      throw cause
    }
  }
}

/** RFC 9110 §15.5.17: a 416 response states the size in `Content-Range`. */
function withSize(cause: unknown, { size }: DriveItem): unknown {
  if (!(cause instanceof EntradaFailure) || cause.code !== 'range_not_satisfiable') return cause
  const headers = { 'content-range': `bytes */${size}` }
  return new EntradaFailure(cause.code, { ...cause.details, headers })
}
