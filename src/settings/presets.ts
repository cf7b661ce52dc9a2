import type { HeaderRule } from './chat-headers.ts'
import type { RouteRule } from './routes.ts'

/** Values of `ORIGIN_PRESET`. */
export const PRESET_NAMES = [
  'generic',
  'librechat',
  'open-webui',
  'chat-ui',
  'chainlit',
  'onyx',
  'gate',
] as const

export type PresetName = (typeof PRESET_NAMES)[number]

/** How the chat app takes an uploaded file, as its own page would send it. */
export interface UploadTarget {
  readonly path: string
  /** Form field that holds the file. */
  readonly field: string
  /** Form fields sent with every file. `{uuid}` stands for a new UUID each time. */
  readonly fields: Readonly<Record<string, string>>
  /** Names of the page's form fields that go into the query instead of the form. */
  readonly query: readonly string[]
  /** The app expects the file's name percent-encoded. */
  readonly encodesName: boolean
}

/** Everything that Entrada knows about one kind of chat app. Settings override headers, cookies, routes and upload. */
export interface Preset {
  /** Lower-case header name → the claim it carries. */
  readonly headers: Readonly<Record<string, HeaderRule>>
  /** The app identifies a person by the email address and by nothing else. */
  readonly goesByAddress: boolean
  /** The app takes the assertion as bearer token, so Entrada replaces the client's `Authorization`. */
  readonly takesBearer: boolean
  /** The app signs people in itself or verifies who does: strangers may see its empty page. */
  readonly hasOwnSignIn: boolean
  /**
   * Routes that need no sign-in: health probes, and the manifest with its icons. Browsers fetch the latter
   * without cookies unless the page says otherwise (Web App Manifest §4.1; open-webui#1538).
   */
  readonly openRoutes: readonly RouteRule[]
  /** Cookies by which the app remembers a person; Entrada clears them when that person leaves. */
  readonly cookies: readonly string[]
  /** Where the app takes uploads; `null`: it has no such path, as chat-ui, whose messages carry their files. */
  readonly upload: UploadTarget | null
  /** Paths of the app whose response Entrada completes or replaces. */
  readonly enrichedPaths: {
    /** People search of the app: Entrada adds people and groups of the tenant. */
    readonly principals?: string
    /** Token for the file picker: Entrada answers. */
    readonly graphToken?: string
  }
}

const percent = (claim: HeaderRule['claim']): HeaderRule => ({ claim, encoding: 'percent' })
const get = (path: string): RouteRule => ({ method: 'GET', path, isPrefix: false })
/** @param names in the folder, separated by spaces */
const icons = (folder: string, names: string): readonly RouteRule[] =>
  names.split(' ').map((name) => get(`${folder}/${name}`))

const NOTHING: Preset = {
  headers: {},
  goesByAddress: false,
  takesBearer: false,
  hasOwnSignIn: false,
  openRoutes: [],
  cookies: [],
  upload: null,
  enrichedPaths: {},
}

const FILE_FIELD = { field: 'file', fields: {}, query: [], encodesName: false } as const

const generic: Preset = {
  ...NOTHING,
  headers: {
    'x-forwarded-user': percent('id'),
    'x-forwarded-email': percent('email'),
    'x-forwarded-preferred-username': percent('username'),
    'x-forwarded-name': percent('name'),
    'x-forwarded-groups': percent('groups'),
  },
}

/** One record per preset; every other file reads it here. */
export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  generic,

  /** Signs people in by OIDC and reads no identity header but `X-Tenant-Id`, which StrippedHeaders removes. */
  librechat: {
    ...NOTHING,
    hasOwnSignIn: true,
    openRoutes: [
      get('/health'),
      get('/manifest.webmanifest'),
      ...icons(
        '/assets',
        'favicon-16x16.png favicon-32x32.png apple-touch-icon-180x180.png icon-192x192.png maskable-icon.png',
      ),
    ],
    cookies: [
      'connect.sid',
      'refreshToken',
      'token_provider',
      'openid_user_id',
      'openid_access_token',
      'openid_id_token',
      'openid_token_key',
    ],
    // The page names the file itself and sends its endpoint; names come percent-encoded.
    upload: {
      ...FILE_FIELD,
      path: '/api/files',
      fields: { file_id: '{uuid}', message_file: 'true' },
      encodesName: true,
    },
    enrichedPaths: {
      principals: '/api/permissions/search-principals',
      graphToken: '/api/auth/graph-token',
    },
  },

  /** Reads the headers at sign-in, under names that its operator sets (WEBUI_AUTH_TRUSTED_EMAIL_HEADER and others). */
  'open-webui': {
    ...NOTHING,
    headers: {
      'x-openwebui-user-email': percent('email'),
      'x-openwebui-user-name': percent('name'),
      'x-openwebui-user-groups': percent('groups'),
      'x-openwebui-user-role': percent('role'),
    },
    goesByAddress: true,
    openRoutes: [
      get('/health'),
      get('/ready'),
      get('/manifest.json'),
      ...icons(
        '/static',
        'favicon.ico favicon.svg favicon.png favicon-96x96.png favicon-dark.png apple-touch-icon.png logo.png',
      ),
    ],
    cookies: ['token', 'owui-session', 'oui-session', 'oauth_id_token', 'oauth_session_id'],
    upload: { ...FILE_FIELD, path: '/api/v1/files/' },
  },

  /** Reads only the header that TRUSTED_EMAIL_HEADER names. */
  'chat-ui': {
    ...NOTHING,
    headers: { 'x-forwarded-email': percent('email') },
    goesByAddress: true,
    openRoutes: [
      get('/healthcheck'),
      get('/chatui/manifest.json'),
      ...icons('/chatui', 'favicon.ico favicon.svg icon.svg apple-touch-icon.png'),
      ...[36, 48, 72, 96, 128, 144, 192, 256, 512].map((side) =>
        get(`/chatui/icon-${side}x${side}.png`),
      ),
    ],
    cookies: ['hf-chat'],
  },

  /** The app's own `@cl.header_auth_callback` decides which headers it reads. Long tokens come in several cookies. */
  chainlit: {
    ...generic,
    cookies: ['access_token', 'access_token_0', 'access_token_1', 'access_token_2'],
    upload: { ...FILE_FIELD, path: '/project/file', query: ['session_id'] },
  },

  /** Takes an RS256 bearer token with the email (JWT_PUBLIC_KEY_URL): the assertion. */
  onyx: {
    ...NOTHING,
    goesByAddress: true,
    takesBearer: true,
    hasOwnSignIn: true,
    openRoutes: [get('/api/health')],
    cookies: ['fastapiusersauth'],
  },

  /** For apps without users: everybody signs in, and the app learns nothing about who it is. */
  gate: NOTHING,
}
