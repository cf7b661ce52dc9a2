import { EntradaFailure } from '../failure.ts'
import { ByteSource } from './byte-source.ts'

/** The range of a request. `end` is inclusive; `null` means to the end of the file. */
export type ByteRange =
  | { readonly kind: 'from'; readonly start: number; readonly end: number | null }
  | { readonly kind: 'last'; readonly length: number }

/** The range of a response. `end` is inclusive; `total` is `null` when the sender does not know it. */
export interface ContentRange {
  readonly start: number
  readonly end: number
  readonly total: number | null
}

/**
 * Reads `Range`. `null` for anything but one well-formed range: RFC 9110 §14.2 lets a server ignore the rest and send
 * the whole file. Several ranges would need a multipart response, which no chat app reads.
 */
export function readByteRange(header: string | null): ByteRange | null {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.trim() ?? '') ?? []
  if (first === undefined || last === undefined) return null
  if (first === '') return last === '' ? null : { kind: 'last', length: Number(last) }
  const start = Number(first)
  if (last === '') return { kind: 'from', start, end: null }
  return Number(last) < start ? null : { kind: 'from', start, end: Number(last) }
}

export function rangeHeader(range: ByteRange): string {
  return range.kind === 'last'
    ? `bytes=-${range.length}`
    : `bytes=${range.start}-${range.end ?? ''}`
}

export function readContentRange(header: string | null): ContentRange | null {
  const [, start, end, total] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(header ?? '') ?? []
  if (start === undefined || end === undefined || Number(end) < Number(start)) return null
  return {
    start: Number(start),
    end: Number(end),
    total: total === undefined || total === '*' ? null : Number(total),
  }
}

export function contentRangeHeader({ start, end, total }: ContentRange): string {
  return `bytes ${start}-${end}/${total ?? '*'}`
}

/** An open response with a file's bytes or a range of them. */
export interface OpenContent {
  readonly source: ByteSource
  /** Position of the first byte in the file. */
  readonly start: number
  /** Position after the last byte; `null` when unknown. */
  readonly end: number | null
  /** Bytes of the file; `null` when unknown. */
  readonly total: number | null
  /** A 206 response to the requested range. */
  readonly isPartial: boolean
}

/**
 * Reads a 200 or 206 response of the download host or Graph.
 * @throws EntradaFailure `download_failed` for a range that was not requested
 */
export function openContent(response: Response, requested: ByteRange | null): OpenContent {
  const body = response.body ?? new Response('').body
  if (body === null) throw new EntradaFailure('download_failed')
  const length = lengthOf(response.headers)
  const source = new ByteSource(body, length)
  if (response.status !== 206) {
    return { source, start: 0, end: length, total: length, isPartial: false }
  }
  const range = readContentRange(response.headers.get('content-range'))
  if (range === null || requested === null || !isWithin(range, requested)) {
    void source.cancel()
    throw new EntradaFailure('download_failed', {
      detail: 'Microsoft 365 sent a different part of the file than the one requested.',
    })
  }
  return { source, start: range.start, end: range.end + 1, total: range.total, isPartial: true }
}

function isWithin(range: { readonly start: number; readonly end: number }, requested: ByteRange) {
  if (requested.kind === 'last') return range.end - range.start < requested.length
  return range.start === requested.start && (requested.end === null || range.end <= requested.end)
}

/** `null` for a compressed body: the platform decodes it, and the declared length is that of the encoded bytes. */
function lengthOf(headers: Headers): number | null {
  const encoding = headers.get('content-encoding') ?? 'identity'
  const length = headers.get('content-length')
  return encoding === 'identity' && length !== null && /^\d{1,15}$/.test(length)
    ? Number(length)
    : null
}
