import type { MicrosoftSettings } from './issuer.ts'
import { isSharePointUrl } from './microsoft-hosts.ts'
import { KEEP_TOKENS, NEEDS_TOKENS, type Variables } from './variables.ts'

export interface PeopleSettings {
  readonly enabled: boolean
  readonly graphScopes: readonly string[]
  readonly includeOwnersAsMembers: boolean
}

export function readPeople(variables: Variables, reuseTokens: boolean): PeopleSettings {
  const scopes = variables.entries(
    'OPENID_GRAPH_SCOPES',
    (scope) => (/\s/.test(scope) ? null : scope),
    'one scope',
    'Separate scopes with commas',
  )
  // On by default, and then simply off; who asks for it by name counts on it.
  if (!reuseTokens && variables.text('USE_ENTRA_ID_FOR_PEOPLE_SEARCH')?.toLowerCase() === 'true') {
    variables.problem('USE_ENTRA_ID_FOR_PEOPLE_SEARCH', NEEDS_TOKENS, KEEP_TOKENS)
  }
  const fallback = ['User.Read', 'People.Read', 'User.ReadBasic.All', 'GroupMember.Read.All']
  return {
    enabled: variables.flag('USE_ENTRA_ID_FOR_PEOPLE_SEARCH', true),
    graphScopes: scopes.length === 0 ? fallback : scopes,
    includeOwnersAsMembers: variables.flag('ENTRA_ID_INCLUDE_OWNERS_AS_MEMBERS', false),
  }
}

export interface FilesSettings {
  readonly enabled: boolean
  /** Further SharePoint host beside those found through Graph. */
  readonly baseUrl: URL | null
  /** Scope for a SharePoint host; `{host}` stands for its origin. */
  readonly sharePointScope: string
  readonly graphScope: string
  readonly maxFileBytes: number
  readonly maxFiles: number
}

const MEBIBYTE = 1_048_576

/** LibreChat's sample file ships one with a doubled equals sign; the value then starts with `=`. */
const SHAREPOINT_SCOPE =
  /^(?:\{host\}|https:\/\/[^/\s=]+|http:\/\/(?:127\.0\.0\.1|localhost)(?::\d+)?)\/[A-Za-z.]+$/
const GRAPH_SCOPE = /^(?:https:\/\/[^/\s=]+\/)?[A-Za-z]+(?:\.[A-Za-z]+)+$/

/** @param microsoft `undefined` when the issuer itself could not be read */
export function readFiles(
  variables: Variables,
  {
    microsoft,
    reuseTokens,
  }: { readonly microsoft: MicrosoftSettings | null | undefined; readonly reuseTokens: boolean },
): FilesSettings {
  const name = 'ENABLE_SHAREPOINT_FILEPICKER'
  const enabled = variables.flag(name, false)
  if (enabled && !reuseTokens) variables.problem(name, NEEDS_TOKENS, KEEP_TOKENS)
  if (enabled && microsoft === null) {
    variables.warnings.push(`${name} has no effect with an issuer that is not Entra`)
  }
  const baseUrl = variables.url('SHAREPOINT_BASE_URL')
  const sharePointScope = variables.pattern(
    'SHAREPOINT_PICKER_SHAREPOINT_SCOPE',
    SHAREPOINT_SCOPE,
    'is not one scope of a SharePoint host',
    'Write e.g. {host}/AllSites.Read',
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
