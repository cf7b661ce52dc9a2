/** What the runtime can decode and write again. */
const ENCODINGS: ReadonlySet<string> = new Set(['', 'identity', 'gzip', 'br'])

/** They describe the bytes that came, not those that go. */
const VALIDATORS = [
  'etag',
  'last-modified',
  'digest',
  'content-digest',
  'repr-digest',
  'content-md5',
  'content-length',
] as const

export function isRewritable({ status, headers, body }: Response, type: RegExp): boolean {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? ''
  return (
    status === 200 &&
    body !== null &&
    type.test(headers.get('content-type') ?? '') &&
    ENCODINGS.has(encoding)
  )
}

export function withoutValidators(given: Headers): Headers {
  const headers = new Headers(given)
  for (const name of VALIDATORS) headers.delete(name)
  return headers
}

/**
 * Asks for the whole text in an encoding that can be rewritten. A browser that kept the text from before would
 * otherwise be told that it is still good, and go on without our script.
 */
export function askingForText(request: Request): Request {
  const headers = new Headers(request.headers)
  headers.delete('if-none-match')
  headers.delete('if-modified-since')
  const encodings = (headers.get('accept-encoding') ?? '').split(',').map((part) => part.trim())
  const readable = encodings.filter((part) => ENCODINGS.has(part.split(';')[0]?.trim() ?? ''))
  headers.set('accept-encoding', readable.filter((part) => part !== '').join(', ') || 'identity')
  return new Request(request, { headers })
}
