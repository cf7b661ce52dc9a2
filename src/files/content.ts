import { EntradaFailure } from '../failure.ts'
import type { DriveItem } from '../graph/drive-item.ts'
import type { DriveItemAddress } from '../graph/drive-item-address.ts'
import {
  contentHeaders,
  type ContentRequest,
  describeBytes,
  entityTagOf,
  isUnchanged,
  rangeInForce,
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

export interface ContentAnswer {
  readonly response: Response
  /** Settles with the last byte, or when no more will come. `null` when no bytes are sent. */
  readonly delivered: Promise<StreamOutcome> | null
}

/**
 * One file, or the part of it that was asked for. Everything that can be refused is refused before the first
 * byte, because after it there is no way to say why.
 */
export async function answerContent(
  address: DriveItemAddress,
  request: ContentRequest,
  deps: ContentDeps,
): Promise<ContentAnswer> {
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
  const range = rangeInForce({ ...request, asPdf }, entityTag)
  const { content, source } = await open(item, deps, { range, asPdf })
  describeBytes(headers, content)
  const { body, delivered } = streamBody(source)
  const status = content.isPartial ? 206 : 200
  return { response: new Response(body, { status, headers }), delivered }
}

/** All of a file, whatever it takes; refused like any other, before the first byte. */
export async function openWhole(item: DriveItem, deps: ContentDeps): Promise<ResumingSource> {
  assertDownloadable(item, deps.maxBytes)
  const { source } = await open(item, deps, { range: null, asPdf: false })
  return source
}

async function open(item: DriveItem, deps: ContentDeps, asked: OpenRequest) {
  const { files, maxBytes } = deps
  const content = await files.open(item, asked).catch((cause: unknown) => {
    throw withSize(cause, item)
  })
  const isTooLarge = content.total !== null && content.total > maxBytes
  const isWhole = !asked.asPdf && content.start === 0
  if (isTooLarge || (isWhole && (await isProtected(item.name, content.source)))) {
    await content.source.giveUp()
    throw isTooLarge ? tooLarge(maxBytes) : new EntradaFailure('file_protected')
  }
  const reopen = asked.asPdf ? null : reopener(item, content, deps)
  return { content, source: new ResumingSource({ content, reopen, maxBytes }) }
}

/** Opens the rest of the very same file: everything about it is asked again, at a new address. */
function reopener(item: DriveItem, first: OpenContent, { files, maxBytes }: ContentDeps) {
  return async (position: number, end: number | null): Promise<OpenContent> => {
    const last = end === null ? null : end - 1
    const range = { kind: 'from', start: position, end: last } as const
    const rest = await files.open(item, { range, asPdf: false })
    try {
      // Only now: a file that has not changed by this moment had not when its bytes were opened.
      const now = await files.find(item.address)
      assertDownloadable(now, maxBytes)
      const isSameSize = (rest.total ?? first.total) === (first.total ?? rest.total)
      if (now.eTag === item.eTag && isSameSize) return rest
      throw new EntradaFailure('file_changed')
    } catch (cause) {
      await rest.source.giveUp()
      throw cause
    }
  }
}

/** RFC 9110 §15.5.17: a refused range is told how much there is. */
function withSize(cause: unknown, { size }: DriveItem): unknown {
  if (!(cause instanceof EntradaFailure) || cause.code !== 'range_not_satisfiable') return cause
  const headers = { 'content-range': `bytes */${size}` }
  return new EntradaFailure(cause.code, { ...cause.details, headers })
}
