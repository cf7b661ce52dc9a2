import { createPrivateKey, X509Certificate } from 'node:crypto'
import {
  ConfidentialClientApplication,
  type Configuration,
  type INetworkModule,
  InteractionRequiredAuthError,
  type NetworkRequestOptions,
  type NetworkResponse,
  ServerError,
} from '@azure/msal-node'
import { serve } from '@hono/node-server'
import * as oauth from 'oauth4webapi'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CAST, CONTOSO, FABRIKAM } from '../directory/cast.ts'
import { thumbprintOf } from '../entra/client-authentication.ts'
import { createClientCertificate } from '../entra/client-certificate.ts'
import {
  CHALLENGE,
  REDIRECT_URI,
  RelyingParty,
  type RelyingPartyOptions,
  SIGN_IN_SCOPE,
  VERIFIER,
} from '../entra/relying-party.ts'
import { MICROSOFT_HOSTS } from '../hosts.ts'

const GRAPH = 'https://graph.microsoft.com'
const SHAREPOINT = 'https://contoso.sharepoint.com'
const certificate = createClientCertificate()

/** MSAL's requests, answered in process. */
class SandboxNetwork implements INetworkModule {
  readonly requests: Request[] = []
  readonly #party: RelyingParty

  constructor(party: RelyingParty) {
    this.#party = party
  }

  sendGetRequestAsync<T>(url: string, options?: NetworkRequestOptions) {
    return this.#send<T>(new Request(url, { headers: options?.headers ?? {} }))
  }

  sendPostRequestAsync<T>(url: string, options?: NetworkRequestOptions) {
    const init = { method: 'POST', headers: options?.headers ?? {}, body: options?.body ?? '' }
    return this.#send<T>(new Request(url, init))
  }

  async #send<T>(request: Request): Promise<NetworkResponse<T>> {
    this.requests.push(request)
    const response = await this.#party.fetch(request)
    return {
      headers: Object.fromEntries(response.headers),
      body: await response.json(),
      status: response.status,
    }
  }
}

describe("Microsoft's own client library", () => {
  type Auth = Partial<Configuration['auth']>

  function application(options: RelyingPartyOptions = {}, auth: Auth = {}) {
    const party = new RelyingParty(options)
    const network = new SandboxNetwork(party)
    const { clientId, clientSecrets } = party.world.registration
    const hasOwnCredential = auth.clientCertificate !== undefined || auth.clientSecret !== undefined
    const msal = new ConfidentialClientApplication({
      auth: {
        clientId,
        authority: `https://login.microsoftonline.com/${party.authority}`,
        ...(hasOwnCredential ? {} : { clientSecret: clientSecrets[0] ?? '' }),
        ...auth,
      },
      system: { networkClient: network },
    })
    return { party, network, msal }
  }

  async function signIn(
    { party, msal }: ReturnType<typeof application>,
    account: { readonly userPrincipalName: string } = CAST.adele,
  ) {
    const url = await msal.getAuthCodeUrl({
      scopes: ['User.Read'],
      redirectUri: REDIRECT_URI,
      codeChallenge: CHALLENGE,
      codeChallengeMethod: 'S256',
      state: 'state-1',
      nonce: 'nonce-1',
    })
    const parameters = Object.fromEntries(new URL(url).searchParams)
    const answer = await party.signIn(account, parameters)
    return msal.acquireTokenByCode(
      {
        code: answer.get('code') ?? '',
        scopes: ['User.Read'],
        redirectUri: REDIRECT_URI,
        codeVerifier: VERIFIER,
        state: 'state-1',
        nonce: 'nonce-1',
      },
      { code: answer.get('code') ?? '', state: answer.get('state') ?? '' },
    )
  }

  const withCertificate = [
    { registration: { certificates: [certificate.certificate], clientSecrets: [] } },
    {
      clientCertificate: {
        thumbprintSha256: certificate.thumbprint,
        privateKey: certificate.privateKey,
      },
    },
  ] as const

  test.each([
    ['a secret', [{}, {}] as const],
    ['a certificate', withCertificate],
  ])('signs in and refreshes with %s', async (_credential, [options, auth]) => {
    const app = application(options, auth)
    const { party, msal } = app
    const signedIn = await signIn(app)
    expect(signedIn.account).toMatchObject({
      homeAccountId: `${CAST.adele.id}.${CONTOSO}`,
      tenantId: CONTOSO,
      username: CAST.adele.userPrincipalName,
      name: 'Adele Vance',
    })
    expect(signedIn.idTokenClaims).toMatchObject({ oid: CAST.adele.id, nonce: 'nonce-1' })
    expect(party.world.accessTokens.find(signedIn.accessToken)?.audience).toBe(GRAPH)

    const { account } = signedIn
    if (account === null) throw new Error('MSAL knows no account')
    const refreshed = await msal.acquireTokenSilent({
      account,
      scopes: ['User.Read'],
      forceRefresh: true,
    })
    expect(refreshed.fromCache).toBe(false)
    expect(refreshed.accessToken).not.toBe(signedIn.accessToken)
    const grant = party.world.accessTokens.find(refreshed.accessToken)
    expect(refreshed.expiresOn?.getTime()).toBeCloseTo(grant?.expiresAt ?? 0, -4)
  })

  test('finds what it got in its cache, so scopes are named as it named them', async () => {
    const app = application()
    const { account, accessToken } = await signIn(app)
    if (account === null) throw new Error('MSAL knows no account')
    const cached = await app.msal.acquireTokenSilent({ account, scopes: ['User.Read'] })
    expect(cached).toMatchObject({ fromCache: true, accessToken })
    const qualified = { account, scopes: [`${GRAPH}/User.Read`] }
    expect(await app.msal.acquireTokenSilent(qualified)).toMatchObject({ fromCache: false })
    expect(await app.msal.acquireTokenSilent(qualified)).toMatchObject({ fromCache: true })
  })

  test('redeems one refresh token for several resources', async () => {
    const app = application()
    const { party, msal } = app
    party.world.entra.grantAdminConsent(['AllSites.Read'], SHAREPOINT)
    await signIn(app)
    const [refreshToken = ''] = party.world.entra.minted.refreshTokens
    for (const [scope, audience] of [
      [`${SHAREPOINT}/.default`, SHAREPOINT],
      [`${GRAPH}/.default`, GRAPH],
    ] as const) {
      const result = await msal.acquireTokenByRefreshToken({ refreshToken, scopes: [scope] })
      const grant = party.world.accessTokens.find(result?.accessToken ?? '')
      expect(grant?.audience).toBe(audience)
    }
  })

  test.each(['organizations', 'common'])(
    'signs a person of another tenant in at %s',
    async (authority) => {
      const app = application({
        authority,
        registration: { signInAudience: 'AzureADMultipleOrgs' },
      })
      const { account } = await signIn(app, CAST.felix)
      expect(account).toMatchObject({ tenantId: FABRIKAM, username: CAST.felix.userPrincipalName })
    },
  )

  test('gets day-long tokens once it announces what it can handle', async () => {
    const app = application({}, { clientCapabilities: ['cp1'] })
    const { expiresOn } = await signIn(app)
    expect(expiresOn?.getTime()).toBeCloseTo(Date.now() + 24 * 60 * 60 * 1000, -4)
  })

  async function refusalOf(app: ReturnType<typeof application>, scopes: readonly string[]) {
    const [refreshToken = ''] = app.party.world.entra.minted.refreshTokens
    const refresh = app.msal.acquireTokenByRefreshToken({ refreshToken, scopes: [...scopes] })
    return refresh.then(
      () => null,
      (error: unknown) => error,
    )
  }

  test('reads a missing consent as "the person must interact"', async () => {
    const app = application()
    await signIn(app)
    const error = await refusalOf(app, ['People.Read'])
    expect(error).toBeInstanceOf(InteractionRequiredAuthError)
    expect(error).toMatchObject({ errorCode: 'invalid_grant', subError: 'consent_required' })
  })

  test('finds the challenge of conditional access', async () => {
    const app = application()
    await signIn(app)
    app.party.world.faults.set('entra.conditional_access')
    const error = await refusalOf(app, ['User.Read'])
    expect(error).toBeInstanceOf(InteractionRequiredAuthError)
    expect(error).toHaveProperty('claims', expect.stringContaining('capolids'))
  })

  test('reads a wrong secret as an error of the server, with its number', async () => {
    const app = application({}, { clientSecret: 'wrong' })
    const error = await signIn(app).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ServerError)
    expect(error).toMatchObject({ errorCode: 'invalid_client', errorNo: 7000215 })
  })
})

describe('a client that knows the standards and nothing of Entra, over sockets', () => {
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

  test('finds a templated issuer at organizations and refuses it as it stands', async () => {
    const as = await discover('organizations')
    expect(as.issuer).toBe(`${party.world.hosts.login}/{tenantid}/v2.0`)
    const issuer = new URL(`${party.world.hosts.login}/organizations/v2.0`)
    const response = await oauth.discoveryRequest(issuer, insecure)
    await expect(oauth.processDiscoveryResponse(issuer, response)).rejects.toMatchObject({
      code: oauth.JSON_ATTRIBUTE_COMPARISON,
    })
  })

  test('reads a refusal as what it is', async () => {
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

  test('the cookie of single sign-on works on plain http loopback', async () => {
    const other = new RelyingParty({ hosts: party.world.hosts })
    const page = await other.authorize()
    expect(page.headers.getSetCookie()[0]).toMatch(/; HttpOnly; SameSite=Lax$/)
  })
})
