import type { HeaderRule } from '../settings/chat-headers.ts'
import type { PresetName } from '../settings/chat.ts'
import type { RouteRule } from '../settings/routes.ts'

/** What one kind of chat app reads, and what goes with it. */
export interface Preset {
  /** Header names and what of the user they carry. */
  readonly headers: Readonly<Record<string, HeaderRule>>
  /** The app knows people by their address and by nothing else. */
  readonly goesByAddress?: true
  /** The app takes the assertion as its bearer, so the client's `Authorization` is replaced. */
  readonly takesBearer?: boolean
  /**
   * What is asked without a sign-in: health, by probes, and the manifest with its icons, which browsers fetch
   * without cookies unless the page says otherwise (Web App Manifest §4.1; open-webui#1538).
   */
  readonly skipRoutes: readonly RouteRule[]
  /** Cookies by which the app remembers a person, cleared when that person leaves. */
  readonly cookies: readonly string[]
}

const percent = (claim: HeaderRule['claim']): HeaderRule => ({ claim, encoding: 'percent' })
const get = (path: string): RouteRule => ({ method: 'GET', path, isPrefix: false })
/** @param names below the folder, separated by blanks */
const icons = (folder: string, names: string): readonly RouteRule[] =>
  names.split(' ').map((name) => get(`${folder}/${name}`))

const NOTHING = {
  headers: {},
  skipRoutes: [],
  cookies: [],
} as const satisfies Preset

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

export const PRESET_TABLE: Readonly<Record<PresetName, Preset>> = {
  generic,

  /** Signs people in by OIDC and believes no header but `X-Tenant-Id` (see withheld-headers.ts). */
  librechat: {
    ...NOTHING,
    skipRoutes: [
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
  },

  /** Reads them at sign-in, under names its operator gives: WEBUI_AUTH_TRUSTED_EMAIL_HEADER and the like. */
  'open-webui': {
    ...NOTHING,
    headers: {
      'x-openwebui-user-email': percent('email'),
      'x-openwebui-user-name': percent('name'),
      'x-openwebui-user-groups': percent('groups'),
      'x-openwebui-user-role': percent('role'),
    },
    goesByAddress: true,
    skipRoutes: [
      get('/health'),
      get('/ready'),
      get('/manifest.json'),
      ...icons(
        '/static',
        'favicon.ico favicon.svg favicon.png favicon-96x96.png favicon-dark.png apple-touch-icon.png logo.png',
      ),
    ],
    cookies: ['token', 'owui-session', 'oui-session', 'oauth_id_token', 'oauth_session_id'],
  },

  /** TRUSTED_EMAIL_HEADER, and nothing else. */
  'chat-ui': {
    ...NOTHING,
    headers: { 'x-forwarded-email': percent('email') },
    goesByAddress: true,
    skipRoutes: [
      get('/healthcheck'),
      get('/chatui/manifest.json'),
      ...icons('/chatui', 'favicon.ico favicon.svg icon.svg apple-touch-icon.png'),
      ...[36, 48, 72, 96, 128, 144, 192, 256, 512].map((side) =>
        get(`/chatui/icon-${side}x${side}.png`),
      ),
    ],
    cookies: ['hf-chat'],
  },

  /** The app's own `@cl.header_auth_callback` reads whatever it likes. Long tokens come in parts. */
  chainlit: {
    ...generic,
    cookies: ['access_token', 'access_token_0', 'access_token_1', 'access_token_2'],
  },

  /** JWT_PUBLIC_KEY_URL: wants an RS256 bearer with the e-mail, which the assertion is. */
  onyx: {
    ...NOTHING,
    takesBearer: true,
    goesByAddress: true,
    skipRoutes: [get('/api/health')],
    cookies: ['fastapiusersauth'],
  },

  /** For apps that know no users: nobody comes in without a sign-in, and nothing is said about who came. */
  gate: NOTHING,
}
