import type { UserHosts } from './user-hosts.ts'
import type { PickerConfig } from './picker-page/config.ts'
import type { PickerRequest } from './picker-request.ts'

/** Where Microsoft's picker is, and what it is told but for `messaging`, which the page adds for each launch. */
export type PickerOpening = Pick<PickerConfig, 'launchUrl' | 'options'>

/** Whoever has no OneDrive begins with the sites, and the other way round. */
export function pickerOpening(request: PickerRequest, hosts: UserHosts): PickerOpening {
  const { oneDrive, sitesUrl } = hosts
  const { start } = request
  const isOneDrive = oneDrive !== null && (start !== 'sites' || sitesUrl === null)
  const url = (isOneDrive ? oneDrive : sitesUrl) ?? ''
  const web = decodeURI(new URL(url).pathname.slice(1))
  const entry = isOneDrive
    ? { oneDrive: start === 'recent' ? { recent: {} } : { files: {} } }
    : { sharePoint: web === '' ? {} : { byPath: { web: `/${web}` } } }
  return {
    launchUrl: `${url}/_layouts/15/FilePicker.aspx`,
    options: optionsOf(request, hosts, entry),
  }
}

/**
 * File Picker v8. Nothing is written by way of the picker, and no pre-authenticated address is asked for: those
 * must not reach a browser.
 */
function optionsOf(
  { isMultiple, maxFiles, types }: PickerRequest,
  { oneDrive, sitesUrl }: UserHosts,
  entry: object,
): PickerConfig['options'] {
  const hasOneDrive = oneDrive !== null
  const hasSites = sitesUrl !== null
  return {
    sdk: '8.0',
    entry,
    authentication: {
      enabled: true,
      tokens: { graph: false, sharePoint: true, substrate: false },
      claimsChallenge: { enabled: true },
    },
    typesAndSources: {
      mode: 'files',
      access: { mode: 'read' },
      ...(types.length === 0 ? {} : { filters: types }),
      pivots: {
        oneDrive: hasOneDrive,
        recent: hasOneDrive,
        sharedLibraries: hasSites,
        myOrganization: hasSites,
        site: hasSites,
      },
    },
    // Without persistence the picker forgets what was chosen when a person opens another folder.
    selection: isMultiple
      ? { mode: 'multiple', maximumCount: maxFiles, enablePersistence: true }
      : { mode: 'single' },
    search: { enabled: true },
    commands: {
      pick: { action: 'select' },
      upload: { enabled: false },
      createFolder: { enabled: false },
    },
  }
}
