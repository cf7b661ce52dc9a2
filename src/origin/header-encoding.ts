import type { HeaderRule } from '../settings/origin-headers.ts'

/**
 * Values as they go into a header. Whatever the text is, one value stays one value: nothing in it can end the
 * header (CR, LF), and nothing in a list's item can begin another item.
 */
export function encodeHeaderValue(
  value: string | readonly string[] | null,
  encoding: HeaderRule['encoding'],
): string | null {
  const plain = typeof value === 'string' ? PLAIN_TEXT : PLAIN_ITEM
  const items = [value ?? []].flat().map((item) => ENCODERS[encoding](item, plain))
  return items.filter((item) => item !== '').join(',') || null
}

/** Printable ASCII without `%`, so that percent-decoding gives back exactly what went in. */
const PLAIN_TEXT = /^[ -$&-~]+$/
/** Also without what separates or quotes items of a list (RFC 9110 §5.6). */
const PLAIN_ITEM = /^[ !#$&-+\--:<-[\]-~]+$/

const ENCODERS = { percent, ascii, base64 } as const satisfies Record<
  HeaderRule['encoding'],
  (text: string, plain: RegExp) => string
>

function percent(text: string, plain: RegExp): string {
  // Spaces at the ends every parser would drop.
  if (plain.test(text) && text === text.trim()) return text
  // A lone surrogate cannot be encoded; names from a directory are not always well formed.
  return encodeURIComponent(text.toWellFormed())
}

/** Letters that do not fall apart into a base letter and a mark. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss', æ: 'ae', Æ: 'AE', œ: 'oe', Œ: 'OE', ø: 'o', Ø: 'O', đ: 'd', Đ: 'D', ð: 'd', Ð: 'D',
  þ: 'th', Þ: 'Th', ł: 'l', Ł: 'L', ħ: 'h', Ħ: 'H', ı: 'i', ŋ: 'n', Ŋ: 'N', ŧ: 't', Ŧ: 'T',
} // prettier-ignore

function ascii(text: string, plain: RegExp): string {
  const folded = text
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .replace(/[^ -~]/gu, (letter) => LETTERS[letter] ?? (/\s/u.test(letter) ? ' ' : '?'))
    .trim()
  if (plain.test(folded)) return folded
  return plain === PLAIN_ITEM ? folded.replace(/[,;"\\%]/g, ' ').trim() : folded
}

function base64(text: string): string {
  const bytes = new TextEncoder().encode(text)
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}
