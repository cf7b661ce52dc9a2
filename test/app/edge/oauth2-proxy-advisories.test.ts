import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { aGuardedChat } from '../../support/chat-double.ts'
import { hasButton } from '../../support/browser/form.ts'
import { anEntrada } from '../../support/entrada.ts'
import { byGroup, contoso, thePerson, trySignIn } from '../membership/fixture.ts'
import { cookieHeaderOf, signedIn } from '../../support/scene.ts'

/** The security advisories of oauth2-proxy, each by its number, tried against the whole app. */

const SKIPPED = { SKIP_AUTH_ROUTES: 'GET /health, GET /foo/bar/*' }

describe('an open route is not widened', () => {
  test.each([
    ['GHSA-5hvv-m4w4-gf6v', '/admin', { 'user-agent': 'GoogleHC/1.0' }],
    ['GHSA-5hvv-m4w4-gf6v', '/', { 'user-agent': 'kube-probe/1.31' }],
    ['GHSA-7x63-xv5r-3p2x', '/admin', { 'x-forwarded-uri': '/health' }],
    [
      'GHSA-7x63-xv5r-3p2x',
      '/admin',
      { 'x-forwarded-uri': '/foo/bar/x', 'x-original-url': '/health' },
    ],
    ['GHSA-pxq7-h93f-9jrg', '/admin#/health', {}],
    ['GHSA-pxq7-h93f-9jrg', '/foo/bar/%23/../../admin', {}],
    ['GHSA-pxq7-h93f-9jrg', '/foo/bar/x%23/y', {}],
    ['GHSA-7rh7-c77v-6434', '/admin?x=/health', {}],
    ['GHSA-7rh7-c77v-6434', '/admin?/foo/bar/x', {}],
  ])('%s: %s %o [requirement 57]', async (_advisory, path, headers: Record<string, string>) => {
    const { entrada, chat } = aGuardedChat({ settings: SKIPPED })
    expect((await entrada.fetch(path, { headers })).status).toBe(401)
    expect(chat.requests).toEqual([])
    expect((await entrada.fetch('/health', { headers })).status).toBe(200)
  })
})

test('GHSA-vjrc-mh2v-45x6: a header name with underscores sets no identity, with or without a session [requirement 59]', async () => {
  const { entrada, chat } = aGuardedChat({ settings: SKIPPED })
  const browser = await signedIn(entrada)
  const headers = {
    x_forwarded_user: 'root',
    X_Forwarded_Groups: 'admins',
    'x_auth-request_user': 'root',
  }
  for (const path of ['/api', '/health']) {
    await browser.fetch(path, { headers })
    expect([...chat.last.headers.keys()].filter((name) => name.includes('_'))).toEqual([])
    expect([...chat.last.headers.values()].join()).not.toMatch(/root|admins/)
  }
})

test('GHSA-f24x-5g9q-753f: a sign-in ends the previous session [requirement 28]', async () => {
  const { entrada } = aGuardedChat()
  const browser = await signedIn(entrada)
  const former = cookieHeaderOf(browser)
  await browser.open('/.entrada/login?account=other')
  await browser.submit({ button: ['account', CAST.alex.userPrincipalName] })
  const consent = ['decision', 'accept'] as const
  if (hasButton(browser.page, consent)) await browser.submit({ button: consent })
  expect((await browser.fetch('/.entrada/session')).status).toBe(200)
  expect((await entrada.fetch('/.entrada/session', { headers: { cookie: former } })).status).toBe(
    401,
  )
})

test.each([
  ['GHSA-4mf2-f3wh-gvf2', 'https://evilchat.contoso.example/'],
  ['GHSA-4mf2-f3wh-gvf2', 'https://sub.chat.contoso.example/'],
  ['GHSA-4mf2-f3wh-gvf2', 'https://chat.contoso.example.evil.example/'],
  ['GHSA-5m6c-jp6f-2vcv', '/\t/evil.example'],
  ['GHSA-5m6c-jp6f-2vcv', '/\n/evil.example'],
  ['GHSA-5m6c-jp6f-2vcv', ' //evil.example'],
  ['GHSA-j7px-6hwj-hpjg', '/\\evil.example'],
  ['GHSA-j7px-6hwj-hpjg', '/\\/evil.example'],
  ['GHSA-qqxw-m5fj-f7gv', '/%0a/evil.example'],
  ['GHSA-qqxw-m5fj-f7gv', '/\v\\evil.example'],
])(
  '%s: a sign-in with return_to=%j returns to the start page [requirement 75]',
  async (_advisory, target) => {
    const { entrada } = aGuardedChat()
    const login = `/.entrada/login?return_to=${encodeURIComponent(target)}`
    const page = await entrada.browser().signIn(CAST.adele.userPrincipalName, login)
    expect(page.url.origin).toBe(entrada.origin)
  },
)

test('GHSA-c5c4-8r6x-56w3: an address with several @ has no domain [requirement 83]', async () => {
  const entrada = anEntrada({ settings: { ALLOWED_EMAIL_DOMAINS: 'contoso.example' } })
  const { sandbox } = entrada
  sandbox.registration = { ...sandbox.registration, optionalClaims: ['email'] }
  const adele = thePerson(sandbox, CAST.adele.id)
  for (const mail of ['a@evil.example@contoso.example', 'a@contoso.example@evil.example']) {
    contoso(sandbox).putPerson({ ...adele, mail })
    const browser = entrada.browser()
    const page = await trySignIn(browser, CAST.adele.userPrincipalName)
    expect(page.headers.get('entrada-error')).toBe('wrong_account')
    expect(browser.cookies.get('__Host-entrada')).toBeNull()
  }
})

test.each(['id', 'auto', 'graph'] as const)(
  'GHSA-652x-m2gr-hppm: a group rule is enforced although the token names no group (%s)',
  async (source) => {
    const { entrada, chat } = aGuardedChat({ settings: byGroup(source) })
    const { sandbox } = entrada
    sandbox.registration = { ...sandbox.registration, groupMembershipClaims: 'none' }
    const browser = entrada.browser()
    await trySignIn(browser, CAST.adele.userPrincipalName)
    expect(browser.cookies.get('__Host-entrada')).toBeNull()
    expect((await browser.fetch('/api')).status).toBe(401)
    expect(chat.requests).toEqual([])
  },
)
