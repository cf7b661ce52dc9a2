import type { Entra } from './entra.ts'

export interface SilentAnswer {
  /** The service leads nobody to a redirect URI that is not registered (RFC 6749 §4.1.2.1). */
  readonly isLedBack: boolean
  /** Microsoft's number, of the redirect or of the page that was shown instead. */
  readonly aadsts: number | undefined
  /** By the clock there, in epoch milliseconds; `NaN` when it was not said. */
  readonly date: number
}

/**
 * Asks to be led back to our redirect URI without a page (`prompt=none`), as a browser in which nobody is signed
 * in. Without PKCE, which Entra demands for redirect URIs of single-page applications only (AADSTS9002325).
 */
export async function askSilently(entra: Entra): Promise<SilentAnswer> {
  const unused = crypto.randomUUID()
  const url = await entra.authorizationUrl({
    state: unused,
    nonce: unused,
    codeVerifier: unused,
    prompt: 'none',
  })
  url.searchParams.delete('code_challenge')
  url.searchParams.delete('code_challenge_method')
  const response = await fetch(url, { redirect: 'manual' })
  const location = response.headers.get('location') ?? ''
  const isLedBack = location.startsWith(`${entra.redirectUri}?`)
  // Nothing but the number is read.
  const [, aadsts] = /AADSTS(\d{4,8})/.exec(isLedBack ? location : await response.text()) ?? []
  return {
    isLedBack,
    aadsts: aadsts === undefined ? undefined : Number(aadsts),
    date: Date.parse(response.headers.get('date') ?? ''),
  }
}
