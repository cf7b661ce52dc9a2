/** Characters that file systems refuse, that end a path segment, or that change how a name looks. */
const UNSAFE =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f"*/:<>?\\|\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g
/** A program that decodes a name twice would read these as path separators. */
const ENCODED_SEPARATOR = /%(?:2f|5c|00)/gi
/**
 * Names that Windows reserves for devices, with any extension. It reads superscript digits as digits and ignores spaces
 * before a dot (Microsoft, "Naming Files, Paths, and Namespaces").
 */
const DEVICE =
  /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[\d\u00b9\u00b2\u00b3])(?=\s*(?:\.|$))/i
const MAX_BYTES = 200

/** Makes a name safe to save on any system: no path, device, hidden file or change of text direction. */
export function safeFileName(name: string): string {
  const plain = name
    .toWellFormed()
    .normalize('NFC')
    .replace(UNSAFE, '_')
    .replace(ENCODED_SEPARATOR, '_')
    .replace(/^[.\s]+/, (dots) => '_'.repeat(dots.length))
    .replace(/[.\s]+$/, '')
    .replace(DEVICE, '_$&')
  return plain === '' ? 'file' : shortened(plain)
}

/** Cuts a name to 200 bytes, with room for a counter and a path. Keeps the extension, which programs need. */
function shortened(name: string): string {
  const bytes = new TextEncoder().encode(name)
  if (bytes.byteLength <= MAX_BYTES) return name
  const extension = /\.[A-Za-z0-9]{1,16}$/.exec(name)?.[0] ?? ''
  const stem = new TextDecoder().decode(bytes.subarray(0, MAX_BYTES - extension.length))
  // The replacement character stands for a character that was cut in the middle.
  const whole = stem.replace(/\ufffd$/, '')
  return `${extension === '' ? whole.replace(/[.\s]+$/, '') : whole.trimEnd()}${extension}`
}

/** `Content-Disposition` by RFC 6266 and RFC 8187: an ASCII name for old programs, the real one for all others. */
export function attachmentNamed(name: string): string {
  const safe = safeFileName(name)
  // Browsers decode percent signs in the ASCII form, so it has none.
  const plain = safe.replace(/[^\x20-\x7e]|[%;']/g, '_')
  const encoded = encodeURIComponent(safe).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16)}`,
  )
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}

/** Lower case, without the dot; empty without an extension. */
export function extensionOf(name: string): string {
  return /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
}

/** Replaces the extension. */
export function withExtension(name: string, extension: string): string {
  return `${name.replace(/\.[^.]*$/, '')}.${extension}`
}

/**
 * Media types that no browser executes. Any other is sent as bytes: an HTML or SVG file from the chat app's own origin
 * would run as its script.
 */
const INERT: ReadonlyMap<string, string> = new Map([
  [
    'application',
    'epub+zip json msword pdf rtf zip vnd.ms-excel vnd.ms-excel.sheet.macroenabled.12 vnd.ms-outlook ' +
      'vnd.ms-powerpoint vnd.ms-word.document.macroenabled.12 vnd.oasis.opendocument.presentation ' +
      'vnd.oasis.opendocument.spreadsheet vnd.oasis.opendocument.text ' +
      'vnd.openxmlformats-officedocument.presentationml.presentation ' +
      'vnd.openxmlformats-officedocument.spreadsheetml.sheet ' +
      'vnd.openxmlformats-officedocument.wordprocessingml.document',
  ],
  ['audio', 'aac mp4 mpeg ogg wav webm'],
  ['image', 'avif bmp gif heic jpeg png tiff webp'],
  ['text', 'csv markdown plain'],
  ['video', 'mp4 mpeg quicktime webm'],
])

const UNKNOWN_TYPE = 'application/octet-stream'

/** The type if no browser executes it, else `application/octet-stream`. Drops parameters: Microsoft guesses `charset`. */
export function safeMediaType(mediaType: string | null): string {
  const essence = mediaType?.split(';')[0]?.trim().toLowerCase() ?? ''
  const [type = '', subtype = ''] = essence.split('/')
  return INERT.get(type)?.split(' ').includes(subtype) === true ? essence : UNKNOWN_TYPE
}

/** Makes safe names that are unique within one archive, also where case does not count. */
export class UniqueNames {
  readonly #taken: Set<string>

  constructor(taken: readonly string[]) {
    this.#taken = new Set(taken.map(key))
  }

  take(name: string): string {
    const safe = safeFileName(name)
    let unique = safe
    for (let count = 2; this.#taken.has(key(unique)); count++) unique = numbered(safe, count)
    this.#taken.add(key(unique))
    return unique
  }
}

function numbered(name: string, count: number): string {
  const [, stem = name, extension = ''] = /^(.+?)(\.[^.]*)?$/.exec(name) ?? []
  return `${stem} (${count})${extension}`
}

function key(name: string): string {
  return name.normalize('NFC').toLowerCase()
}
