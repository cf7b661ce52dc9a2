import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { aGuardedChat } from '../../support/chat-double.ts'
import { HOME } from '../../support/addresses.ts'
import { aScene } from '../../support/scene.ts'

const PORTAL = 'https://portal.contoso.example'

const FOREIGN_ORIGINS = [
  'https://evil.example',
  'http://chat.contoso.example',
  'https://chat.contoso.example:8443',
  'https://chat.contoso.example.evil.example',
  'https://evilchat.contoso.example',
  'https://www.chat.contoso.example',
  'https://contoso.example',
  'https://other.contoso.example',
  'https://portal.contoso.example.evil.example',
  'https://portal.contoso.example:444',
  'http://portal.contoso.example',
  'https://PORTAL.contoso.example.',
  'https://xportal.contoso.example',
  'null',
  'file://',
  'chrome-extension://abcdef',
  'capacitor://localhost',
  'http://localhost:3000',
  'http://127.0.0.1',
  'https://*.contoso.example',
]

describe('a write that another site makes a browser send', () => {
  test('as a form arrives without the cookie and gets no sign-in page [requirement 74]', async () => {
    const { browser, chat } = await aScene()
    const page = await browser.post('/api/delete', { all: 'yes' }, 'https://evil.example')
    expect(page.status).toBe(401)
    expect(chat.requests).toEqual([])
  })

  test('from a sibling host arrives with the cookie and is refused [requirement 74]', async () => {
    const { browser, chat } = await aScene()
    const page = await browser.post('/api/delete', { all: 'yes' }, 'https://www.contoso.example')
    expect(page.status).toBe(403)
    expect(page.headers.get('entrada-error')).toBe('cross_site_refused')
    expect(chat.requests).toEqual([])
  })

  test('to a path of CROSS_SITE_ROUTES passes', async () => {
    const { browser, chat } = await aScene({ settings: { CROSS_SITE_ROUTES: 'POST /saml/acs' } })
    const page = await browser.post(
      '/saml/acs',
      { SAMLResponse: 'x' },
      'https://www.contoso.example',
    )
    expect(page.status).toBe(200)
    expect(chat.last.headers.get('x-forwarded-user')).toBe(CAST.adele.id)
  })

  test('to a path of CROSS_SITE_ROUTES from another domain arrives without the cookie', async () => {
    const { browser, chat } = await aScene({ settings: { CROSS_SITE_ROUTES: 'POST /saml/acs' } })
    const page = await browser.post('/saml/acs', { SAMLResponse: 'x' }, 'https://evil.example')
    expect(page.status).toBe(401)
    expect(page.text).toContain('What you sent did not reach the chat.')
    expect(chat.requests).toEqual([])
  })

  test('to a path of SKIP_AUTH_ROUTES too passes from any domain, without identity headers', async () => {
    const { browser, chat } = await aScene({
      settings: {
        CROSS_SITE_ROUTES: 'POST /saml/acs',
        SKIP_AUTH_ROUTES: 'POST /saml/acs',
      },
    })
    browser.cookies.put({
      name: 'chat', value: '1', domain: 'chat.contoso.example', hostOnly: true, path: '/',
      secure: true, httpOnly: true, sameSite: 'none', expiresAt: null,
    }) // prettier-ignore
    const page = await browser.post('/saml/acs', { SAMLResponse: 'x' }, 'https://evil.example')
    expect(page.status).toBe(200)
    expect(chat.last.headers.get('cookie')).toBe('chat=1')
    expect(chat.last.headers.has('x-forwarded-user')).toBe(false)
  })

  test('links to the chat from another site pass', async () => {
    const { browser } = await aScene()
    const page = await browser.open('/c/1', { from: 'https://evil.example' })
    expect(page.status).toBe(200)
  })
})

describe('a WebSocket handshake', () => {
  test.each([
    ['another site', { origin: 'https://evil.example' }],
    ['a sibling host', { origin: 'https://www.contoso.example' }],
    ['a sandboxed frame', { origin: 'null' }],
    ['a request without Origin', {}],
  ])('from %s is refused before it reaches the chat [requirement 67]', async (_source, headers) => {
    const { entrada, chat, cookie } = await aScene()
    const response = await entrada.fetch('/ws', {
      headers: { upgrade: 'websocket', connection: 'Upgrade', cookie, ...headers },
    })
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ code: 'cross_site_refused' })
    expect(chat.requests).toEqual([])
  })

  test('from our own page passes [requirement 67]', async () => {
    const { entrada, chat, cookie } = await aScene()
    await entrada.fetch('/ws', {
      headers: { upgrade: 'websocket', connection: 'Upgrade', cookie, origin: HOME },
    })
    expect(chat.last.headers.get('upgrade')).toBe('websocket')
    expect(chat.last.headers.get('x-forwarded-user')).toBe(CAST.adele.id)
  })

  test('without a session gets a 401, neither a redirect nor an upgrade [requirement 66]', async () => {
    const { entrada, chat } = aGuardedChat()
    const response = await entrada.fetch('/ws', {
      headers: { upgrade: 'websocket', connection: 'Upgrade', origin: HOME },
    })
    expect(response.status).toBe(401)
    expect(response.headers.has('location')).toBe(false)
    expect(chat.requests).toEqual([])
  })
})

describe('CORS', () => {
  test.each(FOREIGN_ORIGINS)(
    '%s may read nothing, whatever CORS headers the chat sends [requirement 56]',
    async (origin) => {
      const { entrada, chat, cookie } = await aScene({ settings: { CORS_ORIGINS: PORTAL } })
      chat.answer(
        (request) =>
          new Response('x', {
            headers: {
              'access-control-allow-origin': request.headers.get('origin') ?? '*',
              'access-control-allow-credentials': 'true',
              'access-control-expose-headers': '*',
            },
          }),
      )
      const answers = [
        await entrada.fetch('/api', { headers: { cookie, origin } }),
        await entrada.fetch('/api', { headers: { origin } }),
        await entrada.fetch('/api', {
          method: 'OPTIONS',
          headers: { origin, 'access-control-request-method': 'GET' },
        }),
      ]
      for (const { headers } of answers) {
        expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
      }
    },
  )

  test('an allowed origin may read responses with the person’s cookies, the 401 with its sign-in URL included [requirement 56]', async () => {
    const { entrada, cookie } = await aScene({
      settings: {
        CORS_ORIGINS: `${PORTAL}, https://intranet.contoso.example`,
      },
    })
    const preflight = await entrada.fetch('/api', {
      method: 'OPTIONS',
      headers: {
        origin: PORTAL,
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'content-type',
      },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-methods')).toBe('PUT')
    expect(preflight.headers.get('access-control-allow-headers')).toBe('content-type')
    const answer = await entrada.fetch('/api', {
      method: 'PUT',
      body: 'x',
      headers: { cookie, origin: PORTAL },
    })
    const refusal = await entrada.fetch('/api', { headers: { origin: PORTAL } })
    expect([answer.status, refusal.status]).toEqual([200, 401])
    for (const { headers } of [preflight, answer, refusal]) {
      expect(headers.get('access-control-allow-origin')).toBe(PORTAL)
      expect(headers.get('access-control-allow-credentials')).toBe('true')
      expect(headers.get('vary')).toMatch(/Origin/)
    }
  })

  test('keeps the Vary header of the chat', async () => {
    const { entrada, chat, cookie } = await aScene({ settings: { CORS_ORIGINS: PORTAL } })
    chat.answer(() => new Response('x', { headers: { vary: 'Accept-Language' } }))
    const { headers } = await entrada.fetch('/api', { headers: { cookie, origin: PORTAL } })
    expect(headers.get('vary')).toBe('Accept-Language, Origin')
  })

  test('adds Vary: Origin to every response that differs by origin, also without Origin in the request', async () => {
    const { entrada, chat, cookie } = await aScene({ settings: { CORS_ORIGINS: PORTAL } })
    for (const vary of [null, 'Accept', 'accept, ORIGIN', '*']) {
      const headers = vary === null ? {} : { vary }
      chat.answer(() => new Response('x', { headers }))
      const answers = [
        await entrada.fetch('/api', { headers: { cookie } }),
        await entrada.fetch('/api', { headers: { cookie, origin: entrada.origin } }),
        await entrada.fetch('/api', { headers: { cookie, origin: PORTAL } }),
        await entrada.fetch('/api', { headers: { cookie, origin: 'https://evil.example' } }),
        await entrada.fetch('/api'),
        await entrada.fetch('/api', { headers: { accept: 'text/html' } }),
      ]
      for (const answer of answers) {
        expect(answer.headers.get('vary') ?? '').toMatch(/^\*$|\borigin\b/i)
      }
      expect(answers[0]?.headers.get('vary')).toBe(
        { null: 'Origin', Accept: 'Accept, Origin' }[String(vary)] ?? vary,
      )
    }
  })

  test('adds Vary: Origin where the chat itself allows origins', async () => {
    const { entrada, chat, cookie } = await aScene()
    chat.answer(() => new Response('x', { headers: { 'access-control-allow-origin': '*' } }))
    for (const headers of [{ cookie }, { cookie, origin: PORTAL }]) {
      expect((await entrada.fetch('/api', { headers })).headers.get('vary')).toBe('Origin')
    }
    chat.answer(() => new Response('x'))
    expect((await entrada.fetch('/api', { headers: { cookie } })).headers.has('vary')).toBe(false)
  })

  test('leaves the chat’s CORS headers unchanged on open routes', async () => {
    const { entrada, chat } = await aScene({ settings: { SKIP_AUTH_ROUTES: 'GET /public/*' } })
    chat.answer(() => new Response('x', { headers: { 'access-control-allow-origin': '*' } }))
    const { headers } = await entrada.fetch('/public/x', { headers: { origin: PORTAL } })
    expect(headers.get('access-control-allow-origin')).toBe('*')
  })

  test('leaves responses to the chat’s own pages unchanged', async () => {
    const { browser, chat } = await aScene()
    chat.answer(() => new Response('x', { headers: { 'access-control-allow-origin': '*' } }))
    const response = await browser.fetch('/api', { method: 'POST' })
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
  })

  test.each([
    '*',
    'portal.contoso.example',
    'https://portal.contoso.example/',
    'https://*.contoso.example',
  ])('%s is not an origin and is reported as a problem', async (value) => {
    const { entrada } = aGuardedChat({ settings: { CORS_ORIGINS: value } })
    expect((await entrada.fetch('/')).status).toBe(503)
    expect(entrada.logs.text).toContain('CORS_ORIGINS')
  })
})

describe('open routes', () => {
  const SETTINGS = { SKIP_AUTH_ROUTES: 'GET /health, POST /hook/*' }

  test.each([
    ['GET', '/health', {}],
    ['GET', '/health?from=probe', {}],
    ['POST', '/hook/teams', {}],
  ])('%s %s passes without a session', async (method, path, headers) => {
    const { entrada, chat } = aGuardedChat({ settings: SETTINGS })
    expect((await entrada.fetch(path, { method, headers })).status).toBe(200)
    expect(chat.requests).toHaveLength(1)
  })

  // Entrada requires no sign-in there, but another site could use a cookie that the chat itself set.
  test.each([
    ['a write', 'POST', '/hook/teams', {}],
    ['a WebSocket handshake', 'GET', '/health', { upgrade: 'websocket', connection: 'Upgrade' }],
  ])(
    '%s from another site does not pass with the chat’s own cookies [requirement 67]',
    async (_what, method, path, headers) => {
      const { entrada, chat } = aGuardedChat({ settings: SETTINGS })
      const foreign = {
        ...headers,
        cookie: 'app_session=1',
        origin: 'https://evil.example',
        'sec-fetch-site': 'cross-site',
      }
      const response = await entrada.fetch(path, { method, headers: foreign })
      expect(response.headers.get('entrada-error')).toBe('cross_site_refused')
      expect(chat.requests).toHaveLength(0)
    },
  )

  test('a write from another site passes if CROSS_SITE_ROUTES lists the route', async () => {
    const { entrada, chat } = aGuardedChat({
      settings: { ...SETTINGS, CROSS_SITE_ROUTES: 'POST /hook/teams' },
    })
    const headers = { cookie: 'app_session=1', origin: 'https://evil.example' }
    expect((await entrada.fetch('/hook/teams', { method: 'POST', headers })).status).toBe(200)
    expect(chat.requests).toHaveLength(1)
  })

  test.each([
    ['a query', 'GET', '/admin?/health', {}],
    ['an encoded #', 'GET', '/hook/%23/../../admin', {}],
    ['another method', 'DELETE', '/health', {}],
    ['X-Forwarded-Uri (GHSA-7x63-xv5r-3p2x)', 'GET', '/admin', { 'x-forwarded-uri': '/health' }],
    ['X-Original-URL', 'GET', '/admin', { 'x-original-url': '/health' }],
    ['X-Forwarded-Method', 'GET', '/hook/x', { 'x-forwarded-method': 'POST' }],
    ['an overridden method', 'GET', '/hook/x', { 'x-http-method-override': 'POST' }],
    [
      'a User-Agent of a prober (GHSA-5hvv-m4w4-gf6v)',
      'GET',
      '/admin',
      { 'user-agent': 'GoogleHC/1.0' },
    ],
    ['the User-Agent of Kubernetes', 'GET', '/admin', { 'user-agent': 'kube-probe/1.31' }],
    ['another Host', 'GET', '/admin', { host: 'health' }],
    [
      'forged CF headers',
      'GET',
      '/admin',
      { 'cf-worker': 'entrada', 'cf-connecting-ip': '127.0.0.1' },
    ],
    ['a user name', 'GET', '/admin', { 'x-forwarded-user': 'root' }],
    ['an encoded slash', 'POST', '/hook/..%2fadmin', {}],
    ['a path parameter', 'POST', '/hook/..;/admin', {}],
    ['a double slash', 'POST', '/hook//admin', {}],
    ['another case', 'GET', '/HEALTH', {}],
  ])('%s does not open one [requirement 57]', async (_trick, method, path, headers) => {
    const { entrada, chat } = aGuardedChat({ settings: SETTINGS })
    const response = await entrada.fetch(path, { method, headers })
    expect(response.status).toBe(401)
    expect(chat.requests).toEqual([])
  })

  test.each(['health', 'GET health', 'GET /a/../b', 'get /health', 'GET /a%2fb', 'GET /a*'])(
    'the rule “%s” is an invalid setting',
    async (rule) => {
      const { entrada } = aGuardedChat({ settings: { SKIP_AUTH_ROUTES: rule } })
      expect((await entrada.fetch('/')).status).toBe(503)
      expect(entrada.logs.text).toContain('SKIP_AUTH_ROUTES')
    },
  )
})
