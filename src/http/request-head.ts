/** What of a request decides about its way. The platform's own `Request` is one, too. */
export interface RequestHead {
  readonly method: string
  readonly url: string
  readonly headers: ReadonlyHeaders
}

export interface ReadonlyHeaders {
  /** @param name lower-case */
  get(name: string): string | null
  has(name: string): boolean
  forEach(visit: (value: string, name: string) => void): void
}

/**
 * Reads the head of a request in one go: each call into the platform costs more than ten lines of ours, and on the
 * way to the chat there would be a score of them.
 */
export function readHead({ method, url, headers }: Request): RequestHead {
  const lines = new Map<string, string>()
  headers.forEach((value, name) => {
    lines.set(name, value)
  })
  return {
    method,
    url,
    headers: {
      get: (name) => lines.get(name) ?? null,
      has: (name) => lines.has(name),
      forEach: (visit) => lines.forEach(visit),
    },
  }
}
