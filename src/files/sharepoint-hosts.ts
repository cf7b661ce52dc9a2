import { EntradaFailure } from '../failure.ts'
import type { SharePointOrigin } from '../entra/access-token.ts'
import type { MicrosoftSettings } from '../settings/issuer.ts'
import {
  isDownloadUrl,
  isSharePointUrl,
  parseSharePointOrigin,
  parseUnambiguousUrl,
} from '../settings/microsoft-hosts.ts'

/**
 * Where a redirect leads, if that is a host that serves files of this cloud.
 * @throws EntradaFailure `download_host_refused`
 */
export function requireDownloadUrl(text: string, microsoft: MicrosoftSettings, base?: URL): URL {
  const url = readDownloadUrl(text, microsoft, base)
  if (url !== null) return url
  const host = parseUnambiguousUrl(text, base)?.hostname
  throw new EntradaFailure('download_host_refused', {
    detail: host
      ? `“${host}” is no download host of this cloud. If it should be one, add it to SHAREPOINT_HOSTS.`
      : 'Microsoft 365 named an address that is none.',
  })
}

/** `null` for anything but an absolute address on a host that serves files of this cloud. */
export function readDownloadUrl(
  text: string,
  microsoft: MicrosoftSettings,
  base?: URL,
): URL | null {
  const url = parseUnambiguousUrl(text, base)
  if (url === null || !isDownloadUrl(url, microsoft)) return null
  // A host that had to be decoded or completed to be Microsoft's was written to be read as another.
  const isPlain = text.toLowerCase().startsWith(`${url.origin}/`) || url.origin === base?.origin
  return isPlain ? url : null
}

/**
 * The origin of a SharePoint host of this cloud, from nothing but an origin: a path, a port or credentials
 * make it something else. Whether the host is one of the user's own is for host discovery to say.
 */
export function readSharePointOrigin(
  text: string,
  microsoft: MicrosoftSettings,
): SharePointOrigin | null {
  return parseSharePointOrigin(text, microsoft) as SharePointOrigin | null
}

/** The SharePoint host a `webUrl` of Graph's is on. */
export function sharePointOriginOf(
  url: URL,
  microsoft: MicrosoftSettings,
): SharePointOrigin | null {
  return isSharePointUrl(url, microsoft) ? (url.origin as SharePointOrigin) : null
}

/**
 * The host of a `webUrl` and the other of its pair: a tenant that has `contoso.sharepoint.com` also has
 * `contoso-my`, and nobody else can. For a host that Graph has named, not for a guess at the tenant's name.
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
