import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { anEntrada, type Entrada } from '../../support/entrada.ts'
import { signedIn } from '../../support/scene.ts'

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

test('every sign-in has its own S256 challenge, and the token call proves it [requirement 2]', async () => {
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

test('state and nonce are long, new each time and show nothing [requirement 3]', async () => {
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
      'with its essentials missing',
      { OPENID_SCOPE: 'profile User.Read' },
      'openid profile User.Read offline_access',
    ],
  ])('are the configured minimum %s [requirement 6]', async (_case, settings, scope) => {
    const url = await authorizeUrl(anEntrada({ settings }))
    expect(url.searchParams.get('scope')).toBe(scope)
  })

  test('of a carried-over API take part in consent and never in a token request', async () => {
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
      claims: '{}',
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

  test.each(['a\r\nset-cookie: x=1', 'nul\0', 'ünicode', ' spaced name', 'x'.repeat(257)])(
    'has the hint %j dropped whole [requirement 7]',
    async (hint) => {
      const url = await authorizeUrl(
        anEntrada(),
        `/.entrada/login?login_hint=${encodeURIComponent(hint)}`,
      )
      expect(url.searchParams.has('login_hint')).toBe(false)
    },
  )
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

test('a link on another site does not make a signed-in person change accounts [requirement 77]', async () => {
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
