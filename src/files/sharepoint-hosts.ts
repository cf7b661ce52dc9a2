import { EntradaFailure } from '../failure.ts'
import type { Resource, SharePointOrigin } from '../entra/access-token.ts'
import { isUnder } from '../settings/clouds.ts'
import type { MicrosoftSettings } from '../settings/issuer.ts'

/** URL parsers disagree about backslashes, blanks and letters beyond ASCII. */
const AMBIGUOUS = /[^\x21-\x7e]|\\/

/**
 * Reads the address of a redirect to a download host of this cloud.
 * @param base the URL that redirected, for relative addresses
 * @throws EntradaFailure `download_host_refused`
 */
export function requireDownloadUrl(text: string, microsoft: MicrosoftSettings, base?: URL): URL {
  const url = readDownloadUrl(text, microsoft, base)
  if (url !== null) return url
  const host = parse(text, base)?.hostname
  throw new EntradaFailure('download_host_refused', {
    detail: host
      ? `“${host}” is not a known download host of this cloud. The operator can add it to SHAREPOINT_HOSTS.`
      : 'Microsoft 365 sent an invalid download address.',
  })
}

/** `null` for anything but a URL on a download host of this cloud. */
export function readDownloadUrl(
  text: string,
  microsoft: MicrosoftSettings,
  base?: URL,
): URL | null {
  const url = parse(text, base)
  if (url === null || !isAccepted(url, microsoft, true)) return null
  // Rejects a host that is Microsoft's only after decoding: other parsers may read another host.
  const isPlain = text.toLowerCase().startsWith(`${url.origin}/`) || url.origin === base?.origin
  return isPlain ? url : null
}

/**
 * Reads the origin of a SharePoint host of this cloud; `null` for anything else, a path, port or credentials included.
 * Host discovery decides whether the host is one of the person's own.
 */
export function readSharePointOrigin(
  text: string,
  microsoft: MicrosoftSettings,
): SharePointOrigin | null {
  const url = parse(text)
  // Only the case may differ: Microsoft writes its regions in capitals, as in contosoEUR.
  const plain = text.toLowerCase()
  if (url === null || (plain !== url.origin && plain !== `${url.origin}/`)) return null
  return sharePointOriginOf(url, microsoft)
}

/** Finds which resource an origin is: Graph, a SharePoint host of this cloud, or neither (`null`). */
export function resourceOf(origin: string, microsoft: MicrosoftSettings | null): Resource | null {
  if (microsoft === null) return null
  return origin === microsoft.graph ? 'graph' : readSharePointOrigin(origin, microsoft)
}

/** The SharePoint host of a `webUrl` from Graph; `null` for any other host. */
export function sharePointOriginOf(
  url: URL,
  microsoft: MicrosoftSettings,
): SharePointOrigin | null {
  return isAccepted(url, microsoft, false) ? (url.origin as SharePointOrigin) : null
}

/**
 * The host of a `webUrl` and its pair: a tenant with `contoso.sharepoint.com` also owns `contoso-my`.
 * Only for hosts that Graph has named: a guessed tenant name may be another organisation's.
 */
export function siblingsOf(
  webUrl: string,
  microsoft: MicrosoftSettings,
): readonly SharePointOrigin[] {
  const url = URL.parse(webUrl)
  const origin = url === null ? null : sharePointOriginOf(url, microsoft)
  if (url === null || origin === null) return []
  const [name = '', ...domain] = url.hostname.split('.')
  if (microsoft.extraOrigins.includes(origin) || domain.length < 2) return [origin]
  const other = name.endsWith('-my') ? name.slice(0, -'-my'.length) : `${name}-my`
  const sibling = new URL(`https://${[other, ...domain].join('.')}`)
  return [origin, sharePointOriginOf(sibling, microsoft)].flatMap((one) => one ?? [])
}

function parse(text: string, base?: URL): URL | null {
  return AMBIGUOUS.test(text) ? null : URL.parse(text, base?.href)
}

function isAccepted(
  url: URL,
  { cloud, extraOrigins }: MicrosoftSettings,
  forDownload: boolean,
): boolean {
  if (url.username !== '' || url.password !== '') return false
  if (extraOrigins.includes(url.origin)) return true
  const { sharePointSuffixes = [], downloadSuffixes = [] } = cloud ?? {}
  const suffixes = forDownload ? [...sharePointSuffixes, ...downloadSuffixes] : sharePointSuffixes
  return isUnder(suffixes, url)
}
