import { isLoopback, type Variables } from './variables.ts'

/** One entry of a route setting: `METHOD /path`, or `METHOD /path/*` with `isPrefix`. */
export interface RouteRule {
  readonly method: string
  readonly path: string
  readonly isPrefix: boolean
}

/** Reads a list of routes; `null` when the setting is absent. */
export function readRoutes(variables: Variables, name: string): readonly RouteRule[] | null {
  if (variables.list(name).some((rule) => /^\S+ \/?\*+$/.test(rule))) {
    variables.problem(
      name,
      'holds a rule for every path',
      'List single paths, or prefixes such as GET /public/*',
    )
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

/** Reads a list of exact origins, as browsers write them in `Origin`. */
export function readOrigins(variables: Variables, name: string): readonly string[] {
  return variables.entries(
    name,
    readOrigin,
    'an https origin',
    'Write e.g. https://portal.example.com; wildcards are not supported',
  )
}

function readOrigin(text: string): string | null {
  const url = URL.parse(text)
  if (text.includes('*') || url?.origin !== text) return null
  // Over plain http anyone on the network path could inject a page of that origin.
  return url.protocol === 'https:' || isLoopback(url) ? text : null
}
