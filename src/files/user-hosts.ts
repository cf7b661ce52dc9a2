import { parseJson, readJson } from '../json.ts'
import * as v from 'valibot'
import type { SharePointOrigin } from '../entra/access-token.ts'
import { EntradaFailure, FAILURES } from '../failure.ts'
import type { MicrosoftSettings } from '../settings/issuer.ts'
import type { OwnerLookups } from '../storage/lookup-cache.ts'
import type { DriveFiles } from './drive-files.ts'
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

export interface DiscoveryDeps {
  readonly files: DriveFiles
  readonly microsoft: MicrosoftSettings
  /** Of a SharePoint host the operator has named. */
  readonly baseUrl: URL | null
  readonly lookups: OwnerLookups
}

const KEY = 'sharepoint-hosts'
const PART = 'origins'
/** Hosts change when a tenant is renamed or a OneDrive moves to another region. */
const FRESH_SECONDS = 3600
/** Someone without a OneDrive may get one any minute. */
const FRESH_WITHOUT_DRIVE_SECONDS = 300
/** Half an answer serves for a moment, so that not every token costs three questions. */
const FRESH_HALF_SECONDS = 60
const LIFE_SECONDS = 7 * 86_400

const OWN_DRIVE = '/me/drive?$select=webUrl'
const ROOT_SITE = '/sites/root?$select=webUrl'
/** The root sites of all regions of a multi-geo tenant; their names follow no rule. */
const ROOT_SITES = '/sites?$select=webUrl,siteCollection&$filter=siteCollection/root ne null'

/** One place, or a list of them. */
const Places = v.object({
  webUrl: v.optional(v.string()),
  value: v.optional(v.array(v.object({ webUrl: v.string() })), []),
})

/** Nobody chooses files with a slow Graph in between: what comes later is asked for again later. */
const DEADLINE_MS = 8_000

/**
 * Finds the hosts through Graph, because names prove nothing: tenants are renamed, regions have hosts of their
 * own, and a guest's drive is elsewhere.
 * @param isAnew whether what is remembered has served badly, as it does after a tenant has been renamed
 * @throws EntradaFailure `sharepoint_not_found` when there is no host at all; what Graph's refusals mean
 */
export async function discoverHosts(deps: DiscoveryDeps, isAnew: boolean): Promise<UserHosts> {
  const { files, lookups, microsoft, baseUrl } = deps
  const [known] = await lookups.read([KEY], [PART])
  // What an earlier version of us has left may be of another form.
  const remembered = parseJson(known?.text, DiscoveredHosts)
  const isFresh = known?.isStale === false && !isAnew
  if (remembered !== null && isFresh) return hostsOf(remembered, microsoft, baseUrl)
  const [drive, root, regions] = await Promise.all([
    ask(files, OWN_DRIVE),
    ask(files, ROOT_SITE),
    ask(files, ROOT_SITES),
  ])
  const found: DiscoveredHosts = {
    oneDrive: drive.webUrls[0] ?? null,
    root: root.webUrls[0] ?? null,
    regions: regions.webUrls,
  }
  const trouble = drive.trouble ?? root.trouble ?? regions.trouble
  if (trouble !== null) {
    // While Microsoft does not answer, yesterday's hosts are better than none.
    if (remembered !== null && FAILURES[trouble.code].turn === 'wait') {
      return hostsOf(remembered, microsoft, baseUrl)
    }
    if (found.oneDrive === null && found.root === null) throw trouble
  }
  const freshOnes = found.oneDrive === null ? FRESH_WITHOUT_DRIVE_SECONDS : FRESH_SECONDS
  const freshSeconds = trouble === null ? freshOnes : FRESH_HALF_SECONDS
  const text = JSON.stringify(found)
  await lookups.complete(null, [
    { key: KEY, part: PART, text, freshSeconds, lifeSeconds: LIFE_SECONDS },
  ])
  return hostsOf(found, microsoft, baseUrl)
}

interface Answer {
  readonly webUrls: string[]
  /** Why there is no answer. That there is nothing, or nothing for this user, is one. */
  readonly trouble: EntradaFailure | null
}

async function ask(files: DriveFiles, path: string): Promise<Answer> {
  try {
    const answer = await files.ask(path, { deadlineMs: DEADLINE_MS })
    const read = await readJson(answer, Places)
    const places = read === null ? [] : [read, ...read.value]
    return { webUrls: places.flatMap(({ webUrl }) => webUrl ?? []), trouble: null }
  } catch (cause) {
    if (!(cause instanceof EntradaFailure)) throw cause
    // No drive, no licence, no right to list sites: each has its own status.
    const isNone = cause.code === 'file_not_found' || cause.code === 'file_forbidden'
    return { webUrls: [], trouble: isNone ? null : cause }
  }
}
