const OFFICE = 'application/vnd.openxmlformats-officedocument'

const BY_EXTENSION: Readonly<Record<string, string>> = {
  csv: 'text/csv',
  docm: 'application/vnd.ms-word.document.macroEnabled.12',
  docx: `${OFFICE}.wordprocessingml.document`,
  eml: 'message/rfc822',
  html: 'text/html',
  jpg: 'image/jpeg',
  md: 'text/markdown',
  mp4: 'video/mp4',
  pdf: 'application/pdf',
  png: 'image/png',
  pptx: `${OFFICE}.presentationml.presentation`,
  svg: 'image/svg+xml',
  txt: 'text/plain',
  xlsx: `${OFFICE}.spreadsheetml.sheet`,
  zip: 'application/zip',
}

/** The server derives the media type from the name, as SharePoint does; it ignores the bytes. */
export function mediaTypeOf(name: string): string {
  return BY_EXTENSION[extensionOf(name)] ?? 'application/octet-stream'
}

export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase()
}

/** The extensions that `/content?format=pdf` converts. */
const CONVERTIBLE_TO_PDF = new Set(
  'csv doc docx odp ods odt pot potm potx pps ppsx ppsxm ppt pptm pptx rtf xls xlsx'.split(' '),
)

export function isConvertibleToPdf(name: string): boolean {
  return CONVERTIBLE_TO_PDF.has(extensionOf(name))
}
