import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import type { SharePointOrigin } from '../session/access-token.ts'
import type { MicrosoftSettings } from '../settings/issuer.ts'
import { siblingsOf } from './sharepoint-hosts.ts'

/** The SharePoint hosts one user's files are on. */
export interface UserHosts {
  /** Where the user's own OneDrive is; `null` without one: guests, no licence, never opened. */
  readonly oneDrive: SharePointOrigin | null
  /** Address of the site to begin with, without a slash at the end. */
  readonly sitesUrl: string | null
  /** Every host a token may be for, in all of the tenant's regions. */
  readonly all: ReadonlySet<SharePointOrigin>
}

/** The addresses that Graph has named, as they are remembered. */
export const DiscoveredHosts = v.object({
  oneDrive: v.nullable(v.string()),
  root: v.nullable(v.string()),
  regions: v.array(v.string()),
})
export type DiscoveredHosts = v.InferOutput<typeof DiscoveredHosts>

/**
 * Every host is checked again, remembered or not, and the operator's own are added.
 * @throws EntradaFailure `sharepoint_not_found` when there is none at all
 */
export function hostsOf(
  { oneDrive, root, regions }: DiscoveredHosts,
  microsoft: MicrosoftSettings,
  baseUrl: URL | null,
): UserHosts {
  const extraOrigins = [...microsoft.extraOrigins, ...(baseUrl === null ? [] : [baseUrl.origin])]
  const hostsAt = (url: string | null) =>
    url === null ? [] : siblingsOf(url, { ...microsoft, extraOrigins })
  const [own = null] = hostsAt(oneDrive)
  const found = [oneDrive, root, ...regions].flatMap(hostsAt)
  const starts = [baseUrl?.href ?? null, root, found.find((origin) => origin !== own) ?? null]
  const sitesUrl = starts.find((url) => hostsAt(url).length > 0) ?? null
  if (own === null && sitesUrl === null) throw new EntradaFailure('sharepoint_not_found')
  return {
    oneDrive: own,
    sitesUrl: sitesUrl?.replace(/\/+$/, '') ?? null,
    all: new Set([...found, ...extraOrigins.flatMap(hostsAt)]),
  }
}
