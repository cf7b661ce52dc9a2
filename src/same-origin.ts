import { EntradaFailure } from './failure.ts'

/**
 * Proof that a state-changing request comes from our own pages: `Sec-Fetch-Site: same-origin`, or, from a
 * browser that does not send it, our `Origin`. Saying neither is not proof. SameSite cookies alone would let
 * a sibling host in.
 * @throws EntradaFailure `cross_site_refused`
 */
export function requireSameOrigin(request: Request, publicOrigin: string): void {
  const site = request.headers.get('sec-fetch-site')
  const origin = request.headers.get('origin')
  const isOurs = site === null ? origin === publicOrigin : site === 'same-origin'
  if (!isOurs || (origin !== null && origin !== publicOrigin)) {
    throw new EntradaFailure('cross_site_refused')
  }
}
