/**
 * Types that no browser runs. Anything else is bytes: a page or a drawing served from the chat's own origin
 * would be a script of the chat.
 */
const INERT: ReadonlySet<string> = new Set([
  'application/epub+zip',
  'application/json',
  'application/msword',
  'application/pdf',
  'application/rtf',
  'application/vnd.ms-excel',
  'application/vnd.ms-excel.sheet.macroenabled.12',
  'application/vnd.ms-outlook',
  'application/vnd.ms-powerpoint',
  'application/vnd.ms-word.document.macroenabled.12',
  'application/vnd.oasis.opendocument.presentation',
  'application/vnd.oasis.opendocument.spreadsheet',
  'application/vnd.oasis.opendocument.text',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/zip',
  'audio/aac',
  'audio/mp4',
  'audio/mpeg',
  'audio/ogg',
  'audio/wav',
  'audio/webm',
  'image/avif',
  'image/bmp',
  'image/gif',
  'image/heic',
  'image/jpeg',
  'image/png',
  'image/tiff',
  'image/webp',
  'text/csv',
  'text/markdown',
  'text/plain',
  'video/mp4',
  'video/mpeg',
  'video/quicktime',
  'video/webm',
])

const UNKNOWN_TYPE = 'application/octet-stream'

/** Parameters go: a `charset` Microsoft guessed is no better than none. */
export function safeMediaType(mediaType: string | null): string {
  const essence = mediaType?.split(';')[0]?.trim().toLowerCase() ?? ''
  return INERT.has(essence) ? essence : UNKNOWN_TYPE
}
