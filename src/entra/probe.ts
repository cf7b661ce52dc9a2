import * as oauth from 'oauth4webapi'
import { authorizationUrl } from './authorization.ts'
import { USER_AGENT } from '../version.ts'
import type { Entra } from './entra.ts'
import { aadstsNumberIn, tokenErrorOf, type TokenError } from './token-error.ts'

/** What the service calls itself, and how many keys it signs with. */
export async function describeIssuer({
  metadata,
  keys,
}: Entra): Promise<{ readonly issuer: string; readonly keyCount: number }> {
  const server = await metadata.read()
  return { issuer: server.issuer, keyCount: await keys.count(server) }
}

/**
 * Presents each credential, in the order of the setting; `null` where it was accepted. By a grant of the app's
 * own: Entra grants it to an app that has been given nothing (client credentials flow, “Controlling tokens
 * without the roles claim”), and refuses as it does at a sign-in. The token is dropped.
 */
export async function tryCredentials({
  metadata,
  client,
  credentials,
  options,
  settings: { issuer },
}: Entra): Promise<readonly (TokenError | null)[]> {
  const { token_endpoint: endpoint = '', ...rest } = await metadata.read()
  const { allowedTenants, microsoft } = issuer
  const parameters = microsoft === null ? {} : { scope: `${microsoft.graph}/.default` }
  // `organizations` and `common` are no tenant an app could speak for (AADSTS50059).
  const template = /(?<=\/)(?:organizations|common)(?=\/)/
  const [tenant] = issuer.kind === 'template' ? allowedTenants : []
  const server = {
    ...rest,
    token_endpoint: tenant === undefined ? endpoint : endpoint.replace(template, tenant),
  }
  const tries = credentials.map(async (authentication) => {
    try {
      const response = await oauth.clientCredentialsGrantRequest(
        server,
        client,
        authentication,
        parameters,
        options,
      )
      await oauth.processClientCredentialsResponse(server, client, response)
      return null
    } catch (cause) {
      return tokenErrorOf(cause)
    }
  })
  return Promise.all(tries)
}

export interface SilentResponse {
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
export async function authorizeSilently(entra: Entra): Promise<SilentResponse> {
  const unused = crypto.randomUUID()
  const secrets = { state: unused, nonce: unused, codeVerifier: unused }
  const url = await authorizationUrl(entra, { ...secrets, prompt: 'none' })
  url.searchParams.delete('code_challenge')
  url.searchParams.delete('code_challenge_method')
  const response = await fetch(url, { redirect: 'manual', headers: { 'user-agent': USER_AGENT } })
  const location = response.headers.get('location') ?? ''
  const isLedBack = location.startsWith(`${entra.redirectUri}?`)
  return {
    isLedBack,
    // Nothing but the number is read.
    aadsts: aadstsNumberIn(isLedBack ? location : await response.text()),
    date: Date.parse(response.headers.get('date') ?? ''),
  }
}
