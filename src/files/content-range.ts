import { EntradaFailure } from '../failure.ts'
import { ByteSource } from './byte-source.ts'

/** One range of bytes, as a request asks for it. `end` is inclusive, `null` for the rest. */
export type ByteRange =
  | { readonly kind: 'from'; readonly start: number; readonly end: number | null }
  | { readonly kind: 'last'; readonly length: number }

/** Which bytes came, `end` inclusive; `total` is `null` when the sender does not know. */
export interface ContentRange {
  readonly start: number
  readonly end: number
  readonly total: number | null
}

/**
 * RFC 9110 §14.2: what is not one well-formed range is as good as none, and everything comes. Several ranges
 * would need a multipart answer, which no chat wants.
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

/** Bytes of a file, on their way from Microsoft's download host. */
export interface OpenContent {
  readonly source: ByteSource
  /** Position of the first byte in the file. */
  readonly start: number
  /** Position after the last; `null` when the sender did not say. */
  readonly end: number | null
  /** Size of the file; `null` when the sender did not say. */
  readonly total: number | null
  /** The sender kept to the range it was asked for. */
  readonly isPartial: boolean
}

/**
 * What a successful answer of the download host holds.
 * @throws EntradaFailure `download_failed` for a part nobody asked for
 */
export function openContent(response: Response, asked: ByteRange | null): OpenContent {
  const body = response.body ?? new Response('').body
  if (body === null) throw new EntradaFailure('download_failed')
  const length = lengthOf(response.headers)
  const source = new ByteSource(body, length)
  if (response.status !== 206) {
    return { source, start: 0, end: length, total: length, isPartial: false }
  }
  const range = readContentRange(response.headers.get('content-range'))
  if (range === null || asked === null || !isWithin(range, asked)) {
    void source.giveUp()
    throw new EntradaFailure('download_failed', {
      detail: 'Microsoft 365 sent other bytes than those asked for.',
    })
  }
  return { source, start: range.start, end: range.end + 1, total: range.total, isPartial: true }
}

function isWithin(range: { readonly start: number; readonly end: number }, asked: ByteRange) {
  if (asked.kind === 'last') return range.end - range.start < asked.length
  return range.start === asked.start && (asked.end === null || range.end <= asked.end)
}

/** A compressed body is decoded on arrival; its declared length is that of something else. */
function lengthOf(headers: Headers): number | null {
  const encoding = headers.get('content-encoding') ?? 'identity'
  const length = headers.get('content-length')
  return encoding === 'identity' && length !== null && /^\d{1,15}$/.test(length)
    ? Number(length)
    : null
}
