import type { Variables } from './variables.ts'

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

export function readFiles(variables: Variables): FilesSettings {
  const sharePointScope = variables.text('SHAREPOINT_PICKER_SHAREPOINT_SCOPE') ?? '{host}/.default'
  // LibreChat's sample file ships this one with a doubled equals sign; the value then starts with `=`.
  if (
    !/^(?:\{host\}|https:\/\/[^/\s=]+|http:\/\/(?:127\.0\.0\.1|localhost)(?::\d+)?)\/[A-Za-z.]+$/.test(
      sharePointScope,
    )
  ) {
    variables.problem(
      'SHAREPOINT_PICKER_SHAREPOINT_SCOPE',
      'is not one scope of a SharePoint host’s root',
      'Write e.g. {host}/AllSites.Read, or leave it out',
    )
  }
  const graphScope = variables.text('SHAREPOINT_PICKER_GRAPH_SCOPE') ?? 'Files.Read.All'
  if (!/^(?:https:\/\/[^/\s=]+\/)?[A-Za-z]+(?:\.[A-Za-z]+)+$/.test(graphScope)) {
    variables.problem(
      'SHAREPOINT_PICKER_GRAPH_SCOPE',
      'is not one Graph scope',
      'Write Files.Read.All or Sites.Read.All',
    )
  }
  return {
    enabled: variables.flag('ENABLE_SHAREPOINT_FILEPICKER', false),
    baseUrl: variables.url('SHAREPOINT_BASE_URL'),
    sharePointScope,
    graphScope: graphScope.slice(graphScope.lastIndexOf('/') + 1),
    maxFileBytes: variables.number('SHAREPOINT_MAX_FILE_BYTES', 512 * MEBIBYTE, {
      min: 1,
      max: 2 ** 48,
    }),
    maxFiles: variables.number('SHAREPOINT_MAX_FILES', 10, { min: 1, max: 500 }),
  }
}
