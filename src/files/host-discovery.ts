import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import type { Graph, GraphTokens } from '../graph/graph.ts'
import type { SharePointOrigin } from '../session/access-token.ts'
import type { Settings } from '../settings/settings.ts'
import type { OwnedLookups } from '../stores/lookup-cache.ts'
import { TRAFFIC_NAME } from './drive-files.ts'
import { fileFailureOf } from './file-failure.ts'
import { siblingsOf, sharePointOriginOf } from './sharepoint-hosts.ts'

/** The SharePoint hosts one user's files are on. */
export interface UserHosts {
  /** Where the user's own OneDrive is; `null` without one: guests, no licence, never opened. */
  readonly oneDrive: SharePointOrigin | null
  /** Address of the site to begin with, without a slash at the end. */
  readonly sitesUrl: string | null
  /** Every host a token may be for, in all of the tenant's regions. */
  readonly all: ReadonlySet<SharePointOrigin>
}

export interface DiscoveryParts {
  readonly graph: Graph
  readonly tokens: GraphTokens
  readonly settings: Settings
  readonly lookups: OwnedLookups
  readonly bucket: string
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
const ROOT_SITES = `/sites?$select=webUrl,siteCollection&$filter=${encodeURIComponent('siteCollection/root ne null')}`

const Found = v.object({
  oneDrive: v.nullable(v.string()),
  root: v.nullable(v.string()),
  regions: v.array(v.string()),
})
type Found = v.InferOutput<typeof Found>

const Place = v.object({ webUrl: v.string() })
const Places = v.object({ value: v.array(Place) })

/** Nobody chooses files with a slow Graph in between: what comes later is asked for again later. */
const DEADLINE_MS = 8_000

/**
 * Finds the hosts through Graph, because names prove nothing: tenants are renamed, regions have hosts of their
 * own, and a guest's drive is elsewhere.
 * @param isAnew whether what is remembered has served badly, as it does after a tenant has been renamed
 * @throws EntradaFailure `sharepoint_not_found` when there is no host at all; what Graph's refusals mean
 */
export async function discoverHosts(parts: DiscoveryParts, isAnew: boolean): Promise<UserHosts> {
  const [known] = await parts.lookups.read([KEY], [PART])
  const remembered = known === undefined ? null : readFound(known.text)
  if (remembered !== null && known?.isStale === false && !isAnew) {
    return hostsOf(remembered, parts.settings)
  }
  const { found, trouble } = await findHosts(parts)
  if (trouble !== null) {
    // While Microsoft does not answer, yesterday's hosts are better than none.
    if (remembered !== null && isPassing(trouble)) return hostsOf(remembered, parts.settings)
    if (found.oneDrive === null && found.root === null) throw trouble
  }
  await remember(found, parts, freshSecondsOf(found, trouble !== null))
  return hostsOf(found, parts.settings)
}

async function findHosts(parts: DiscoveryParts) {
  const [drive, root, regions] = await Promise.all([
    ask(parts, OWN_DRIVE),
    ask(parts, ROOT_SITE),
    ask(parts, ROOT_SITES),
  ])
  const found: Found = {
    oneDrive: drive.webUrls[0] ?? null,
    root: root.webUrls[0] ?? null,
    regions: regions.webUrls,
  }
  return { found, trouble: drive.trouble ?? root.trouble ?? regions.trouble }
}

async function remember(found: Found, { lookups }: DiscoveryParts, freshSeconds: number) {
  const text = JSON.stringify(found)
  await lookups.settle(null, [
    { key: KEY, part: PART, text, freshSeconds, lifeSeconds: LIFE_SECONDS },
  ])
}

function freshSecondsOf({ oneDrive }: Found, isHalf: boolean): number {
  if (isHalf) return FRESH_HALF_SECONDS
  return oneDrive === null ? FRESH_WITHOUT_DRIVE_SECONDS : FRESH_SECONDS
}

interface Answer {
  readonly webUrls: string[]
  /** Why there is no answer. That there is nothing, or nothing for this user, is one. */
  readonly trouble: EntradaFailure | null
}

async function ask({ graph, tokens, bucket }: DiscoveryParts, path: string): Promise<Answer> {
  const headers = { 'user-agent': TRAFFIC_NAME }
  try {
    const answer = await graph.call(tokens, { path, bucket, headers, deadlineMs: DEADLINE_MS })
    if (answer.ok) {
      const json: unknown = await answer.response.json().catch(() => null)
      return { webUrls: readWebUrls(json), trouble: null }
    }
    const failure = fileFailureOf(answer.error)
    // No drive, no licence, no right to list sites: each has its own status.
    const isNone = failure.code === 'file_not_found' || failure.code === 'file_forbidden'
    return { webUrls: [], trouble: isNone ? null : failure }
  } catch (cause) {
    if (isPassing(cause)) return { webUrls: [], trouble: cause }
    throw cause
  }
}

/** Every host is checked again, remembered or not, and the operator's own are added. */
function hostsOf({ oneDrive, root, regions }: Found, { issuer, files }: Settings): UserHosts {
  const { microsoft } = issuer
  if (microsoft === null) throw new EntradaFailure('feature_off')
  const configured = [
    ...microsoft.extraOrigins,
    ...(files.baseUrl === null ? [] : [files.baseUrl.origin]),
  ]
  const accepted = { ...microsoft, extraOrigins: configured }
  const originOf = (text: string) => {
    const url = URL.parse(text)
    return url === null ? null : sharePointOriginOf(url, accepted)
  }
  const own = oneDrive === null ? null : originOf(oneDrive)
  const found = [oneDrive, root, ...regions].flatMap((text) =>
    text === null ? [] : siblingsOf(text, accepted),
  )
  const added = configured.flatMap((text) => originOf(text) ?? [])
  const sitesUrl =
    [files.baseUrl?.href, root, found.find((origin) => origin !== own)].find(
      (text) => text && originOf(text) !== null,
    ) ?? null
  if (own === null && sitesUrl === null) throw new EntradaFailure('sharepoint_not_found')
  return {
    oneDrive: own,
    sitesUrl: sitesUrl === null ? null : withoutSlash(sitesUrl),
    all: new Set([...found, ...added]),
  }
}

function isPassing(cause: unknown): cause is EntradaFailure {
  return (
    cause instanceof EntradaFailure &&
    (cause.code === 'graph_unavailable' || cause.code === 'graph_throttled')
  )
}

/** `null` for what an earlier version of us has left. */
function readFound(text: string): Found | null {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Found), text)
  return parsed.success ? parsed.output : null
}

/** Of one place or a list of them. */
function readWebUrls(json: unknown): string[] {
  const parsed = v.safeParse(v.union([Place, Places]), json)
  if (!parsed.success) return []
  const { output } = parsed
  return ('value' in output ? output.value : [output]).map(({ webUrl }) => webUrl)
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
