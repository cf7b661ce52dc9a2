import { KEEP_TOKENS, NEEDS_TOKENS, type Variables } from './variables.ts'

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

export function readFiles(
  variables: Variables,
  { isMicrosoft, reuseTokens }: { readonly isMicrosoft: boolean; readonly reuseTokens: boolean },
): FilesSettings {
  const name = 'ENABLE_SHAREPOINT_FILEPICKER'
  const enabled = variables.flag(name, false)
  if (enabled && !reuseTokens) variables.problem(name, NEEDS_TOKENS, KEEP_TOKENS)
  if (enabled && !isMicrosoft) {
    variables.warnings.push(`${name} has no effect with an issuer that is not Entra`)
  }
  const sharePointScope = variables.pattern(
    'SHAREPOINT_PICKER_SHAREPOINT_SCOPE',
    SHAREPOINT_SCOPE,
    'is not one scope of a SharePoint host',
    'Write e.g. {host}/AllSites.Read',
  )
  const graphScope = variables.pattern(
    'SHAREPOINT_PICKER_GRAPH_SCOPE',
    GRAPH_SCOPE,
    'is not one Graph scope',
    'Write Files.Read.All or Sites.Read.All',
  )
  return {
    enabled,
    baseUrl: variables.url('SHAREPOINT_BASE_URL'),
    sharePointScope: sharePointScope ?? '{host}/.default',
    graphScope: graphScope?.split('/').at(-1) ?? 'Files.Read.All',
    maxFileBytes: variables.number('SHAREPOINT_MAX_FILE_BYTES', 512 * MEBIBYTE, [1, 2 ** 48]),
    maxFiles: variables.number('SHAREPOINT_MAX_FILES', 10, [1, 500]),
  }
}
