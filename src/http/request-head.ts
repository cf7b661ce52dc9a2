/** The parts of a request that decide how Entrada handles it. The platform's `Request` has them, too. */
export interface RequestHead {
  readonly method: string
  readonly url: string
  readonly headers: ReadonlyHeaders
}

/** Headers of a request, several values of one name joined. */
export interface ReadonlyHeaders {
  /** @param name lower-case */
  get(name: string): string | null
  has(name: string): boolean
  forEach(visit: (value: string, name: string) => void): void
}

/**
 * Copies the head of a request out of the platform. Each call into the platform costs more than ten lines of
 * JavaScript, and a proxied request would make about twenty.
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

const UNUSUAL = /[%;\\A-Z]|\/[./]|.\/$/
const ESCAPE = /%([0-9a-f]{2})/gi

/**
 * Normalises a path as the most lenient of common routers would: upper case (Express), a closing slash, escapes
 * (Fastify, nginx), path parameters (Tomcat), backslashes, empty and dot segments. Entrada looks up the paths it
 * answers in this form, because another spelling would otherwise reach the chat app.
 * @param path of a parsed URL, without query
 */
export function routedPath(path: string): string {
  if (!UNUSUAL.test(path)) return path
  let plain = path
  // A chain of two servers decodes twice, so decoding repeats until nothing changes.
  for (let last = ''; last !== plain;) {
    last = plain
    plain = plain.replace(ESCAPE, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  }
  const segments: string[] = []
  for (const text of plain.toLowerCase().split(/[/\\]/)) {
    const [segment = ''] = text.split(';')
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  return `/${segments.join('/')}`
}
