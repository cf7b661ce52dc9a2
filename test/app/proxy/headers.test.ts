import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { aGuardedChat } from '../../support/chat-double.ts'
import { contoso, thePerson } from '../membership/fixture.ts'
import { cookieHeaderOf, signedIn } from '../../support/scene.ts'

const SPELLINGS = [
  'X-Forwarded-User',
  'x-forwarded-user',
  'X_Forwarded_User',
  'x_forwarded-user',
  'X-Forwarded_User',
  'X-FORWARDED-USER',
  'X.Forwarded.User',
  'X-Forwarded-Email',
  'x_forwarded_email',
  'X-Forwarded-Name',
  'X-Forwarded-Groups',
  'x_forwarded_groups',
  'X-Forwarded-Preferred-Username',
  'X-Forwarded-Access-Token',
  'X-Forwarded-Uri',
  'Forwarded',
  'Entrada-Assertion',
  'entrada_assertion',
  'Entrada-Origin-Secret',
  'X-OpenWebUI-User-Email',
  'x_openwebui_user_role',
  'X-Tenant-Id',
  'Remote-User',
  'X-Auth-Request-Email',
  'X-Original-URL',
  'Cf-Access-Jwt-Assertion',
  'X-Goog-Iap-Jwt-Assertion',
  'OIDC_CLAIM_email',
  'X-Vouch-User',
  'X-User-Email',
  'True-Client-IP',
] as const

const LIE = 'mallory'

function valuesAt(chat: { readonly last: Request }): string {
  return [...chat.last.headers.values()].join('\n')
}

describe('the request headers of the chat', () => {
  test('generic: name the person in five headers and an assertion', async () => {
    const { entrada, chat } = aGuardedChat()
    const browser = await signedIn(entrada)
    await browser.fetch('/api/threads?page=2')
    expect(chat.last.url).toBe('https://origin.contoso.example/api/threads?page=2')
    expect(Object.fromEntries(chat.last.headers)).toMatchObject({
      'x-forwarded-user': CAST.adele.id,
      'x-forwarded-email': 'adele.vance@contoso.example',
      'x-forwarded-preferred-username': CAST.adele.userPrincipalName,
      'x-forwarded-name': 'Adele Vance',
      'entrada-assertion': expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
    })
  })

  test('have our X-Forwarded-* in place of the client’s', async () => {
    const { entrada, chat } = aGuardedChat()
    const browser = entrada.browser('198.51.100.4')
    await browser.signIn(CAST.adele.userPrincipalName)
    await browser.fetch('/', {
      headers: {
        'x-forwarded-for': '10.0.0.1',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'http',
      },
    })
    expect(chat.last.headers.get('x-forwarded-for')).toBe('198.51.100.4')
    expect(chat.last.headers.get('x-forwarded-host')).toBe('chat.contoso.example')
    expect(chat.last.headers.get('x-forwarded-proto')).toBe('https')
  })

  test.each(SPELLINGS)('never contain %s of a client [requirement 59]', async (name) => {
    const { entrada, chat } = aGuardedChat({ settings: { SKIP_AUTH_ROUTES: 'GET /public/*' } })
    const browser = await signedIn(entrada)
    await browser.fetch('/api', { headers: { [name]: LIE } })
    expect(valuesAt(chat)).not.toContain(LIE)
    await entrada.fetch('/public/logo.png', { headers: { [name]: LIE } })
    expect(chat.last.url).toBe('https://origin.contoso.example/public/logo.png')
    expect(valuesAt(chat)).not.toContain(LIE)
    await browser.fetch('/ws', {
      headers: { upgrade: 'websocket', connection: 'Upgrade', origin: entrada.origin, [name]: LIE },
    })
    expect(chat.last.url).toBe('https://origin.contoso.example/ws')
    expect(valuesAt(chat)).not.toContain(LIE)
  })

  test('never contain several spellings of one name, in any order', async () => {
    const { entrada, chat } = aGuardedChat()
    const browser = await signedIn(entrada)
    const session = cookieHeaderOf(browser)
    const headers = new Headers({ cookie: session })
    for (const name of SPELLINGS) for (const lie of [LIE, `${LIE}2`]) headers.append(name, lie)
    await entrada.fetch('/api', { headers })
    expect(valuesAt(chat)).not.toContain(LIE)
    expect(chat.last.headers.get('x-forwarded-user')).toBe(CAST.adele.id)
  })

  test('have our X-Forwarded-* on open routes too', async () => {
    const { entrada, chat } = aGuardedChat({ settings: { SKIP_AUTH_ROUTES: 'GET /public/*' } })
    await entrada.browser('198.51.100.4').fetch('/public/x', {
      headers: {
        'x-forwarded-for': '10.0.0.1',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'http',
        'x-forwarded-port': '1',
        'x-forwarded-prefix': '/evil',
      },
    })
    const forwarded = [...chat.last.headers].filter(([name]) => name.startsWith('x-forwarded-'))
    expect(Object.fromEntries(forwarded)).toEqual({
      'x-forwarded-for': '198.51.100.4',
      'x-forwarded-host': 'chat.contoso.example',
      'x-forwarded-proto': 'https',
    })
  })

  test('contain no identity on open routes, even for a user with a session', async () => {
    const { entrada, chat } = aGuardedChat({ settings: { SKIP_AUTH_ROUTES: 'GET /public/*' } })
    const browser = await signedIn(entrada)
    await browser.load('/public/logo.png', 'image')
    expect(valuesAt(chat)).not.toMatch(/adele|__Host-entrada|eyJ/i)
    expect(chat.last.headers.get('x-forwarded-host')).toBe('chat.contoso.example')
  })

  test('contain no method override on open routes', async () => {
    const { entrada, chat } = aGuardedChat({ settings: { SKIP_AUTH_ROUTES: 'GET /public/*' } })
    await entrada.fetch('/public/x', { headers: { 'x-http-method-override': 'DELETE' } })
    expect(chat.last.headers.has('x-http-method-override')).toBe(false)
  })
})

describe('headers between the chat and its page', () => {
  test('its cookies pass byte for byte and in order, ours are removed [requirement 60]', async () => {
    const { entrada, chat } = aGuardedChat()
    const browser = await signedIn(entrada)
    const session = cookieHeaderOf(browser)
    await entrada.fetch('/api', {
      headers: { cookie: `z=1; ${session}; a="x,y"; __Host-entrada-login-1=x; m==;  b` },
    })
    expect(chat.last.headers.get('cookie')).toBe('z=1; a="x,y"; m==;  b')
  })

  test('a request with our cookies only reaches it without a Cookie header', async () => {
    const { entrada, chat } = aGuardedChat()
    const browser = await signedIn(entrada)
    await browser.fetch('/api')
    expect(chat.last.headers.has('cookie')).toBe(false)
  })

  test('its Authorization passes unchanged [requirement 61]', async () => {
    const { entrada, chat } = aGuardedChat()
    const browser = await signedIn(entrada)
    await browser.fetch('/api', { headers: { authorization: 'Bearer of-the-chat' } })
    expect(chat.last.headers.get('authorization')).toBe('Bearer of-the-chat')
  })

  test('hop-by-hop headers are removed, those that Connection lists included [requirement 72]', async () => {
    const { entrada, chat } = aGuardedChat()
    const browser = await signedIn(entrada)
    await browser.fetch('/api', {
      headers: {
        connection: 'keep-alive, X-Hop, Upgrade',
        'x-hop': '1',
        'keep-alive': 'timeout=5',
        'proxy-authorization': 'Basic x',
        te: 'trailers',
        upgrade: 'h2c',
        'x-stays': '1',
      },
    })
    const names = [...chat.last.headers.keys()]
    expect(names).toContain('x-stays')
    for (const name of [
      'connection',
      'x-hop',
      'keep-alive',
      'proxy-authorization',
      'te',
      'upgrade',
    ]) {
      expect(names).not.toContain(name)
    }
  })

  test('a client cannot remove our headers with Connection [requirement 72]', async () => {
    const { entrada, chat } = aGuardedChat()
    const browser = await signedIn(entrada)
    await browser.fetch('/api', {
      headers: { connection: 'X-Forwarded-User, Entrada-Assertion, X-Forwarded-For' },
    })
    expect(chat.last.headers.get('x-forwarded-user')).toBe(CAST.adele.id)
    expect(chat.last.headers.has('entrada-assertion')).toBe(true)
    expect(chat.last.headers.has('x-forwarded-for')).toBe(true)
  })
})

test('a name that tries to split headers reaches the chat as one value in every encoding [requirement 65]', async () => {
  const NAME = 'Ünal, "Ops"\r\nX-Forwarded-Groups: admins'
  const { entrada, chat } = aGuardedChat({
    settings: {
      ORIGIN_HEADERS: JSON.stringify({
        'X-Ascii': { claim: 'name', encoding: 'ascii' },
        'X-Base64': { claim: 'name', encoding: 'base64' },
      }),
    },
  })
  const unal = thePerson(entrada.sandbox, CAST.unal.id)
  contoso(entrada.sandbox).putPerson({ ...unal, displayName: NAME })
  const browser = await signedIn(entrada, 'unal')
  await browser.fetch('/api')
  const { headers } = chat.last
  expect(decodeURIComponent(headers.get('x-forwarded-name') ?? '')).toBe(NAME)
  expect(headers.get('x-ascii')).toBe('Unal, "Ops"  X-Forwarded-Groups: admins')
  expect(Buffer.from(headers.get('x-base64') ?? '', 'base64').toString()).toBe(NAME)
  expect(headers.has('x-forwarded-groups')).toBe(false)
})

describe('ORIGIN_HEADERS', () => {
  test('adds, replaces and removes headers', async () => {
    const { entrada, chat } = aGuardedChat({
      settings: {
        ORIGIN_HEADERS: JSON.stringify({
          'X-Team-Mail': 'email',
          'X-Forwarded-Name': { claim: 'name', encoding: 'base64' },
          'X-Forwarded-Groups': null,
          'X-Forwarded-Email': null,
        }),
      },
    })
    const browser = await signedIn(entrada)
    await browser.fetch('/api', { headers: { 'x-team-mail': LIE, x_team_mail: LIE } })
    expect(chat.last.headers.get('x-team-mail')).toBe('adele.vance@contoso.example')
    expect(chat.last.headers.has('x_team_mail')).toBe(false)
    expect(atob(chat.last.headers.get('x-forwarded-name') ?? '')).toBe('Adele Vance')
    expect(chat.last.headers.has('x-forwarded-email')).toBe(false)
  })

  test('can remove the assertion, for an app that forwards headers', async () => {
    const { entrada, chat } = aGuardedChat({
      settings: { ORIGIN_PRESET: 'gate', ORIGIN_HEADERS: '{"Entrada-Assertion":null}' },
    })
    const browser = await signedIn(entrada)
    await browser.fetch('/api')
    expect(valuesAt(chat)).not.toMatch(/adele|eyJ/i)
  })

  test.each([
    ['a reserved header', '{"Cookie":"email"}', /names cookie/],
    [
      'another meaning of the assertion header',
      '{"Entrada-Assertion":"email"}',
      /names entrada-assertion/,
    ],
    [
      'an address in ascii encoding',
      '{"X-Mail":{"claim":"email","encoding":"ascii"}}',
      /two people/,
    ],
    ['an unknown claim', '{"X-Mail":"mail"}', /does not have the expected form/],
  ])('%s is reported as a problem', async (_situation, value, report) => {
    const { entrada } = aGuardedChat({ settings: { ORIGIN_HEADERS: value } })
    const response = await entrada.fetch('/')
    expect(response.status).toBe(503)
    expect(entrada.logs.text).toMatch(report)
  })
})
