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
