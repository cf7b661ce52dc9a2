import { afterEach, expect, test } from 'vitest'
import { authorizationUrl, readAuthorizationResponse } from '../../../src/entra/authorization.ts'
import { createEntra } from '../../../src/entra/entra.ts'
import { redeemCode, redeemRefreshToken } from '../../../src/entra/token-endpoint.ts'
import { readSettings } from '../../../src/settings/settings.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { startCertifiedProvider, type CertifiedProvider } from '../../support/certified-provider.ts'
import { anEntrada, type Entrada, type TestSettings } from '../../support/entrada.ts'
import { runInBackground } from '../../support/platform/workers-globals.ts'
import { cookieHeaderOf } from '../../support/scene.ts'

/*
 * Any standards-compliant issuer works for sign-in alone. npm `oidc-provider` is certified by the OpenID
 * Foundation and not written by us, so it checks the protocol independently of the sandbox.
 */

const HOME = 'http://localhost:8787'
const CLIENT = {
  clientId: 'entrada',
  clientSecret: 'a secret: with/special+characters%and=more',
  redirectUri: `${HOME}/oauth/openid/callback`,
  signedOutUri: `${HOME}/.entrada/signed-out`,
}

let provider: CertifiedProvider
let entrada: Entrada

afterEach(() => provider.close())

async function start(settings: TestSettings = {}): Promise<void> {
  provider = await startCertifiedProvider({
    ...CLIENT,
    backChannelLogoutUri: `${HOME}/.entrada/backchannel-logout`,
    deliver: (request) => entrada.fetch(request),
  })
  entrada = anEntrada({
    settings: {
      DOMAIN_SERVER: HOME,
      OPENID_ISSUER: provider.issuer,
      OPENID_CLIENT_ID: CLIENT.clientId,
      OPENID_CLIENT_SECRET: CLIENT.clientSecret,
      ...settings,
    },
    hosts: { [provider.issuer]: provider.answer },
  })
}

async function signIn(address = '/'): Promise<Browser> {
  const browser = entrada.browser()
  await browser.open(address)
  await browser.submit({ fields: { login: 'ada', password: 'x' } })
  if (browser.page.url.origin !== HOME) await browser.submit({})
  return browser
}

test('a user signs in with discovery, PKCE, response issuer and signed id token, and reaches the chat', async () => {
  await start()
  const browser = await signIn('/echo?from=op')
  expect(browser.page.url.href).toBe(`${HOME}/echo?from=op`)
  const session = await (await browser.fetch('/.entrada/session')).json()
  // By OIDC Core §5.4 the UserInfo endpoint returns the claims of a scope, not the id token.
  expect(session).toMatchObject({
    user: {
      id: 'ada',
      tenantId: provider.issuer,
      name: 'ada of the Certified',
      email: 'ada@op.example',
    },
  })
})

test('a client of ours that requires reauthentication gets it from this issuer', async () => {
  const client = {
    client_id: 'chat',
    client_secret: 's'.repeat(32),
    redirect_uris: [`${HOME}/back`],
  }
  await start({ OIDC_CLIENTS: JSON.stringify([client]) })
  const browser = await signIn()
  const url = new URL(`${HOME}/.entrada/oidc/authorize`)
  url.search = new URLSearchParams({
    client_id: 'chat',
    redirect_uri: `${HOME}/back`,
    response_type: 'code',
    scope: 'openid',
    prompt: 'login',
  }).toString()
  const { hops } = await browser.open(url.href)
  const asked = hops.find(
    (hop) => hop.url.origin === provider.issuer && hop.url.searchParams.has('prompt'),
  )
  // A request with max_age obliges the issuer to send auth_time (OIDC Core §3.1.2.1).
  expect(asked?.url.searchParams.get('max_age')).toBe('900')
  await browser.submit({ fields: { login: 'ada', password: 'x' } })
  if (browser.page.url.origin !== HOME) await browser.submit({})
  const answer = browser.page.hops.find(({ url: { pathname } }) => pathname === '/back')
  expect(answer?.url.searchParams.has('code')).toBe(true)
})

test('Microsoft features are off and do not fail', async () => {
  await start()
  const browser = await signIn()
  const session = await (await browser.fetch('/.entrada/session')).json<{ features: object }>()
  expect(session.features).toEqual({ people: 'off', groups: 'off', files: 'off' })
  for (const path of ['/.entrada/people?q=ada', '/.entrada/picker', '/.entrada/files/b!x/01A']) {
    const response = await browser.fetch(path)
    expect([path, response.headers.get('entrada-error') ?? response.status]).not.toContain(
      'internal',
    )
    expect(response.status).toBeLessThan(500)
  }
})

test('a wrong secret is a failure for the operator', async () => {
  await start({ OPENID_CLIENT_SECRET: 'not the one' })
  const browser = await signIn()
  expect(browser.page.headers.get('entrada-error')).toBe('registration_rejected')
})

test('the second secret is tried when the first is refused', async () => {
  await start({ OPENID_CLIENT_SECRET: `rotated-out,${CLIENT.clientSecret}` })
  const browser = await signIn()
  expect(browser.page.url.origin).toBe(HOME)
  expect((await browser.fetch('/.entrada/session')).status).toBe(200)
})

test('signing out ends the session at the issuer as well', async () => {
  await start()
  const browser = await signIn()
  const response = await browser.fetch('/.entrada/logout', { method: 'POST' })
  const { redirect } = await response.json<{ redirect: string }>()
  const page = await browser.open(redirect)
  expect(new URL(redirect).searchParams.get('id_token_hint')).toBeTruthy()
  const last = page.url.origin === HOME ? page : await browser.submit({ button: ['logout', 'yes'] })
  expect([last.url.pathname, last.status]).toEqual(['/.entrada/signed-out', 200])
  const next = await browser.open(`${HOME}/`)
  expect(next.url.origin).toBe(provider.issuer)
})

test('a logout token of the issuer ends the session without the browser [requirement 86]', async () => {
  await start()
  const browser = await signIn()
  const cookie = cookieHeaderOf(browser)
  // A sign-out at the provider sends a logout token to every application.
  await browser.open(`${provider.issuer}/session/end?client_id=${CLIENT.clientId}`)
  await browser.submit({ button: ['logout', 'yes'] })
  expect((await entrada.fetch('/.entrada/session', { headers: { cookie } })).status).toBe(401)
  expect(entrada.logs.text).toContain('signed_out_by_notice')
})

test('a refresh token is redeemed for a new one, and an unknown one ends the grant', async () => {
  await start()
  const result = readSettings({ ...entrada.settings })
  if (!result.ok) throw new Error('the settings do not hold')
  const entra = createEntra(result.settings, {
    read: async () => null,
    put: async () => undefined,
  })
  const secrets = { state: 's'.repeat(43), nonce: 'n'.repeat(43), codeVerifier: 'v'.repeat(43) }
  const inWorker = <T>(work: () => Promise<T>) =>
    runInBackground((request) => entrada.internet.fetch(request), work)
  const browser = entrada.browser()
  await browser.open((await inWorker(() => authorizationUrl(entra, secrets))).href)
  await browser.submit({ fields: { login: 'ada', password: 'x' } })
  await browser.submit({})
  const callback = browser.page.hops.find(({ url }) => url.pathname === '/oauth/openid/callback')
  const answer = await inWorker(() =>
    readAuthorizationResponse(
      entra,
      callback?.url.searchParams ?? new URLSearchParams(),
      secrets.state,
    ),
  )
  if (!answer.ok) throw new Error(answer.error)
  const redeemed = await inWorker(() => redeemCode(entra, answer.parameters, secrets))
  if (!redeemed.ok) throw new Error(redeemed.error.kind)
  const refresh = (token: string | null) =>
    inWorker(() =>
      redeemRefreshToken(entra, token ?? '', {
        scope: 'openid',
        expected: { subject: 'ada', tenantId: entra.settings.issuer.authority.href, userId: 'ada' },
        verifyIdToken: true,
      }),
    )
  const first = await refresh(redeemed.tokens.refreshToken)
  expect(first).toMatchObject({ ok: true, tokens: { refreshToken: expect.any(String) } })
  expect(await refresh('made up')).toMatchObject({ ok: false, error: { kind: 'gone' } })
})
