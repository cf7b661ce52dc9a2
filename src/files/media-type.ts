/**
 * Types that no browser runs. Anything else is bytes: a page or a drawing served from the chat's own origin
 * would be a script of the chat.
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

/** Parameters go: a `charset` Microsoft guessed is no better than none. */
export function safeMediaType(mediaType: string | null): string {
  const essence = mediaType?.split(';')[0]?.trim().toLowerCase() ?? ''
  const [type = '', subtype = ''] = essence.split('/')
  return INERT.get(type)?.split(' ').includes(subtype) === true ? essence : UNKNOWN_TYPE
}
