import * as v from 'valibot'
import { type HeaderRule, readChatHeaders } from './chat-headers.ts'
import { PRESET_NAMES, type PresetName, type UploadTarget } from './presets.ts'
import { readOrigins, readRoutes, type RouteRule } from './routes.ts'
import { STORE_RANDOM } from './sign-in.ts'
import type { Variables } from './variables.ts'

/** Characters a form field's name needs no care for. */
export const FIELD_NAME = /^[A-Za-z0-9_.[\]-]{1,64}$/

const Name = v.pipe(v.string(), v.regex(FIELD_NAME))
const Target = v.strictObject({
  path: v.pipe(v.string(), v.regex(/^(?:\/[A-Za-z0-9._~-]+)+\/?$/)),
  field: v.optional(Name, 'file'),
  fields: v.optional(v.record(Name, v.string()), {}),
  query: v.optional(v.array(Name), []),
  encodesName: v.optional(v.boolean(), false),
})

/** `ORIGIN_UPLOAD`; `null` leaves it to the preset. */
export function readUpload(variables: Variables): UploadTarget | null {
  const fix =
    'Write {"path":"/api/files","field":"file"}; fields, query and encodesName are optional'
  return variables.json('ORIGIN_UPLOAD', Target, fix) ?? null
}

export interface ChatSettings {
  /** `null`: the route's own origin. */
  readonly url: URL | null
  readonly preset: PresetName
  /** Adds to or replaces the preset's table; `null` takes a header away. Lower-case names. */
  readonly headers: ReadonlyMap<string, HeaderRule | null>
  /** `null`: the preset's. */
  readonly openRoutes: readonly RouteRule[] | null
  /** Where sibling hosts may make a browser write; from another domain the session's cookie does not come along. */
  readonly crossSiteRoutes: readonly RouteRule[]
  /** Other origins whose pages may use the chat app with the person's cookies. */
  readonly corsOrigins: readonly string[]
  /** Proves to the chat app that a request came through here. */
  readonly secret: string | null
  /** Cookies of the chat app to clear when its user leaves; `null`: the preset's. */
  readonly clearCookies: readonly string[] | null
  /** Sockets end with their session, at the price of carrying every frame. */
  readonly webSocketSessionBound: boolean
  /** Where the chat app takes uploads; `null`: the preset's. */
  readonly upload: UploadTarget | null
  /** For the chat app to begin its answer; how long it then streams is its own affair. */
  readonly timeoutSeconds: number
}

/**
 * Names and addresses that only a network of one's own knows: RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 6762,
 * RFC 8375 and what routers and container networks make up.
 */
const PRIVATE_HOST =
  /^(?:[^.:]+|.+\.(?:localhost|local|internal|intranet|private|corp|home|lan|home\.arpa)|(?:0|10|127)(?:\.\d+){3}|(?:192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d+){2}|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+|\[(?:::1?|f[cd].*|fe[89ab].*)\])$/

export function readChat(
  variables: Variables,
  { publicOrigin, isPublicLoopback }: { publicOrigin: string; isPublicLoopback: boolean },
): ChatSettings {
  const url = variables.baseUrl('ORIGIN_URL')
  if (url !== null && !isPublicLoopback && PRIVATE_HOST.test(url.hostname)) {
    variables.problem(
      'ORIGIN_URL',
      'is private, where Cloudflare cannot reach it',
      'Give the chat app a public name, e.g. by a Cloudflare tunnel',
    )
  }
  if (url !== null && url.origin === publicOrigin) {
    variables.problem(
      'ORIGIN_URL',
      'is DOMAIN_SERVER: requests would run in circles',
      'Write where the chat app listens, or leave it out on a route',
    )
  }
  return {
    url,
    preset: variables.choice('ORIGIN_PRESET', PRESET_NAMES, 'generic'),
    headers: readChatHeaders(variables),
    openRoutes: readRoutes(variables, 'SKIP_AUTH_ROUTES'),
    crossSiteRoutes: readRoutes(variables, 'CROSS_SITE_ROUTES') ?? [],
    corsOrigins: readOrigins(variables, 'CORS_ORIGINS'),
    secret: variables.pattern(
      'ORIGIN_SECRET',
      /^[!-~]{32,}$/,
      'is shorter than 32 characters, or not plain ASCII',
      `${STORE_RANDOM}, here and in front of the chat app`,
    ),
    clearCookies: readClearCookies(variables),
    webSocketSessionBound: variables.flag('WEBSOCKET_SESSION_BOUND', false),
    upload: readUpload(variables),
    timeoutSeconds: variables.number('ORIGIN_TIMEOUT_SECONDS', 120, [1, 3600]),
  }
}

/** A name HTTP allows (RFC 9110 §5.6.2), and not one of ours. */
const COOKIE_NAME = /^(?!__host-entrada)[!#$%&'*+.^_`|~0-9a-z-]+$/i

function readClearCookies(variables: Variables): readonly string[] | null {
  const isAbsent = variables.text('ORIGIN_CLEAR_COOKIES') === null
  const read = (name: string) => (COOKIE_NAME.test(name) ? name : null)
  const names = variables.entries(
    'ORIGIN_CLEAR_COOKIES',
    read,
    'the name of a cookie of the chat app',
    'List such names, or write none',
  )
  return isAbsent ? null : names.filter((name) => name !== 'none')
}

/** What is added to the chat's pages. */
export interface PageScriptSettings {
  /** The script that turns the end of a session into one reload. */
  readonly guard: boolean
}

/** `KIT_INJECT`. Accepting what changes nothing would be worse than refusing it. */
export function readPageScript(variables: Variables): PageScriptSettings {
  const read = (part: string) => (part === 'guard' ? part : null)
  const fix = 'Write guard, or leave it out'
  const wanted = variables.entries('KIT_INJECT', read, 'in this version', fix)
  return { guard: wanted.length > 0 }
}
