import { createPrivateKey, X509Certificate } from 'node:crypto'
import { serve } from '@hono/node-server'
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CAST, CONTOSO } from '../directory/cast.ts'
import { thumbprintOf } from '../entra/client-authentication.ts'
import { createClientCertificate } from '../entra/client-certificate.ts'
import { REDIRECT_URI, RelyingParty, SIGN_IN_SCOPE } from '../entra/relying-party.ts'
import { MICROSOFT_HOSTS } from '../hosts.ts'

const certificate = createClientCertificate()

describe('a standard OAuth client without Entra-specific code, over sockets', () => {
  const party = new RelyingParty({
    hosts: { ...MICROSOFT_HOSTS, login: 'http://127.0.0.1:0' },
    registration: { certificates: [certificate.certificate] },
  })
  let server: ReturnType<typeof serve>
  const insecure = { [oauth.allowInsecureRequests]: true }

  beforeAll(async () => {
    const listening = Promise.withResolvers<number>()
    server = serve(
      { fetch: (request) => party.fetch(request), hostname: '127.0.0.1', port: 0 },
      (info) => listening.resolve(info.port),
    )
    Object.assign(party.world.hosts, { login: `http://127.0.0.1:${await listening.promise}` })
  })
  afterAll(() => {
    server.close()
  })

  async function discover(authority: string = CONTOSO) {
    const issuer = new URL(`${party.world.hosts.login}/${authority}/v2.0`)
    const response = await oauth.discoveryRequest(issuer, insecure)
    const expected =
      authority === CONTOSO ? issuer : new URL(`${party.world.hosts.login}/{tenantid}/v2.0`)
    return oauth.processDiscoveryResponse(expected, response)
  }

  const client = { client_id: party.world.registration.clientId }
  const { clientSecrets } = party.world.registration
  const secret = clientSecrets[0] ?? ''

  async function privateKeyJwt(as: oauth.AuthorizationServer) {
    const pkcs8 = createPrivateKey(certificate.privateKey).export({ type: 'pkcs8', format: 'der' })
    const pss = { name: 'RSA-PSS', hash: 'SHA-256' }
    const key = await crypto.subtle.importKey('pkcs8', pkcs8, pss, false, ['sign'])
    return oauth.PrivateKeyJwt(key, {
      [oauth.modifyAssertion](header, payload) {
        header['x5t#S256'] = thumbprintOf(new X509Certificate(certificate.certificate))
        payload['aud'] = as.token_endpoint
      },
    })
  }

  test.each([
    ['a posted secret', async () => oauth.ClientSecretPost(secret)],
    ['a Basic header', async () => oauth.ClientSecretBasic(secret)],
    ['a certificate', privateKeyJwt],
  ])('signs in and refreshes with %s', async (_method, authentication) => {
    const as = await discover()
    const clientAuth = await authentication(as)
    const verifier = oauth.generateRandomCodeVerifier()
    const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()]
    const url = new URL(as.authorization_endpoint ?? '')
    url.search = new URLSearchParams({
      ...client,
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope: SIGN_IN_SCOPE,
      state,
      nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).toString()
    const answer = await party.signIn(CAST.adele, Object.fromEntries(url.searchParams))
    const callback = oauth.validateAuthResponse(as, client, answer, state)

    const response = await oauth.authorizationCodeGrantRequest(
      as,
      client,
      clientAuth,
      callback,
      REDIRECT_URI,
      verifier,
      insecure,
    )
    const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, {
      expectedNonce: nonce,
      requireIdToken: true,
    })
    await oauth.validateApplicationLevelSignature(as, response, insecure)
    expect(oauth.getValidatedIdTokenClaims(tokens)).toMatchObject({
      oid: CAST.adele.id,
      tid: CONTOSO,
    })

    const refreshing = await oauth.refreshTokenGrantRequest(
      as,
      client,
      clientAuth,
      tokens.refresh_token ?? '',
      { ...insecure, additionalParameters: { scope: SIGN_IN_SCOPE } },
    )
    const refreshed = await oauth.processRefreshTokenResponse(as, client, refreshing)
    await oauth.validateApplicationLevelSignature(as, refreshing, insecure)
    expect(refreshed.access_token).not.toBe(tokens.access_token)
  })

  test('finds a templated issuer at organizations and rejects it without a workaround', async () => {
    const as = await discover('organizations')
    expect(as.issuer).toBe(`${party.world.hosts.login}/{tenantid}/v2.0`)
    const issuer = new URL(`${party.world.hosts.login}/organizations/v2.0`)
    const response = await oauth.discoveryRequest(issuer, insecure)
    await expect(oauth.processDiscoveryResponse(issuer, response)).rejects.toMatchObject({
      code: oauth.JSON_ATTRIBUTE_COMPARISON,
    })
  })

  test('reads an error response as an OAuth error', async () => {
    const as = await discover()
    const response = await oauth.refreshTokenGrantRequest(
      as,
      client,
      oauth.ClientSecretPost(secret),
      'unknown',
      { ...insecure, additionalParameters: { scope: 'openid' } },
    )
    await expect(oauth.processRefreshTokenResponse(as, client, response)).rejects.toMatchObject({
      name: 'ResponseBodyError',
      error: 'invalid_grant',
      status: 400,
    })
  })

  test('keeps the single sign-on cookie on plain http loopback', async () => {
    const other = new RelyingParty({ hosts: party.world.hosts })
    const page = await other.authorize()
    expect(page.headers.getSetCookie()[0]).toMatch(/; HttpOnly; SameSite=Lax$/)
  })
})
