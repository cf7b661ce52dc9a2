import * as v from 'valibot'
import { EntradaFailure } from '../failure.ts'
import type { GraphError } from '../graph/graph-error.ts'
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

/**
 * Finds the hosts through Graph, because names prove nothing: tenants are renamed, regions have hosts of their
 * own, and a guest's drive is elsewhere.
 * @throws EntradaFailure `sharepoint_not_found` when there is no host at all; what Graph's refusals mean
 */
export async function discoverHosts(parts: DiscoveryParts): Promise<UserHosts> {
  const [known] = await parts.lookups.read([KEY], [PART])
  const remembered = known === undefined ? null : readFound(known.text)
  if (remembered !== null && known?.isStale === false) return hostsOf(remembered, parts.settings)
  try {
    return hostsOf(await findHosts(parts), parts.settings)
  } catch (cause) {
    // While Microsoft does not answer, yesterday's hosts are better than none.
    if (remembered !== null && isPassing(cause)) return hostsOf(remembered, parts.settings)
    throw cause
  }
}

async function findHosts(parts: DiscoveryParts): Promise<Found> {
  const [drive, root, regions] = await Promise.all([
    ask(parts, OWN_DRIVE),
    ask(parts, ROOT_SITE),
    ask(parts, ROOT_SITES),
  ])
  const failures = [drive, root].flatMap((answer) => (answer.ok ? [] : [answer.error]))
  const silence = failures.find(isSilence)
  const found = {
    oneDrive: drive.ok ? (readPlace(drive.json)?.webUrl ?? null) : null,
    root: root.ok ? (readPlace(root.json)?.webUrl ?? null) : null,
    regions: regions.ok ? readPlaces(regions.json) : [],
  }
  if (silence !== undefined) {
    if (failures.length === 2) throw fileFailureOf(silence)
    // Half an answer serves this time and is not remembered.
    return found
  }
  const freshSeconds = found.oneDrive === null ? FRESH_WITHOUT_DRIVE_SECONDS : FRESH_SECONDS
  const text = JSON.stringify(found)
  await parts.lookups.settle(null, [
    { key: KEY, part: PART, text, freshSeconds, lifeSeconds: LIFE_SECONDS },
  ])
  return found
}

type Answer =
  | { readonly ok: true; readonly json: unknown }
  | { readonly ok: false; readonly error: GraphError }

async function ask({ graph, tokens, bucket }: DiscoveryParts, path: string): Promise<Answer> {
  const answer = await graph.call(tokens, { path, bucket, headers: { 'user-agent': TRAFFIC_NAME } })
  if (!answer.ok) return answer
  return { ok: true, json: await answer.response.json().catch(() => null) }
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
  const sitesOrigin = found.find((origin) => origin !== own) ?? null
  const sitesUrl = files.baseUrl?.href ?? root ?? sitesOrigin
  if (own === null && sitesUrl === null) throw new EntradaFailure('sharepoint_not_found')
  return {
    oneDrive: own,
    sitesUrl: sitesUrl === null || originOf(sitesUrl) === null ? null : withoutSlash(sitesUrl),
    all: new Set([...found, ...added]),
  }
}

/** No drive, no licence, no right to list sites: each has its own status. Only silence is something else. */
function isSilence({ status }: GraphError): boolean {
  return status === 429 || status >= 500
}

function isPassing(cause: unknown): boolean {
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

function readPlace(json: unknown) {
  const parsed = v.safeParse(Place, json)
  return parsed.success ? parsed.output : null
}

function readPlaces(json: unknown): string[] {
  const parsed = v.safeParse(Places, json)
  return parsed.success ? parsed.output.value.map(({ webUrl }) => webUrl) : []
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
