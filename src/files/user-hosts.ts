import { parseJson, readJson } from '../json.ts'
import * as v from 'valibot'
import type { SharePointOrigin } from '../entra/access-token.ts'
import { EntradaFailure, FAILURES } from '../failure.ts'
import type { MicrosoftSettings } from '../settings/issuer.ts'
import type { OwnerLookups } from '../storage/lookup-cache.ts'
import type { DriveFiles } from './drive-files.ts'
import { siblingsOf } from './sharepoint-hosts.ts'

/** The SharePoint hosts of one person's files. */
export interface UserHosts {
  /** The host of the person's OneDrive; `null` for guests, without a licence or before its first use. */
  readonly oneDrive: SharePointOrigin | null
  /** URL of the site that the picker shows first, without a slash at the end. */
  readonly sitesUrl: string | null
  /** Every host that may get a token, in all regions of the tenant. */
  readonly all: ReadonlySet<SharePointOrigin>
}

/** URLs that Graph has named, as the cache holds them. */
const DiscoveredHosts = v.object({
  oneDrive: v.nullable(v.string()),
  root: v.nullable(v.string()),
  regions: v.array(v.string()),
})
type DiscoveredHosts = v.InferOutput<typeof DiscoveredHosts>

/**
 * Derives the hosts. Checks each one, also from the cache, and adds `SHAREPOINT_HOSTS` and `SHAREPOINT_BASE_URL`.
 * @throws EntradaFailure `sharepoint_not_found` when there is none at all
 */
function hostsOf(
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
  /** The operator's `SHAREPOINT_BASE_URL`. */
  readonly baseUrl: URL | null
  readonly lookups: OwnerLookups
}

const KEY = 'sharepoint-hosts'
const PART = 'origins'
/** Hosts change only when a tenant is renamed or a OneDrive moves to another region. */
const FRESH_SECONDS = 3600
/** Shorter without a OneDrive, because a person may get one at any time. */
const FRESH_WITHOUT_DRIVE_SECONDS = 300
/** After an error, so that not every token costs three calls of Graph. */
const FRESH_AFTER_ERROR_SECONDS = 60
const LIFE_SECONDS = 7 * 86_400

const OWN_DRIVE = '/me/drive?$select=webUrl'
const ROOT_SITE = '/sites/root?$select=webUrl'
/** The root sites of all regions of a multi-geo tenant. Their names follow no rule. */
const ROOT_SITES = '/sites?$select=webUrl,siteCollection&$filter=siteCollection/root ne null'

/** A drive or site, or a list of sites. */
const GraphResponse = v.object({
  webUrl: v.optional(v.string()),
  value: v.optional(v.array(v.object({ webUrl: v.string() })), []),
})

/** Short, because a person waits for the picker; after a timeout the next request asks again. */
const DEADLINE_MS = 8_000

/**
 * Finds the hosts through Graph or the cache. The tenant's name would not do: tenants are renamed, regions have their
 * own hosts, and a guest's drive is in another tenant.
 * @param forceRefresh skips the cache: cached hosts may be wrong after a tenant was renamed
 * @throws EntradaFailure `sharepoint_not_found` without any host; what Graph refuses
 */
export async function discoverHosts(
  deps: DiscoveryDeps,
  forceRefresh: boolean,
): Promise<UserHosts> {
  const { files, lookups, microsoft, baseUrl } = deps
  const [cachedRow] = await lookups.read([KEY], [PART])
  // An earlier version may have stored another shape.
  const cached = parseJson(cachedRow?.text, DiscoveredHosts)
  const isFresh = cachedRow?.isStale === false && !forceRefresh
  if (cached !== null && isFresh) return hostsOf(cached, microsoft, baseUrl)
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
  const failure = drive.failure ?? root.failure ?? regions.failure
  if (failure !== null) {
    // Stale hosts are better than none while Microsoft does not respond.
    if (cached !== null && FAILURES[failure.code].turn === 'wait') {
      return hostsOf(cached, microsoft, baseUrl)
    }
    if (found.oneDrive === null && found.root === null) throw failure
  }
  const usualSeconds = found.oneDrive === null ? FRESH_WITHOUT_DRIVE_SECONDS : FRESH_SECONDS
  const freshSeconds = failure === null ? usualSeconds : FRESH_AFTER_ERROR_SECONDS
  const text = JSON.stringify(found)
  await lookups.complete(null, [
    { key: KEY, part: PART, text, freshSeconds, lifeSeconds: LIFE_SECONDS },
  ])
  return hostsOf(found, microsoft, baseUrl)
}

interface Discovery {
  readonly webUrls: string[]
  /** `null` also where Graph says that the person has no such drive or site. */
  readonly failure: EntradaFailure | null
}

async function ask(files: DriveFiles, path: string): Promise<Discovery> {
  try {
    const answer = await files.ask(path, { deadlineMs: DEADLINE_MS })
    const read = await readJson(answer, GraphResponse)
    const found = read === null ? [] : [read, ...read.value]
    return { webUrls: found.flatMap(({ webUrl }) => webUrl ?? []), failure: null }
  } catch (cause) {
    if (!(cause instanceof EntradaFailure)) throw cause
    // Graph's statuses for no drive, no licence and no right to list sites.
    const isNone = cause.code === 'file_not_found' || cause.code === 'file_forbidden'
    return { webUrls: [], failure: isNone ? null : cause }
  }
}
