import * as v from 'valibot'
import { isLoopback, type Variables } from './variables.ts'

export const PRESETS = [
  'generic',
  'librechat',
  'open-webui',
  'chat-ui',
  'chainlit',
  'onyx',
  'gate',
] as const

export type PresetName = (typeof PRESETS)[number]

/** What of a user a header can carry. */
export const HEADER_CLAIMS = [
  'id',
  'tenantId',
  'email',
  'name',
  'username',
  'groups',
  'roles',
  'role',
] as const

/**
 * How a value that is not plain ASCII is written: `percent` as RFC 3986 UTF-8, `ascii` folded to its
 * nearest letters, `base64` of the UTF-8 bytes.
 */
export const HEADER_ENCODINGS = ['percent', 'ascii', 'base64'] as const

export interface HeaderRule {
  readonly claim: (typeof HEADER_CLAIMS)[number]
  readonly encoding: (typeof HEADER_ENCODINGS)[number]
}

/** `METHOD /path` or `METHOD /path/*`, on the normalised path only. */
export interface SkipRoute {
  readonly method: string
  readonly path: string
  readonly isPrefix: boolean
}

export interface OriginSettings {
  /** `null`: the route's own origin. */
  readonly url: URL | null
  readonly preset: PresetName
  /** Adds to or replaces the preset's table; `null` takes a header away. Lower-case names. */
  readonly headers: ReadonlyMap<string, HeaderRule | null>
  /** `null`: the preset's. */
  readonly skipAuthRoutes: readonly SkipRoute[] | null
  /** Where other sites may make a browser write, e.g. for a form that posts back. */
  readonly crossSiteRoutes: readonly SkipRoute[]
  /** Other origins whose pages may use the chat app with the person's cookies. */
  readonly corsOrigins: readonly string[]
  /** For the chat app to begin its answer; how long it then streams is its own affair. */
  readonly timeoutSeconds: number
}

const Rule = v.union([
  v.null(),
  v.pipe(
    v.picklist(HEADER_CLAIMS),
    v.transform((claim): HeaderRule => ({ claim, encoding: 'percent' })),
  ),
  v.strictObject({
    claim: v.picklist(HEADER_CLAIMS),
    encoding: v.optional(v.picklist(HEADER_ENCODINGS), 'percent'),
  }),
])

/** RFC 9110 §5.6.2 token. */
const HeaderName = v.pipe(v.string(), v.regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/))
const Headers = v.record(HeaderName, Rule)

/** Headers whose meaning to HTTP or to us must not change. */
const RESERVED =
  /^(?:authorization|connection|content-.*|cookie|entrada-.*|host|te|trailer|transfer-encoding|upgrade|x-forwarded-(?:for|host|proto))$/

const IDENTIFYING: ReadonlySet<HeaderRule['claim']> = new Set([
  'id',
  'tenantId',
  'email',
  'username',
])

export function readOrigin(variables: Variables, publicOrigin: string): OriginSettings {
  const url = variables.url('ORIGIN_URL')
  if (url !== null && url.origin === publicOrigin) {
    variables.problem(
      'ORIGIN_URL',
      'is DOMAIN_SERVER itself, so that requests would run in circles',
      'Write where the chat app itself listens, or leave it out on a route',
    )
  }
  if (url !== null && url.search !== '')
    variables.problem('ORIGIN_URL', 'carries a query', 'Leave it out')
  return {
    url,
    preset: variables.choice('ORIGIN_PRESET', PRESETS, 'generic'),
    headers: readHeaders(variables),
    skipAuthRoutes: readRoutes(variables, 'SKIP_AUTH_ROUTES'),
    crossSiteRoutes: readRoutes(variables, 'CROSS_SITE_ROUTES') ?? [],
    corsOrigins: readOrigins(variables),
    timeoutSeconds: variables.number('ORIGIN_TIMEOUT_SECONDS', 120, { min: 1, max: 3600 }),
  }
}

function readHeaders(variables: Variables): ReadonlyMap<string, HeaderRule | null> {
  const parsed = v.safeParse(Headers, variables.json('ORIGIN_HEADERS') ?? {})
  if (!parsed.success) {
    variables.problem(
      'ORIGIN_HEADERS',
      `does not have the form {"X-Header":{"claim":"email","encoding":"percent"}}`,
      `Claims: ${HEADER_CLAIMS.join(', ')}; encodings: ${HEADER_ENCODINGS.join(', ')}; null removes a header`,
    )
    return new Map()
  }
  const rules = new Map(
    Object.entries(parsed.output).map(([name, rule]) => [name.toLowerCase(), rule]),
  )
  for (const [name, rule] of rules) {
    // The one reserved header that may be left out: an app that passes headers on would pass it on, too.
    const isSilenced = name === 'entrada-assertion' && rule === null
    if (RESERVED.test(name) && !isSilenced) {
      variables.problem(
        'ORIGIN_HEADERS',
        `names ${name}, which is not free to be set`,
        'Choose another header',
      )
    }
    if (rule?.encoding === 'ascii' && IDENTIFYING.has(rule.claim)) {
      variables.problem(
        'ORIGIN_HEADERS',
        `folds ${rule.claim} to ASCII in ${name}, which can make two people look like one`,
        'Use percent or base64 there',
      )
    }
  }
  return rules
}

function readRoutes(variables: Variables, name: string): readonly SkipRoute[] | null {
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

function readOrigins(variables: Variables): readonly string[] {
  return variables.list('CORS_ORIGINS').filter((text) => {
    const isExact = isExactOrigin(text)
    if (!isExact) {
      variables.problem(
        'CORS_ORIGINS',
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
