import {
  ConfidentialClientApplication,
  type Configuration,
  type INetworkModule,
  InteractionRequiredAuthError,
  type NetworkRequestOptions,
  type NetworkResponse,
  ServerError,
} from '@azure/msal-node'
import { describe, expect, test } from 'vitest'
import { CAST, CONTOSO, FABRIKAM } from '../directory/cast.ts'
import { createClientCertificate } from '../entra/client-certificate.ts'
import {
  CHALLENGE,
  REDIRECT_URI,
  RelyingParty,
  type RelyingPartyOptions,
  VERIFIER,
} from '../entra/relying-party.ts'

const GRAPH = 'https://graph.microsoft.com'
const SHAREPOINT = 'https://contoso.sharepoint.com'
const certificate = createClientCertificate()

/** MSAL's network client, connected to the sandbox in process. */
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

  test('finds its tokens in its cache, because scopes come back in the requested form', async () => {
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

  test('gets day-long tokens after it declares cp1', async () => {
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

  test('reads a missing consent as interaction_required', async () => {
    const app = application()
    await signIn(app)
    const error = await refusalOf(app, ['People.Read'])
    expect(error).toBeInstanceOf(InteractionRequiredAuthError)
    expect(error).toMatchObject({ errorCode: 'invalid_grant', subError: 'consent_required' })
  })

  test('reads the Conditional Access challenge', async () => {
    const app = application()
    await signIn(app)
    app.party.world.faults.set('entra.conditional_access')
    const error = await refusalOf(app, ['User.Read'])
    expect(error).toBeInstanceOf(InteractionRequiredAuthError)
    expect(error).toHaveProperty('claims', expect.stringContaining('capolids'))
  })

  test('reads a wrong secret as a server error with its AADSTS number', async () => {
    const app = application({}, { clientSecret: 'wrong' })
    const error = await signIn(app).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ServerError)
    expect(error).toMatchObject({ errorCode: 'invalid_client', errorNo: 7000215 })
  })
})
