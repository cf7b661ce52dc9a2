import * as v from 'valibot'
import { type HeaderRule, readChatHeaders } from './chat-headers.ts'
import { PRESET_NAMES, type PresetName, type UploadTarget } from './presets.ts'
import { readOrigins, readRoutes, type RouteRule } from './routes.ts'
import { STORE_RANDOM } from './sign-in.ts'
import type { Variables } from './variables.ts'

/** Settings of the README's section about the chat app. */
export interface ChatSettings {
  /** `ORIGIN_URL`; `null`: the origin server of the Worker's route. */
  readonly url: URL | null
  readonly preset: PresetName
  /** Added to the preset's headers or in their place; `null` removes one. Lower-case names. */
  readonly headers: ReadonlyMap<string, HeaderRule | null>
  /** `SKIP_AUTH_ROUTES`: routes without sign-in; `null`: the preset's. */
  readonly openRoutes: readonly RouteRule[] | null
  /** Routes to which pages of sibling hosts may write. From another domain browsers omit the session cookie. */
  readonly crossSiteRoutes: readonly RouteRule[]
  /** Origins whose pages may use the chat app with the person's cookies. */
  readonly corsOrigins: readonly string[]
  /** Proves to the chat app that a request came through Entrada. */
  readonly secret: string | null
  /** Names of the chat app's cookies to clear when its user leaves; `null`: the preset's. */
  readonly clearCookies: readonly string[] | null
  /** Whether WebSockets end with their session. Entrada then relays every frame. */
  readonly webSocketSessionBound: boolean
  /** Where the chat app takes uploads; `null`: the preset's. */
  readonly upload: UploadTarget | null
  /** Time until the response headers of the chat app. The body may take any time. */
  readonly timeoutSeconds: number
}

/**
 * Host names and addresses of private networks: RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 6762, RFC 8375, and
 * names that routers and container networks invent.
 */
const PRIVATE_HOST =
  /^(?:[^.:]+|.+\.(?:localhost|local|internal|intranet|private|corp|home|lan|home\.arpa)|(?:0|10|127)(?:\.\d+){3}|(?:192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d+){2}|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.\d+\.\d+|\[(?:::1?|f[cd].*|fe[89ab].*)\])$/

/** Reads the settings of the chat app. */
export function readChat(
  variables: Variables,
  { publicOrigin, isPublicLoopback }: { publicOrigin: string; isPublicLoopback: boolean },
): ChatSettings {
  const url = variables.baseUrl('ORIGIN_URL')
  if (url !== null && !isPublicLoopback && PRIVATE_HOST.test(url.hostname)) {
    variables.problem(
      'ORIGIN_URL',
      'is a private address, which Cloudflare cannot reach',
      'Give the chat app a public host name, e.g. by a Cloudflare tunnel',
    )
  }
  if (url !== null && url.origin === publicOrigin) {
    variables.problem(
      'ORIGIN_URL',
      'is the same as DOMAIN_SERVER, so requests would come back to Entrada',
      'Write the chat app’s own address, or leave ORIGIN_URL out on a route',
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
      'is shorter than 32 characters, or has spaces or characters beyond ASCII',
      `${STORE_RANDOM}, here and where the chat app checks it`,
    ),
    clearCookies: readClearCookies(variables),
    webSocketSessionBound: variables.flag('WEBSOCKET_SESSION_BOUND', false),
    upload: readUpload(variables),
    timeoutSeconds: variables.number('ORIGIN_TIMEOUT_SECONDS', 120, [1, 3600]),
  }
}

/** A cookie name that HTTP allows (RFC 9110 §5.6.2) and that is not Entrada's. */
const COOKIE_NAME = /^(?!__host-entrada)[!#$%&'*+.^_`|~0-9a-z-]+$/i

function readClearCookies(variables: Variables): readonly string[] | null {
  const isAbsent = variables.text('ORIGIN_CLEAR_COOKIES') === null
  const read = (name: string) => (COOKIE_NAME.test(name) ? name : null)
  const names = variables.entries(
    'ORIGIN_CLEAR_COOKIES',
    read,
    'the name of a cookie of the chat app',
    'List cookie names, or write none',
  )
  return isAbsent ? null : names.filter((name) => name !== 'none')
}

/** Form field names that need no quoting or encoding. */
export const FIELD_NAME = /^[A-Za-z0-9_.[\]-]{1,64}$/

const Name = v.pipe(v.string(), v.regex(FIELD_NAME))
const Target = v.strictObject({
  path: v.pipe(v.string(), v.regex(/^(?:\/[A-Za-z0-9._~-]+)+\/?$/)),
  field: v.optional(Name, 'file'),
  fields: v.optional(v.record(Name, v.string()), {}),
  query: v.optional(v.array(Name), []),
  encodesName: v.optional(v.boolean(), false),
})

/** Reads `ORIGIN_UPLOAD`; `null`: the preset decides. */
function readUpload(variables: Variables): UploadTarget | null {
  const fix =
    'Write {"path":"/api/files","field":"file"}; fields, query and encodesName are optional'
  return variables.json('ORIGIN_UPLOAD', Target, fix) ?? null
}

/** Scripts that Entrada adds to the chat's pages. */
export interface PageScriptSettings {
  /** The page script and the worker script: a session that ends causes one reload instead of failing requests. */
  readonly guard: boolean
}

/** Reads `KIT_INJECT`. A value without effect is refused, because an operator would rely on it. */
export function readPageScript(variables: Variables): PageScriptSettings {
  const read = (part: string) => (part === 'guard' ? part : null)
  const fix = 'Write guard, or leave it out'
  const wanted = variables.entries('KIT_INJECT', read, 'available in this version', fix)
  return { guard: wanted.length > 0 }
}

/** A private RSA key that signs assertions (RFC 7517, RFC 7518 §6.3). */
export type PrivateSigningKey = v.InferOutput<typeof PrivateKey>

/** 2048 bits, the least that NIST SP 800-131A allows. RS256 is what Onyx and most verifiers support. */
const MODULUS_BYTES = 256

const Base64Url = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]+$/))

const PrivateKey = v.object({
  kty: v.literal('RSA'),
  kid: v.pipe(v.string(), v.nonEmpty(), v.maxLength(200)),
  alg: v.optional(v.literal('RS256')),
  use: v.optional(v.literal('sig')),
  n: v.pipe(
    Base64Url,
    v.check((modulus) => modulusBytes(modulus) >= MODULUS_BYTES, 'is shorter than 2048 bits'),
  ),
  ...v.entriesFromList(['e', 'd', 'p', 'q', 'dp', 'dq', 'qi'], Base64Url),
})

const KeySet = v.object({ keys: v.pipe(v.array(PrivateKey), v.minLength(1)) })

const FIX =
  'Store {"keys":[…]} with private RSA keys as JWK for RS256, of 2048 bits or more, each with its own kid'

/** Reads `SIGNING_KEYS`: the first key signs, all are published. `null`: Entrada generates its own. */
export function readSigningKeys(variables: Variables): readonly PrivateSigningKey[] | null {
  const keys = variables.json('SIGNING_KEYS', KeySet, FIX)?.keys ?? null
  if (keys !== null && new Set(keys.map(({ kid }) => kid)).size !== keys.length) {
    variables.problem('SIGNING_KEYS', 'uses one kid for several keys', FIX)
  }
  return keys
}

function modulusBytes(modulus: string): number {
  // Leading zero bytes, `A` in base64url, add no strength.
  return Math.floor((modulus.replace(/^A+/, '').length * 6) / 8)
}
