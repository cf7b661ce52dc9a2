import type { MicrosoftSettings } from './issuer.ts'
import { isSharePointUrl } from './microsoft-hosts.ts'
import { NEEDS_TOKENS, STORE_TOKENS, type Variables } from './variables.ts'

/** Settings of people search. */
export interface PeopleSettings {
  readonly enabled: boolean
  readonly graphScopes: readonly string[]
  readonly includeOwnersAsMembers: boolean
}

/** Reads the settings of people search. */
export function readPeople(variables: Variables, reuseTokens: boolean): PeopleSettings {
  const scopes = variables.entries(
    'OPENID_GRAPH_SCOPES',
    (scope) => (/\s/.test(scope) ? null : scope),
    'one scope',
    'Separate the scopes with commas',
  )
  // Without stored tokens people search is off. That is a problem only if the operator asked for it.
  if (!reuseTokens && variables.text('USE_ENTRA_ID_FOR_PEOPLE_SEARCH')?.toLowerCase() === 'true') {
    variables.problem('USE_ENTRA_ID_FOR_PEOPLE_SEARCH', NEEDS_TOKENS, STORE_TOKENS)
  }
  const fallback = ['User.Read', 'People.Read', 'User.ReadBasic.All', 'GroupMember.Read.All']
  return {
    enabled: variables.flag('USE_ENTRA_ID_FOR_PEOPLE_SEARCH', true),
    graphScopes: scopes.length === 0 ? fallback : scopes,
    includeOwnersAsMembers: variables.flag('ENTRA_ID_INCLUDE_OWNERS_AS_MEMBERS', false),
  }
}

/** Settings of files. */
export interface FilesSettings {
  readonly enabled: boolean
  /** Another SharePoint host than those that Graph names, and the site where the picker starts. */
  readonly baseUrl: URL | null
  /** Scope of the picker's token; `{host}` stands for the origin of a SharePoint host. */
  readonly sharePointScope: string
  readonly graphScope: string
  readonly maxFileBytes: number
  readonly maxFiles: number
}

const MEBIBYTE = 1_048_576

/** Refuses a value that starts with `=`: LibreChat's sample file has a doubled equals sign. */
const SHAREPOINT_SCOPE =
  /^(?:\{host\}|https:\/\/[^/\s=]+|http:\/\/(?:127\.0\.0\.1|localhost)(?::\d+)?)\/[A-Za-z.]+$/
const GRAPH_SCOPE = /^(?:https:\/\/[^/\s=]+\/)?[A-Za-z]+(?:\.[A-Za-z]+)+$/

/**
 * Reads the settings of files.
 * @param microsoft `null` for an issuer that is not Entra, `undefined` when the issuer itself could not be read
 */
export function readFiles(
  variables: Variables,
  {
    microsoft,
    reuseTokens,
  }: { readonly microsoft: MicrosoftSettings | null | undefined; readonly reuseTokens: boolean },
): FilesSettings {
  const name = 'ENABLE_SHAREPOINT_FILEPICKER'
  const enabled = variables.flag(name, false)
  if (enabled && !reuseTokens) variables.problem(name, NEEDS_TOKENS, STORE_TOKENS)
  if (enabled && microsoft === null) {
    variables.warnings.push(`${name} has no effect with an issuer that is not Entra`)
  }
  const baseUrl = variables.url('SHAREPOINT_BASE_URL')
  const sharePointScope = variables.pattern(
    'SHAREPOINT_PICKER_SHAREPOINT_SCOPE',
    SHAREPOINT_SCOPE,
    'is not one scope of a SharePoint host',
    'Write one scope, e.g. {host}/AllSites.Read',
  )
  const scopeUrl = sharePointScope === null ? null : URL.parse(sharePointScope)
  const hosts = [
    ['SHAREPOINT_BASE_URL', baseUrl],
    ['SHAREPOINT_PICKER_SHAREPOINT_SCOPE', scopeUrl],
  ] as const
  for (const [setting, url] of hosts) {
    if (url !== null && microsoft && !isSharePointUrl(url, microsoft)) {
      variables.problem(
        setting,
        `names ${url.origin}, which is not a SharePoint host of the issuer’s cloud`,
        'Write a SharePoint host of your tenant, or list the host in SHAREPOINT_HOSTS',
      )
    }
  }
  const graphScope = variables.pattern(
    'SHAREPOINT_PICKER_GRAPH_SCOPE',
    GRAPH_SCOPE,
    'is not one Graph scope',
    'Write Files.Read.All or Sites.Read.All',
  )
  return {
    enabled,
    baseUrl,
    sharePointScope: sharePointScope ?? '{host}/.default',
    graphScope: graphScope?.split('/').at(-1) ?? 'Files.Read.All',
    maxFileBytes: variables.number('SHAREPOINT_MAX_FILE_BYTES', 512 * MEBIBYTE, [1, 2 ** 48]),
    maxFiles: variables.number('SHAREPOINT_MAX_FILES', 10, [1, 500]),
  }
}

/** How answers of Graph's directory are cached. */
export interface LookupCacheSettings {
  readonly lookupCacheSeconds: number
  /** `tenant`: the members of a tenant share what one of them found of users and groups. */
  readonly lookupCacheScope: 'user' | 'tenant'
}

/** Reads how answers of the directory are cached. */
export function readLookupCache(variables: Variables): LookupCacheSettings {
  return {
    lookupCacheSeconds: variables.number('LOOKUP_CACHE_SECONDS', 300, [0, 86_400]),
    lookupCacheScope: variables.choice('LOOKUP_CACHE_SCOPE', ['user', 'tenant'], 'user'),
  }
}
