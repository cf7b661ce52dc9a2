import { EntradaFailure } from '../failure.ts'
import type { Resource, SharePointOrigin } from '../entra/access-token.ts'
import type { MicrosoftSettings } from '../settings/issuer.ts'
import {
  isDownloadUrl,
  isSharePointUrl,
  parseSharePointOrigin,
  parseUnambiguousUrl,
} from '../settings/microsoft-hosts.ts'

/**
 * Reads the address of a redirect to a download host of this cloud.
 * @param base the URL that redirected, for relative addresses
 * @throws EntradaFailure `download_host_refused`
 */
export function requireDownloadUrl(text: string, microsoft: MicrosoftSettings, base?: URL): URL {
  const url = readDownloadUrl(text, microsoft, base)
  if (url !== null) return url
  const host = parseUnambiguousUrl(text, base)?.hostname
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
  const url = parseUnambiguousUrl(text, base)
  if (url === null || !isDownloadUrl(url, microsoft)) return null
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
  return parseSharePointOrigin(text, microsoft) as SharePointOrigin | null
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
  return isSharePointUrl(url, microsoft) ? (url.origin as SharePointOrigin) : null
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
