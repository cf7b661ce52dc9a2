/**
 * Names and values alternating, as received from the socket, or as `Headers` lists them in process.
 */
const rawHeaders = new WeakMap<Request, readonly string[]>()

/**
 * `Headers` joins duplicates and lower-cases names, which hides what a header-smuggling test must
 * see. The socket server stores the raw list here.
 */
export function rememberRawHeaders(request: Request, raw: readonly string[]): void {
  rawHeaders.set(request, raw)
}

export function rawHeadersOf(
  request: Request,
): readonly (readonly [name: string, value: string])[] {
  const raw = rawHeaders.get(request)
  if (raw === undefined) return [...request.headers]
  const pairs: [string, string][] = []
  for (let index = 0; index < raw.length; index += 2) {
    pairs.push([raw[index] ?? '', raw[index + 1] ?? ''])
  }
  return pairs
}
