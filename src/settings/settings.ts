import { SIGNED_OUT_PATH } from '../paths.ts'
import {
  type AccessSettings,
  readAccess,
  readAdminTenants,
  readRoleRule,
  type RoleRule,
} from './membership.ts'
import { type FilesSettings, type PeopleSettings, readFiles, readPeople } from './features.ts'
import { readIssuer, type IssuerSettings } from './issuer.ts'
import { type PageScriptSettings, type ChatSettings, readPageScript, readChat } from './chat.ts'
import { readOidcClients, type OidcClient } from './oidc-clients.ts'
import { reportUnknownNames } from './unknown-names.ts'
import { isLoopback, type SettingProblem, Variables } from './variables.ts'
import { type RateLimits, readRateLimits, readSessions, type SessionSettings } from './sessions.ts'
import {
  type ClientSettings,
  readClient,
  readKeyRing,
  readSignInScopes,
  type SignInScopes,
} from './sign-in.ts'
import { readSigningKeys, type PrivateSigningKey } from './signing-keys.ts'

/** The whole configuration, parsed once. Frozen by type; every duration is in seconds. */
export interface Settings {
  /** Origin every generated URL starts with, whatever `Host` says. */
  readonly publicOrigin: string
  readonly isLoopback: boolean
  readonly issuer: IssuerSettings
  readonly client: ClientSettings
  /** The first seals, all open. */
  readonly keyRing: readonly string[]
  readonly scopes: SignInScopes
  readonly callbackPath: string
  /** `cp1`: Graph may answer with claims challenges, and its tokens live up to 28 hours. */
  readonly announcesCapabilities: boolean
  readonly reuseTokens: boolean
  readonly requiredRole: RoleRule | null
  readonly adminRole: RoleRule | null
  readonly access: AccessSettings
  readonly useEndSessionEndpoint: boolean
  readonly postLogoutRedirectUri: string
  readonly maxLogoutUrlLength: number
  readonly people: PeopleSettings
  readonly files: FilesSettings
  readonly sessions: SessionSettings
  readonly lookupCacheSeconds: number
  /** `tenant`: what one member looked up of users and groups, other members are shown. */
  readonly lookupCacheScope: 'user' | 'tenant'
  readonly chat: ChatSettings
  /** What is added to the chat's pages: `guard`, the script that turns the end of a session into one reload. */
  readonly pageScript: PageScriptSettings
  /** The first signs, all are published; `null`: Entrada makes its own. */
  readonly signingKeys: readonly PrivateSigningKey[] | null
  /** Whom Entrada is an OpenID provider for. */
  readonly oidcClients: readonly OidcClient[]
  readonly rateLimits: RateLimits
  /** Worth saying, not worth refusing to serve. */
  readonly warnings: readonly string[]
}

export type SettingsResult =
  | { readonly ok: true; readonly settings: Settings }
  | {
      readonly ok: false
      readonly problems: readonly SettingProblem[]
      readonly warnings: readonly string[]
      readonly isLoopback: boolean
    }

/** Reads all settings together and reports every problem at once. */
export function readSettings(values: Readonly<Record<string, unknown>>): SettingsResult {
  const variables = new Variables(values)
  const publicUrl = readPublicUrl(variables)
  const loopback = publicUrl !== null && isLoopback(publicUrl)
  const issuer = readIssuer(variables, loopback)
  const reuseTokens = variables.flag('OPENID_REUSE_TOKENS', true)
  const graph = issuer?.microsoft?.graph ?? null
  const isMicrosoft = issuer?.microsoft !== null
  const tenants = issuer?.kind === 'template' ? issuer.allowedTenants : null
  const roles = { isMicrosoft, reuseTokens, tenants }
  const adminRoles = { ...roles, tenants: readAdminTenants(variables, issuer) }
  const publicOrigin = publicUrl?.origin ?? ''
  const parsed = {
    publicOrigin,
    isLoopback: loopback,
    client: readClient(variables, isMicrosoft),
    keyRing: readKeyRing(variables),
    scopes: readSignInScopes(variables, { graph, reuseTokens }),
    callbackPath:
      variables.pattern(
        'OPENID_CALLBACK_URL',
        /^(?:\/[A-Za-z0-9._~-]+)+$/,
        'is not a plain path',
        'Write e.g. /oauth/openid/callback',
      ) ?? '/oauth/openid/callback',
    announcesCapabilities:
      variables.choice('OPENID_CLIENT_CAPABILITIES', ['none', 'cp1'], 'none') === 'cp1',
    reuseTokens,
    requiredRole: readRoleRule(variables, 'OPENID_REQUIRED_ROLE', roles),
    adminRole: readRoleRule(variables, 'OPENID_ADMIN_ROLE', adminRoles),
    access: readAccess(variables, isMicrosoft),
    useEndSessionEndpoint: variables.flag('OPENID_USE_END_SESSION_ENDPOINT', true),
    postLogoutRedirectUri:
      variables.url('OPENID_POST_LOGOUT_REDIRECT_URI')?.href ?? `${publicOrigin}${SIGNED_OUT_PATH}`,
    maxLogoutUrlLength: variables.number('OPENID_MAX_LOGOUT_URL_LENGTH', 2000, [200, 16_000]),
    people: readPeople(variables, reuseTokens),
    files: readFiles(variables, { microsoft: issuer?.microsoft, reuseTokens }),
    sessions: readSessions(variables),
    lookupCacheSeconds: variables.number('LOOKUP_CACHE_SECONDS', 300, [0, 86_400]),
    lookupCacheScope: variables.choice('LOOKUP_CACHE_SCOPE', ['user', 'tenant'], 'user'),
    chat: readChat(variables, { publicOrigin, isPublicLoopback: loopback }),
    pageScript: readPageScript(variables),
    signingKeys: readSigningKeys(variables),
    oidcClients: readOidcClients(variables, issuer?.microsoft ?? null, reuseTokens),
    rateLimits: readRateLimits(variables),
  }
  reportUnknownNames(variables)
  const { problems, warnings } = variables
  if (issuer === null || problems.length > 0) {
    return { ok: false, problems, warnings, isLoopback: loopback }
  }
  return { ok: true, settings: { ...parsed, issuer, warnings } }
}

function readPublicUrl(variables: Variables): URL | null {
  const fix = 'Write the chat’s public address, e.g. https://chat.example.com'
  if (variables.required('DOMAIN_SERVER', fix) === '') return null
  const url = variables.baseUrl('DOMAIN_SERVER')
  if (url !== null && url.pathname !== '/') {
    variables.problem('DOMAIN_SERVER', 'has a path', 'Write scheme and host only')
  }
  // RFC 2606: nobody's, and what the README has where one's own belongs.
  if (url?.hostname === 'chat.example.com') {
    variables.problem('DOMAIN_SERVER', 'is the example of the README', 'Write your own host')
  }
  return url
}
