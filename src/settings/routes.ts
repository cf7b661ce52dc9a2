import { isLoopback, type Variables } from './variables.ts'

/** `METHOD /path` or `METHOD /path/*`, on the normalised path only. */
export interface RouteRule {
  readonly method: string
  readonly path: string
  readonly isPrefix: boolean
}

/** `null` when the variable is absent. */
export function readRoutes(variables: Variables, name: string): readonly RouteRule[] | null {
  if (variables.text(name) === null) return null
  return variables.list(name).flatMap((text) => {
    const match = /^([A-Z]+) (\/[^\s?#*]*?)(\/\*)?$/.exec(text)
    const [, method, path, star] = match ?? []
    if (method === undefined || path === undefined || path.includes('..') || path.includes('%')) {
      variables.problem(
        name,
        `holds “${text}”, which is not METHOD /path or METHOD /path/*`,
        'Write e.g. GET /health, POST /webhook/*',
      )
      return []
    }
    return [{ method, path, isPrefix: star !== undefined }]
  })
}

/** Exact origins, as browsers write them in `Origin`. */
export function readOrigins(variables: Variables, name: string): readonly string[] {
  return variables.list(name).filter((text) => {
    const isExact = isExactOrigin(text)
    if (!isExact) {
      variables.problem(
        name,
        `holds “${text}”, which is not an https origin`,
        'Write scheme and host exactly, e.g. https://portal.example.com; there are no wildcards',
      )
    }
    return isExact
  })
}

function isExactOrigin(text: string): boolean {
  if (text.includes('*') || !URL.canParse(text)) return false
  const url = new URL(text)
  // Over plain http anyone on the way could speak for that origin.
  return url.origin === text && (url.protocol === 'https:' || isLoopback(url))
}
