import * as oauth from 'oauth4webapi'
import { USER_AGENT } from '../version.ts'
import { authorizationUrl } from './authorization.ts'
import type { Entra } from './entra.ts'
import { aadstsNumberIn, tokenErrorOf, type TokenError } from './token-error.ts'

/**
 * Reads the issuer's name and the number of its signing keys.
 * @throws EntradaFailure `sign_in_unavailable`, `identity_rejected`
 */
export async function describeIssuer({
  metadata,
  keys,
}: Entra): Promise<{ readonly issuer: string; readonly keyCount: number }> {
  const server = await metadata.read()
  return { issuer: server.issuer, keyCount: await keys.count(server) }
}

/**
 * Tries each credential, in the order of the setting, with the client credentials grant (RFC 6749 §4.4). Entra gives
 * such a token even to an app without permissions (“Controlling tokens without the roles claim”), and refuses a
 * credential as it does at a sign-in. The token is discarded.
 * @returns one entry per credential: `null` where it was accepted, else the error
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
  // The grant needs a tenant: `organizations` and `common` are refused (AADSTS50059).
  const template = /(?<=\/)(?:organizations|common)(?=\/)/
  const [tenant] = issuer.kind === 'template' ? allowedTenants : []
  const server = {
    ...rest,
    token_endpoint: tenant === undefined ? endpoint : endpoint.replace(template, tenant),
  }
  const attempts = credentials.inOrder.map(async (authentication) => {
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
  return Promise.all(attempts)
}

/** How the service answered an authorization request with `prompt=none`. */
export interface SilentResponse {
  /** `false` where the redirect URI is not registered: then the service shows a page (RFC 6749 §4.1.2.1). */
  readonly isRedirectedBack: boolean
  /** AADSTS number in the redirect, or in the page that was shown instead. */
  readonly aadsts: number | undefined
  /** The service's clock in epoch milliseconds; `NaN` without a `Date` header. */
  readonly serverTimeMs: number
}

/**
 * Sends an authorization request with `prompt=none`, as a browser would in which nobody is signed in. It has no PKCE
 * challenge, so that a redirect URI of a single-page application shows itself by AADSTS9002325.
 * @throws EntradaFailure `sign_in_unavailable`, `identity_rejected`; `TypeError` when the service cannot be reached
 */
export async function authorizeSilently(entra: Entra): Promise<SilentResponse> {
  const random = crypto.randomUUID()
  const secrets = { state: random, nonce: random, codeVerifier: random }
  const url = await authorizationUrl(entra, { ...secrets, prompt: 'none' })
  url.searchParams.delete('code_challenge')
  url.searchParams.delete('code_challenge_method')
  const response = await fetch(url, { redirect: 'manual', headers: { 'user-agent': USER_AGENT } })
  const location = response.headers.get('location') ?? ''
  const isLedBack = location.startsWith(`${entra.redirectUri}?`)
  return {
    isRedirectedBack: isLedBack,
    // Only the number is used of what the service wrote.
    aadsts: aadstsNumberIn(isLedBack ? location : await response.text()),
    serverTimeMs: Date.parse(response.headers.get('date') ?? ''),
  }
}
