import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { anEntrada, type Entrada } from '../../support/entrada.ts'
import { clock } from '../../support/clock.ts'
import { cookieHeaderOf, signedIn } from '../../support/scene.ts'

const NAVIGATION = {
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  accept: 'text/html',
}

async function startLogin(
  entrada: Entrada,
  path = '/.entrada/login',
  headers = {},
): Promise<Response> {
  return entrada.fetch(path, { headers: { ...NAVIGATION, ...headers } })
}

async function authorizeUrl(entrada: Entrada, path?: string, headers = {}): Promise<URL> {
  const response = await startLogin(entrada, path, headers)
  expect(response.status).toBe(302)
  return new URL(response.headers.get('location') ?? '')
}

test('requests only a code, in the query [requirement 1]', async () => {
  const url = await authorizeUrl(anEntrada())
  expect(url.searchParams.get('response_type')).toBe('code')
  expect(url.searchParams.get('response_mode')).toBe('query')
})

test('each sign-in uses a new S256 challenge, and the token request sends its verifier [requirement 2]', async () => {
  const entrada = anEntrada()
  const first = await authorizeUrl(entrada)
  const second = await authorizeUrl(entrada)
  expect(first.searchParams.get('code_challenge_method')).toBe('S256')
  expect(first.searchParams.get('code_challenge')).not.toBe(
    second.searchParams.get('code_challenge'),
  )

  const browser = entrada.browser()
  const page = await browser.signIn(CAST.adele.userPrincipalName)
  const asked = page.hops[0] ?? expect.unreachable()
  expect(asked.status).toBe(302)
  const authorize = entrada.sandbox.journal
    .to('login')
    .find(({ url }) => url.pathname.endsWith('/authorize'))
  const [redemption] = entrada.sandbox.journal.redemptions('authorization_code')
  const verifier = redemption?.form.get('code_verifier') ?? ''
  expect(verifier).toMatch(/^[A-Za-z0-9._~-]{43,128}$/)
  expect(createHash('sha256').update(verifier).digest('base64url')).toBe(
    authorize?.url.searchParams.get('code_challenge'),
  )
})

test('state and nonce are long, new for each sign-in and reveal nothing [requirement 3] [requirement 4]', async () => {
  const entrada = anEntrada()
  const seen = new Set<string>()
  for (let index = 0; index < 20; index++) {
    const url = await authorizeUrl(entrada, '/.entrada/login?return_to=%2Fsecret-project')
    for (const name of ['state', 'nonce']) {
      const value = url.searchParams.get(name) ?? ''
      expect(Buffer.from(value, 'base64url').length).toBeGreaterThanOrEqual(16)
      expect(Buffer.from(value, 'base64url').toString('latin1')).not.toContain('secret')
      seen.add(value)
    }
  }
  expect(seen.size).toBe(40)
})

test('every character of state is random, whoever goes wherever [requirement 3]', async () => {
  const entrada = anEntrada()
  const browser = await signedIn(entrada)
  const headers = { cookie: cookieHeaderOf(browser) }
  const returnPath = encodeURIComponent(`/secret-project?of=${'x'.repeat(300)}`)
  const states: string[] = []
  for (let index = 0; index < 20; index++) {
    for (const path of [
      `/.entrada/login?fresh=1&return_to=${returnPath}`,
      `/.entrada/login?step_up=1&return_to=${returnPath}`,
      `/.entrada/consent?feature=people&return_to=${returnPath}`,
    ]) {
      const url = await authorizeUrl(entrada, path, headers)
      expect(url.searchParams.get('login_hint')).toBe(CAST.adele.userPrincipalName)
      states.push(url.searchParams.get('state') ?? '')
    }
    await clock.advance(61)
  }
  for (const state of states) expect(state).toMatch(/^[\w-]{43}$/)
  // The last character holds four of the 256 bits: sixteen values at most.
  for (let place = 0; place < 43; place++) {
    expect(new Set(states.map((state) => state[place])).size).toBeGreaterThan(8)
  }
})

test('the verifier is in no address that the browser sees [requirement 2]', async () => {
  const entrada = anEntrada()
  const browser = await signedIn(entrada)
  const [redemption] = entrada.sandbox.journal.redemptions('authorization_code')
  const verifier = redemption?.form.get('code_verifier') ?? expect.unreachable()
  const seen = browser.page.hops.map(({ url }) => url.href)
  const asked = entrada.sandbox.journal
    .to('login')
    .filter(({ url }) => url.pathname.endsWith('/authorize'))
  for (const address of [...seen, ...asked.map(({ url }) => url.href)]) {
    expect(address).not.toContain(verifier)
  }
})

test.each(['https://evil.example', 'http://chat.contoso.example'])(
  'a request to %s gets the configured redirect_uri [requirement 5]',
  async (origin) => {
    const address = `${origin}/.entrada/login`
    const response = await anEntrada().fetch(new Request(address, { headers: NAVIGATION }))
    const location = new URL(response.headers.get('location') ?? '')
    expect(location.searchParams.get('redirect_uri')).toBe(
      'https://chat.contoso.example/oauth/openid/callback',
    )
  },
)

test.each([
  ['Host', { host: 'evil.example' }],
  ['X-Forwarded-Host', { 'x-forwarded-host': 'evil.example' }],
  ['X-Forwarded-Proto', { 'x-forwarded-proto': 'http' }],
  ['Forwarded', { forwarded: 'host=evil.example;proto=http' }],
  ['X-Original-URL', { 'x-original-url': 'https://evil.example/' }],
])('%s never changes a generated URL [requirement 5] [requirement 49]', async (_name, headers) => {
  const entrada = anEntrada()
  const url = await authorizeUrl(entrada, undefined, headers)
  expect(url.searchParams.get('redirect_uri')).toBe(
    'https://chat.contoso.example/oauth/openid/callback',
  )
  const page = await entrada.fetch('/somewhere?x=1', { headers: { ...NAVIGATION, ...headers } })
  expect(page.headers.get('location')).toBe(
    'https://chat.contoso.example/.entrada/login?return_to=%2Fsomewhere%3Fx%3D1',
  )
})

test('the host that a request was sent to never changes a generated URL [requirement 5] [requirement 49]', async () => {
  const entrada = anEntrada()
  // As for a route on a second domain: the runtime makes the URL of a request from its Host header.
  const ask = (path: string, headers: Record<string, string>) =>
    entrada.fetch(new Request(`https://evil.example${path}`, { headers }))
  const login = await ask('/.entrada/login', NAVIGATION)
  expect(new URL(login.headers.get('location') ?? '').searchParams.get('redirect_uri')).toBe(
    'https://chat.contoso.example/oauth/openid/callback',
  )
  const page = await ask('/somewhere?x=1', NAVIGATION)
  expect(page.headers.get('location')).toBe(
    'https://chat.contoso.example/.entrada/login?return_to=%2Fsomewhere%3Fx%3D1',
  )
  const problem = await ask('/api/messages', { accept: 'application/json' })
  expect(await problem.json()).toHaveProperty(
    'loginUrl',
    'https://chat.contoso.example/.entrada/login',
  )
})

describe('scopes', () => {
  test.each([
    ['by default', {}, 'openid profile email offline_access User.Read'],
    [
      'without token reuse',
      { OPENID_REUSE_TOKENS: 'false', ENABLE_SHAREPOINT_FILEPICKER: 'false' },
      'openid profile email User.Read',
    ],
    [
      'without required scopes',
      { OPENID_SCOPE: 'profile User.Read' },
      'openid profile User.Read offline_access',
    ],
  ])('are the configured minimum %s [requirement 6]', async (_case, settings, scope) => {
    const url = await authorizeUrl(anEntrada({ settings }))
    expect(url.searchParams.get('scope')).toBe(scope)
  })

  test.each([
    ['people', { USE_ENTRA_ID_FOR_PEOPLE_SEARCH: 'false' }],
    ['groups', { USE_ENTRA_ID_FOR_PEOPLE_SEARCH: 'false' }],
    ['files', { ENABLE_SHAREPOINT_FILEPICKER: 'false' }],
  ])(
    'of %s are not asked for where the feature is off [requirement 6]',
    async (feature, settings) => {
      const entrada = anEntrada({ settings })
      const browser = await signedIn(entrada)
      const headers = { cookie: cookieHeaderOf(browser) }
      const response = await startLogin(entrada, `/.entrada/consent?feature=${feature}`, headers)
      expect(response.headers.get('location')).toBeNull()
      expect(response.headers.get('entrada-error')).toBe('feature_off')
    },
  )

  test('of an API from an older configuration are part of consent and never of a token request', async () => {
    const scope =
      'openid profile email offline_access User.Read https://contoso.sharepoint.com/AllSites.Read'
    const entrada = anEntrada({ settings: { OPENID_SCOPE: scope } })
    const url = await authorizeUrl(entrada)
    expect(url.searchParams.get('scope')).toBe(scope)
    await entrada.browser().signIn(CAST.adele.userPrincipalName)
    const [redemption] = entrada.sandbox.journal.redemptions('authorization_code')
    expect(redemption?.form.get('scope')).toBe('openid profile email offline_access User.Read')
  })
})

describe('a caller', () => {
  test('cannot write parameters of the authorization request [requirement 7]', async () => {
    const entrada = anEntrada()
    const clean = await authorizeUrl(entrada)
    const injected = new URLSearchParams({
      response_type: 'token',
      response_mode: 'fragment',
      redirect_uri: 'https://evil.example/',
      scope: 'https://graph.microsoft.com/Mail.Read',
      prompt: 'none',
      client_id: 'other',
      state: 'mine',
      nonce: 'mine',
      code_challenge: 'mine',
      code_challenge_method: 'plain',
      claims: '{"access_token":{"acrs":{"essential":true}}}',
      acr_values: 'x',
      max_age: '0',
    })
    const url = await authorizeUrl(entrada, `/.entrada/login?${injected}`)
    expect([...url.searchParams.keys()]).toEqual([...clean.searchParams.keys()])
    for (const [name, value] of url.searchParams) {
      if (!['state', 'nonce', 'code_challenge'].includes(name)) {
        expect(value).toBe(clean.searchParams.get(name))
      }
      expect(value).not.toBe('mine')
    }
  })

  test('may pass on login_hint and domain_hint', async () => {
    const url = await authorizeUrl(
      anEntrada(),
      '/.entrada/login?login_hint=adele.vance%40contoso.example&domain_hint=contoso.example',
    )
    expect(url.searchParams.get('login_hint')).toBe('adele.vance@contoso.example')
    expect(url.searchParams.get('domain_hint')).toBe('contoso.example')
  })

  describe.each([
    ['login_hint', '/.entrada/login?'],
    ['domain_hint', '/.entrada/login?'],
    ['login_hint', '/.entrada/login?fresh=1&'],
  ])('of %s at %s', (name, address) => {
    test.each(['a\r\nset-cookie: x=1', 'nul\0', 'ünicode', ' spaced name', 'x'.repeat(257)])(
      'has the value %j dropped whole [requirement 7]',
      async (hint) => {
        const path = `${address}${name}=${encodeURIComponent(hint)}`
        const url = await authorizeUrl(anEntrada(), path)
        expect(url.searchParams.has(name)).toBe(false)
      },
    )
  })
})

test.each([
  ['an API call', { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
  ['an image', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
  ['a script', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }],
  ['a frame', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }],
  ['a service worker', { 'sec-fetch-mode': 'same-origin', 'sec-fetch-dest': 'serviceworker' }],
  ['a prefetch', { ...NAVIGATION, 'sec-purpose': 'prefetch' }],
  ['a prerender', { ...NAVIGATION, 'sec-purpose': 'prefetch;prerender' }],
  ['an old prefetch', { ...NAVIGATION, purpose: 'prefetch' }],
  ['a program', { accept: 'application/json' }],
])('%s cannot begin a sign-in and gets no cookie [requirement 19]', async (_who, headers) => {
  const entrada = anEntrada()
  const response = await entrada.fetch('/.entrada/login', { headers })
  expect(response.status).toBe(401)
  expect(response.headers.get('location')).toBeNull()
  expect(response.headers.getSetCookie()).toEqual([])
  expect(entrada.sandbox.journal.to('login')).toEqual([])
})

describe.each([
  '/.entrada/login?fresh=1',
  '/.entrada/consent?feature=people',
  '/.entrada/consent?feature=sign_in',
  '/.entrada/consent?feature=sign_in&admin=1',
])('%s', (path) => {
  test.each([
    ['a script', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' }],
    ['an image', { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }],
    ['a frame', { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }],
    ['a prefetch', { ...NAVIGATION, 'sec-purpose': 'prefetch' }],
  ])('begins no sign-in for %s of a signed-in person [requirement 19]', async (_who, headers) => {
    const entrada = anEntrada()
    const cookie = cookieHeaderOf(await signedIn(entrada))
    const response = await entrada.fetch(path, { headers: { ...headers, cookie } })
    expect(response.headers.get('location')).toBeNull()
    expect(response.headers.getSetCookie()).toEqual([])
  })
})

test('a link on another site does not change the account of a user with a session [requirement 77]', async () => {
  const entrada = anEntrada()
  const browser = await signedIn(entrada)
  const page = await browser.open(
    '/.entrada/login?login_hint=alex.wilber%40contoso.example&return_to=/whoami',
    {
      from: 'https://evil.example/',
    },
  )
  expect(page.url.pathname).toBe('/whoami')
  const session = await (await browser.fetch('/.entrada/session')).json()
  expect(session).toMatchObject({ user: { id: CAST.adele.id } })
})
