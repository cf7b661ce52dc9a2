import type { UserHosts } from './host-discovery.ts'
import type { PickerRequest, PickerStart } from './picker-request.ts'

/** Where the picker opens, and with which place on show. */
export interface PickerEntry {
  readonly launchUrl: string
  readonly entry: Readonly<Record<string, unknown>>
}

const PICKER_PATH = '/_layouts/15/FilePicker.aspx'

/** Whoever has no OneDrive begins with the sites, and the other way round. */
export function pickerEntry(start: PickerStart, { oneDrive, sitesUrl }: UserHosts): PickerEntry {
  if (oneDrive !== null && (start !== 'sites' || sitesUrl === null)) {
    const oneDriveEntry = start === 'recent' ? { recent: {} } : { files: {} }
    return { launchUrl: `${oneDrive}${PICKER_PATH}`, entry: { oneDrive: oneDriveEntry } }
  }
  const url = new URL(sitesUrl ?? '')
  const web = decodeURI(url.pathname.replace(/\/+$/, ''))
  return {
    launchUrl: `${url.href.replace(/\/+$/, '')}${PICKER_PATH}`,
    entry: { sharePoint: web === '' ? {} : { byPath: { web } } },
  }
}

/**
 * File Picker v8 options, all but `messaging`, which the page adds for each launch. Nothing is written by way
 * of the picker, and no pre-authenticated address is asked for: those must not reach a browser.
 */
export function pickerOptions(
  { isMultiple, maxFiles, types }: PickerRequest,
  { entry, hosts }: { readonly entry: PickerEntry['entry']; readonly hosts: UserHosts },
): Readonly<Record<string, unknown>> {
  const hasSites = hosts.sitesUrl !== null
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
        oneDrive: hosts.oneDrive !== null,
        recent: hosts.oneDrive !== null,
        sharedLibraries: hasSites,
        myOrganization: hasSites,
        site: hasSites,
      },
    },
    selection: isMultiple ? { mode: 'multiple', maximumCount: maxFiles } : { mode: 'single' },
    search: { enabled: true },
    commands: {
      pick: { action: 'select' },
      upload: { enabled: false },
      createFolder: { enabled: false },
    },
  }
}
