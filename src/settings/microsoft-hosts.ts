import type { MicrosoftSettings } from './issuer.ts'

/*
 * The one answer to "is this a Microsoft host": settings and files ask here, so that no configuration is accepted
 * which every request would refuse afterwards.
 */

/** URL parsers disagree about a backslash, a space and characters beyond ASCII. */
const AMBIGUOUS = /[^\x21-\x7e]|\\/

/**
 * A host name of plain labels. Microsoft uses no Punycode, no IP address and no trailing dot; attackers use them
 * for look-alikes.
 */
const PLAIN_HOST = /^(?:(?!xn--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$/

/** Parses a URL that every parser reads alike; `null` for any other text. */
export function parseUnambiguousUrl(text: string, base?: URL): URL | null {
  return AMBIGUOUS.test(text) ? null : URL.parse(text, base?.href)
}

/** Whether a URL is on a SharePoint host of this cloud, or on an origin of `SHAREPOINT_HOSTS`. */
export function isSharePointUrl(url: URL, microsoft: MicrosoftSettings): boolean {
  return isAccepted(url, microsoft, microsoft.cloud?.sharePointSuffixes ?? [])
}

/** Whether a URL is on a host that serves files of this cloud: a SharePoint host or a download host. */
export function isDownloadUrl(url: URL, microsoft: MicrosoftSettings): boolean {
  const { sharePointSuffixes = [], downloadSuffixes = [] } = microsoft.cloud ?? {}
  return isAccepted(url, microsoft, [...sharePointSuffixes, ...downloadSuffixes])
}

/**
 * Parses the origin of a SharePoint host of this cloud: `https://contoso.sharepoint.com`, lower-case in the result.
 * A path, a port or credentials make the result `null`. A final slash and capitals may differ, because Microsoft
 * writes its regions in capitals (`contosoEUR`).
 */
export function parseSharePointOrigin(text: string, microsoft: MicrosoftSettings): string | null {
  const url = parseUnambiguousUrl(text)
  const written = text.toLowerCase().replace(/\/$/, '')
  return url?.origin === written && isSharePointUrl(url, microsoft) ? url.origin : null
}

/** Whether a text is, letter by letter, the origin of Graph or of a SharePoint host of this cloud. */
export function isMicrosoftOrigin(text: string, microsoft: MicrosoftSettings): boolean {
  return text === microsoft.graph || text === parseSharePointOrigin(text, microsoft)
}

function isAccepted(
  url: URL,
  { extraOrigins }: MicrosoftSettings,
  suffixes: readonly string[],
): boolean {
  if (url.username !== '' || url.password !== '') return false
  return extraOrigins.includes(url.origin) || isUnder(suffixes, url)
}

/** Whether a URL is on a host under one of these domains, by https at the default port. */
function isUnder(suffixes: readonly string[], { protocol, port, hostname }: URL): boolean {
  return (
    protocol === 'https:' &&
    port === '' &&
    PLAIN_HOST.test(hostname) &&
    suffixes.some((suffix) => hostname.endsWith(suffix))
  )
}
