import { isLoopback, type Variables } from './variables.ts'

/** `METHOD /path` or `METHOD /path/*`, on the normalised path only. */
export interface RouteRule {
  readonly method: string
  readonly path: string
  readonly isPrefix: boolean
}

/** `null` when the variable is absent. */
export function readRoutes(variables: Variables, name: string): readonly RouteRule[] | null {
  if (variables.list(name).some((rule) => /^\S+ \/?\*+$/.test(rule))) {
    variables.problem(name, 'holds a rule for every path', 'Name the paths it is about')
    return []
  }
  const rules = variables.entries(
    name,
    readRoute,
    'METHOD /path or METHOD /path/*',
    'Write e.g. GET /health, POST /webhook/*',
  )
  return variables.text(name) === null ? null : rules
}

function readRoute(text: string): RouteRule | null {
  const [, method, path, star] = /^([A-Z]+) (\/[^\s?#*%]*?)(\/\*)?$/.exec(text) ?? []
  if (method === undefined || path === undefined || path.includes('..')) return null
  return { method, path, isPrefix: star !== undefined }
}

/** Exact origins, as browsers write them in `Origin`. */
export function readOrigins(variables: Variables, name: string): readonly string[] {
  return variables.entries(
    name,
    readOrigin,
    'an https origin',
    'Write e.g. https://portal.example.com; there are no wildcards',
  )
}

function readOrigin(text: string): string | null {
  const url = URL.parse(text)
  if (text.includes('*') || url?.origin !== text) return null
  // Over plain http anyone on the way could speak for that origin.
  return url.protocol === 'https:' || isLoopback(url) ? text : null
}
