import { readOriginHeaders, type HeaderRule } from './origin-headers.ts'
import { readOrigins, readRoutes, type RouteRule } from './routes.ts'
import { readUpload, type UploadTarget } from './upload.ts'
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

export interface OriginSettings {
  /** `null`: the route's own origin. */
  readonly url: URL | null
  readonly preset: PresetName
  /** Adds to or replaces the preset's table; `null` takes a header away. Lower-case names. */
  readonly headers: ReadonlyMap<string, HeaderRule | null>
  /** `null`: the preset's. */
  readonly skipAuthRoutes: readonly RouteRule[] | null
  /** Where other sites may make a browser write, e.g. for a form that posts back. */
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

export function readOrigin(variables: Variables, publicOrigin: string): OriginSettings {
  const url = variables.url('ORIGIN_URL')
  if (url !== null && url.origin === publicOrigin) {
    variables.problem(
      'ORIGIN_URL',
      'is DOMAIN_SERVER itself, so that requests would run in circles',
      'Write where the chat app itself listens, or leave it out on a route',
    )
  }
  if (url !== null && url.search !== '') {
    variables.problem('ORIGIN_URL', 'carries a query', 'Leave it out')
  }
  return {
    url,
    preset: variables.choice('ORIGIN_PRESET', PRESETS, 'generic'),
    headers: readOriginHeaders(variables),
    skipAuthRoutes: readRoutes(variables, 'SKIP_AUTH_ROUTES'),
    crossSiteRoutes: readRoutes(variables, 'CROSS_SITE_ROUTES') ?? [],
    corsOrigins: readOrigins(variables, 'CORS_ORIGINS'),
    secret: readOriginSecret(variables),
    clearCookies: readClearCookies(variables),
    webSocketSessionBound: variables.flag('WEBSOCKET_SESSION_BOUND', false),
    upload: readUpload(variables),
    timeoutSeconds: variables.number('ORIGIN_TIMEOUT_SECONDS', 120, { min: 1, max: 3600 }),
  }
}

function readOriginSecret(variables: Variables): string | null {
  const secret = variables.text('ORIGIN_SECRET')
  if (secret !== null && !/^[!-~]{32,}$/.test(secret)) {
    variables.problem(
      'ORIGIN_SECRET',
      'is shorter than 32 characters or holds spaces or letters beyond ASCII',
      'Store the output of `openssl rand -base64 48`, here and in front of the chat app',
    )
  }
  return secret
}

function readClearCookies(variables: Variables): readonly string[] | null {
  if (variables.text('ORIGIN_CLEAR_COOKIES') === null) return null
  const names = variables.list('ORIGIN_CLEAR_COOKIES').filter((name) => name !== 'none')
  for (const name of names) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /^__host-entrada/i.test(name)) {
      variables.problem(
        'ORIGIN_CLEAR_COOKIES',
        `holds “${name}”, which is no name of a cookie of the chat app`,
        'List cookie names, or write none',
      )
    }
  }
  return names
}
