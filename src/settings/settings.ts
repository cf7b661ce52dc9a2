import {
  type ChatSettings,
  type PageScriptSettings,
  type PrivateSigningKey,
  readChat,
  readPageScript,
  readSigningKeys,
} from './chat.ts'
import {
  type FilesSettings,
  type LookupCacheSettings,
  type PeopleSettings,
  readFiles,
  readLookupCache,
  readPeople,
} from './features.ts'
import { type IssuerSettings, readIssuer } from './issuer.ts'
import {
  type AccessSettings,
  readAccess,
  readAdminTenants,
  readRoleRule,
  type RoleRule,
} from './membership.ts'
import { type OidcClient, readOidcClients } from './oidc-clients.ts'
import { type RateLimits, readRateLimits, readSessions, type SessionSettings } from './sessions.ts'
import { readSignIn, type SignInSettings } from './sign-in.ts'
import { reportUnknownNames } from './unknown-names.ts'
import { isLoopback, type SettingProblem, Variables } from './variables.ts'

/** The whole configuration, parsed once, in the order of the README's sections. Durations are in seconds. */
export interface Settings extends SignInSettings, LookupCacheSettings {
  /** `DOMAIN_SERVER`: origin of every URL that Entrada generates, whatever `Host` says. */
  readonly publicOrigin: string
  /** Whether `DOMAIN_SERVER` is on this machine. */
  readonly isLoopback: boolean
  readonly issuer: IssuerSettings
  /** Who may sign in; `null`: everybody. */
  readonly requiredRole: RoleRule | null
  /** Who is an operator; `null`: nobody. */
  readonly adminRole: RoleRule | null
  readonly access: AccessSettings
  readonly sessions: SessionSettings
  readonly rateLimits: RateLimits
  readonly chat: ChatSettings
  readonly pageScript: PageScriptSettings
  /** The first key signs, all are published; `null`: Entrada generates its own. */
  readonly signingKeys: readonly PrivateSigningKey[] | null
  readonly people: PeopleSettings
  readonly files: FilesSettings
  /** Chat apps that sign people in at Entrada by OpenID Connect. */
  readonly oidcClients: readonly OidcClient[]
  /** Settings without effect or with a risk, one line each; Entrada serves nevertheless. */
  readonly warnings: readonly string[]
}

/** The settings, or everything that is wrong with them. */
export type SettingsResult =
  | { readonly ok: true; readonly settings: Settings }
  | {
      readonly ok: false
      readonly problems: readonly SettingProblem[]
      readonly warnings: readonly string[]
      readonly isLoopback: boolean
    }

/**
 * Reads all settings together and reports every problem at once.
 * @param values variables by name, as the Worker's environment holds them
 */
export function readSettings(values: Readonly<Record<string, unknown>>): SettingsResult {
  const variables = new Variables(values)
  const publicUrl = readPublicUrl(variables)
  const isPublicLoopback = publicUrl !== null && isLoopback(publicUrl)
  const publicOrigin = publicUrl?.origin ?? ''
  const issuer = readIssuer(variables, isPublicLoopback)
  const isMicrosoft = issuer?.microsoft !== null
  const graph = issuer?.microsoft?.graph ?? null
  const signIn = readSignIn(variables, { publicOrigin, isMicrosoft, graph })
  const { reuseTokens } = signIn
  const tenants = issuer?.kind === 'template' ? issuer.allowedTenants : null
  const roles = { isMicrosoft, reuseTokens, tenants }
  const adminRoles = { ...roles, tenants: readAdminTenants(variables, issuer) }
  const parsed = {
    publicOrigin,
    isLoopback: isPublicLoopback,
    ...signIn,
    requiredRole: readRoleRule(variables, 'OPENID_REQUIRED_ROLE', roles),
    adminRole: readRoleRule(variables, 'OPENID_ADMIN_ROLE', adminRoles),
    access: readAccess(variables, isMicrosoft),
    sessions: readSessions(variables),
    rateLimits: readRateLimits(variables),
    chat: readChat(variables, { publicOrigin, isPublicLoopback }),
    pageScript: readPageScript(variables),
    signingKeys: readSigningKeys(variables),
    people: readPeople(variables, reuseTokens),
    files: readFiles(variables, { microsoft: issuer?.microsoft, reuseTokens }),
    ...readLookupCache(variables),
    oidcClients: readOidcClients(variables, issuer?.microsoft ?? null, reuseTokens),
  }
  reportUnknownNames(variables)
  const { problems, warnings } = variables
  if (issuer === null || problems.length > 0) {
    return { ok: false, problems, warnings, isLoopback: isPublicLoopback }
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
  // A reserved name (RFC 2606) that the README uses as placeholder.
  if (url?.hostname === 'chat.example.com') {
    variables.problem(
      'DOMAIN_SERVER',
      'still holds the example of the README',
      'Write your own host',
    )
  }
  return url
}
