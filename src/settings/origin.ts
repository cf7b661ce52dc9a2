import * as v from 'valibot'
import type { Variables } from './variables.ts'

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
    skipAuthRoutes: readSkipRoutes(variables),
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
  for (const name of rules.keys()) {
    if (RESERVED.test(name)) {
      variables.problem(
        'ORIGIN_HEADERS',
        `names ${name}, which is not free to be set`,
        'Choose another header',
      )
    }
  }
  return rules
}

function readSkipRoutes(variables: Variables): readonly SkipRoute[] | null {
  if (variables.text('SKIP_AUTH_ROUTES') === null) return null
  return variables.list('SKIP_AUTH_ROUTES').flatMap((text) => {
    const match = /^([A-Z]+) (\/[^\s?#*]*?)(\/\*)?$/.exec(text)
    const [, method, path, star] = match ?? []
    if (method === undefined || path === undefined || path.includes('..') || path.includes('%')) {
      variables.problem(
        'SKIP_AUTH_ROUTES',
        `holds “${text}”, which is not METHOD /path or METHOD /path/*`,
        'Write e.g. GET /health, POST /webhook/*',
      )
      return []
    }
    return [{ method, path, isPrefix: star !== undefined }]
  })
}
