/** A multipart body without the file's bytes: what goes before and after them. */
export interface MultipartFrame {
  readonly contentType: string
  readonly head: Uint8Array
  readonly tail: Uint8Array
}

export interface MultipartFile {
  readonly field: string
  readonly name: string
  readonly type: string
}

/** Frames one file and form fields by RFC 7578, in the spelling of browsers, which chat apps expect. */
export function multipartFrame(
  fields: Readonly<Record<string, string>>,
  file: MultipartFile,
): MultipartFrame {
  const boundary = `----entrada${crypto.randomUUID().replaceAll('-', '')}`
  const parts = Object.entries(fields).map(
    ([name, value]) =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"\r\n\r\n${value}\r\n`,
  )
  const disposition = `form-data; name="${quoted(file.field)}"; filename="${quoted(file.name)}"`
  const head = `${parts.join('')}--${boundary}\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${file.type}\r\n\r\n`
  const encoder = new TextEncoder()
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    head: encoder.encode(head),
    tail: encoder.encode(`\r\n--${boundary}--\r\n`),
  }
}

/** Escapes a name as HTML's form encoding does, so that it cannot end the quotes or the line. */
function quoted(text: string): string {
  return text.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22')
}
