import { EntradaFailure } from './failure.ts'

/** They change nothing (RFC 9110 §9.2.1), so another site may make a browser send them. */
export const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Proof that a state-changing request comes from our own pages: `Sec-Fetch-Site: same-origin`, or, from a
 * browser that does not send it, our `Origin`. Saying neither is not proof. SameSite cookies alone would let
 * a sibling host in.
 * @throws EntradaFailure `cross_site_refused`
 */
export function requireSameOrigin(request: Request, publicOrigin: string): void {
  const site = request.headers.get('sec-fetch-site')
  const origin = request.headers.get('origin')
  // A form on a page with `Referrer-Policy: no-referrer` says `Origin: null` even to its own site.
  const contradicts = origin !== null && origin !== 'null' && origin !== publicOrigin
  const isOurs = site === null ? origin === publicOrigin : site === 'same-origin'
  if (!isOurs || contradicts) throw new EntradaFailure('cross_site_refused')
}
