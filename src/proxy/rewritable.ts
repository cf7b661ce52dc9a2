/** Content encodings that the runtime can decode and encode. */
const ENCODINGS: ReadonlySet<string> = new Set(['', 'identity', 'gzip', 'br'])

/** Headers that describe the original bytes and are wrong after rewriting. */
const VALIDATORS = [
  'etag',
  'last-modified',
  'digest',
  'content-digest',
  'repr-digest',
  'content-md5',
  'content-length',
] as const

/** Whether a script can be added to a response: complete, of this content type, in a readable encoding. */
export function isRewritable({ status, headers, body }: Response, type: RegExp): boolean {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? ''
  return (
    status === 200 &&
    body !== null &&
    type.test(headers.get('content-type') ?? '') &&
    ENCODINGS.has(encoding)
  )
}

/** Copies headers without those that describe the original bytes. */
export function withoutValidators(given: Headers): Headers {
  const headers = new Headers(given)
  for (const name of VALIDATORS) headers.delete(name)
  return headers
}

/**
 * Makes a request ask for the whole text in an encoding that can be rewritten. With its validators a browser could
 * get a 304 and keep a cached text without our script.
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
