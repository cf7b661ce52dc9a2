import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import type { FaultName } from '../../sandbox/faults.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada, type Entrada } from '../../support/entrada.ts'
import { CALLBACK, SESSION } from '../../support/addresses.ts'
import { isSignedIn } from '../../support/scene.ts'

/** A browser that shows the sandbox's account picker. */
async function atSignIn(entrada: Entrada, address = '/'): Promise<Browser> {
  const browser = entrada.browser()
  const page = await browser.open(address)
  expect(page.url.origin).toBe(entrada.sandbox.hosts.login)
  return browser
}

/** The callback URL Entra would send this browser to, not yet opened. */
async function callbackUrl(browser: Browser): Promise<URL> {
  const page = await browser.submit({ button: ['account', CAST.adele.userPrincipalName] })
  const hop = page.hops.find(({ url }) => url.pathname === CALLBACK)
  if (hop !== undefined) return hop.url
  const consented = await browser.submit({ button: ['decision', 'accept'] })
  const last = consented.hops.find(({ url }) => url.pathname === CALLBACK)
  if (last === undefined) throw new Error(`no callback: ${consented.describe()}`)
  return last.url
}

function stateOf(browser: Browser): string {
  return browser.page.url.searchParams.get('state') ?? ''
}

describe('the state of a response', () => {
  test.each([
    [
      'is wrong',
      (state: string) => `state=${state.slice(0, -1)}${state.endsWith('A') ? 'B' : 'A'}`,
    ],
    ['is missing', () => ''],
    ['is empty', () => 'state='],
    ['is another attempt’s', () => `state=${'A'.repeat(43)}`],
  ])('%s: the code is not redeemed and no session begins [requirement 8]', async (_case, write) => {
    const entrada = anEntrada()
    const browser = await atSignIn(entrada)
    const page = await browser.open(
      `${entrada.origin}${CALLBACK}?code=stolen&${write(stateOf(browser))}`,
    )
    expect(page.status).toBe(400)
    expect(page.headers.get('entrada-error')).toBe('sign_in_expired')
    expect(isSignedIn(browser)).toBe(false)
    expect(entrada.sandbox.journal.redemptions()).toEqual([])
  })

  test('is of another browser: nothing is redeemed and nobody is signed in [requirement 8]', async () => {
    const entrada = anEntrada()
    const [browser, other] = [await atSignIn(entrada), await atSignIn(entrada)]
    const page = await browser.open(
      `${entrada.origin}${CALLBACK}?code=stolen&state=${stateOf(other)}`,
    )
    expect(page.headers.get('entrada-error')).toBe('sign_in_expired')
    expect(isSignedIn(browser)).toBe(false)
    expect(entrada.sandbox.journal.redemptions()).toEqual([])
  })

  test('is used: nothing is redeemed again [requirement 8]', async () => {
    const entrada = anEntrada()
    const browser = await atSignIn(entrada)
    const url = await callbackUrl(browser)
    browser.cookies.delete(SESSION)
    const page = await browser.open(url.href)
    expect(page.headers.get('entrada-error')).toBe('sign_in_expired')
    expect(isSignedIn(browser)).toBe(false)
    expect(entrada.sandbox.journal.redemptions('authorization_code')).toHaveLength(1)
  })

  test('is refused before the code is redeemed if it is given twice', async () => {
    const entrada = anEntrada()
    const browser = await atSignIn(entrada)
    const state = stateOf(browser)
    await browser.open(`${entrada.origin}${CALLBACK}?code=x&state=${state}&state=${state}`)
    expect(browser.page.headers.get('entrada-error')).toBe('identity_rejected')
    expect(entrada.sandbox.journal.redemptions()).toEqual([])
  })
})

test('a wrong issuer in the response is refused before the code is redeemed [requirement 9]', async () => {
  const entrada = anEntrada()
  const browser = await atSignIn(entrada)
  const page = await browser.open(
    `${entrada.origin}${CALLBACK}?code=x&state=${stateOf(browser)}&iss=https%3A%2F%2Fevil.example`,
  )
  expect(page.headers.get('entrada-error')).toBe('identity_rejected')
  expect(entrada.sandbox.journal.redemptions()).toEqual([])
})

test.each([
  ['is signed with an unpublished key [requirement 13]', 'entra.bad_signature'],
  ['carries another nonce [requirement 4]', 'entra.wrong_nonce'],
] satisfies [string, FaultName][])(
  'an id token that %s begins no session',
  async (_case, fault) => {
    const entrada = anEntrada()
    const browser = await atSignIn(entrada)
    entrada.sandbox.faults.set(fault)
    await callbackUrl(browser)
    expect(browser.page.status).toBe(502)
    expect(browser.page.headers.get('entrada-error')).toBe('identity_rejected')
    expect(isSignedIn(browser)).toBe(false)
  },
)

test('a new signing key is fetched once [requirement 13]', async () => {
  const entrada = anEntrada()
  await entrada.browser().signIn(CAST.adele.userPrincipalName)
  entrada.sandbox.entra.rollKeys({ retire: true })
  await clock.advance(61)
  await entrada.browser('198.51.100.9').signIn(CAST.alex.userPrincipalName)
  expect(
    entrada.sandbox.journal.to('login').filter(({ url }) => url.pathname.endsWith('/keys')),
  ).toHaveLength(2)
})

test('forged key ids do not cause repeated requests for the published keys [requirement 14]', async () => {
  const entrada = anEntrada()
  await entrada.browser().signIn(CAST.adele.userPrincipalName)
  entrada.sandbox.faults.set('entra.bad_signature')
  for (let index = 0; index < 5; index++) {
    const browser = await atSignIn(entrada)
    await callbackUrl(browser)
  }
  expect(
    entrada.sandbox.journal.to('login').filter(({ url }) => url.pathname.endsWith('/keys')),
  ).toHaveLength(1)
})

describe('an error response', () => {
  test.each([
    ['access_denied', 'AADSTS65004: declined', 'sign_in_refused', 403],
    ['access_denied', 'AADSTS50105: not assigned', 'not_assigned', 403],
    ['access_denied', 'AADSTS90094: admin', 'admin_consent_required', 403],
    ['consent_required', 'AADSTS65001: consent', 'consent_required', 403],
    ['interaction_required', 'AADSTS50076: mfa', 'interaction_required', 401],
    ['login_required', 'AADSTS50058: none', 'interaction_required', 401],
    ['access_denied', 'AADSTS53003: policy', 'blocked_by_policy', 403],
    ['interaction_required', 'AADSTS53000: device', 'blocked_by_policy', 403],
    ['invalid_grant', 'AADSTS50057: disabled', 'account_disabled', 403],
    ['invalid_request', 'AADSTS50020: other tenant', 'wrong_account', 403],
    ['invalid_resource', 'AADSTS500011: resource', 'registration_rejected', 502],
    ['unauthorized_client', 'AADSTS700016: app', 'registration_rejected', 502],
    ['server_error', 'AADSTS90033: later', 'sign_in_unavailable', 503],
    ['temporarily_unavailable', 'nothing', 'sign_in_unavailable', 503],
    ['something_new', 'AADSTS999999: unheard of', 'sign_in_unavailable', 503],
  ])(
    '%s (%s) shows the error page for %s [requirement 16]',
    async (error, description, code, status) => {
      const entrada = anEntrada()
      const browser = await atSignIn(entrada)
      const correlationId = '5b6b1c3a-8d3a-4f0c-9c7e-0a2f0c1d2e3f'
      const answer = new URLSearchParams({
        error,
        error_description: `${description} <b onload=alert(1)>raw text</b> Correlation ID: ${correlationId}`,
        state: stateOf(browser),
      })
      const page = await browser.open(`${entrada.origin}${CALLBACK}?${answer}`)
      expect([page.status, page.headers.get('entrada-error')]).toEqual([status, code])
      expect(page.text).not.toContain('raw text')
      const aadsts = /AADSTS\d+/.exec(description)?.[0]
      if (aadsts !== undefined) expect(page.text).toContain(aadsts)
      expect(page.text).toContain(correlationId)
      expect(isSignedIn(browser)).toBe(false)
      expect(entrada.sandbox.journal.redemptions()).toEqual([])
    },
  )

  test('shows nothing of an error that nobody knows [requirement 16]', async () => {
    const entrada = anEntrada()
    const browser = await atSignIn(entrada)
    const answer = new URLSearchParams({ error: 'call-this-number', state: stateOf(browser) })
    const page = await browser.open(`${entrada.origin}${CALLBACK}?${answer}`)
    expect(page.headers.get('entrada-error')).toBe('sign_in_unavailable')
    expect(page.text).not.toContain('call-this-number')
  })

  test('that brings a code redeems nothing [requirement 16]', async () => {
    const entrada = anEntrada()
    const browser = await atSignIn(entrada)
    const answer = new URLSearchParams({ error: 'x', code: 'x', state: stateOf(browser) })
    await browser.open(`${entrada.origin}${CALLBACK}?${answer}`)
    expect(isSignedIn(browser)).toBe(false)
    expect(entrada.sandbox.journal.redemptions()).toEqual([])
  })

  test('without a valid state is not shown [requirement 16]', async () => {
    const entrada = anEntrada()
    const page = await entrada
      .browser()
      .open(`${CALLBACK}?error=access_denied&error_description=AADSTS50105%3A+x&state=made-up`)
    expect(page.headers.get('entrada-error')).toBe('sign_in_expired')
    expect(page.text).not.toContain('50105')
  })
})

test('a finished callback opened again leads to the chat and redeems nothing [requirement 17] [requirement 21]', async () => {
  const entrada = anEntrada()
  const browser = await atSignIn(entrada)
  const url = await callbackUrl(browser)
  const cookie = browser.cookies.get(SESSION)?.value
  url.searchParams.set('return_to', 'https://evil.example/')
  const page = await browser.open(url.href)
  expect([page.url.href, page.status]).toEqual([`${entrada.origin}/`, 200])
  expect(browser.cookies.get(SESSION)?.value).toBe(cookie)
  expect(entrada.sandbox.journal.redemptions('authorization_code')).toHaveLength(1)
})

test('a callback opened in another browser begins no session and offers a new sign-in [requirement 22]', async () => {
  const entrada = anEntrada()
  const browser = await atSignIn(entrada)
  const url = await callbackUrl(browser)
  const other = entrada.browser('198.51.100.9')
  const page = await other.open(url.href, { from: 'https://evil.example/' })
  expect(page.headers.get('entrada-error')).toBe('sign_in_expired')
  expect(page.html.querySelector('a[href*="/.entrada/login"]')).not.toBeNull()
  expect(isSignedIn(other)).toBe(false)
})

test.each(['HEAD', 'POST', 'PUT', 'DELETE'])(
  '%s on the callback does not use up the attempt [requirement 17]',
  async (method) => {
    const entrada = anEntrada()
    const browser = await atSignIn(entrada)
    const state = stateOf(browser)
    const cookie = browser.cookies.all
      .filter(({ name }) => name.startsWith('__Host-'))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
    const response = await entrada.fetch(`${CALLBACK}?code=x&state=${state}`, {
      method,
      headers: { cookie },
    })
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(response.headers.getSetCookie()).toEqual([])
    expect(entrada.sandbox.journal.redemptions()).toEqual([])
  },
)

test('refuses an attempt older than fifteen minutes [requirement 18]', async () => {
  const entrada = anEntrada()
  const browser = await atSignIn(entrada)
  const jar = browser.cookies.all
  await clock.advance(901)
  const cookie = jar.map(({ name, value }) => `${name}=${value}`).join('; ')
  const response = await entrada.fetch(`${CALLBACK}?code=x&state=${stateOf(browser)}`, {
    headers: { cookie },
  })
  expect(response.headers.get('entrada-error')).toBe('sign_in_expired')
  expect(entrada.sandbox.journal.redemptions()).toEqual([])
})

test('the final URL contains neither code nor state, and no response before it may be cached [requirement 40]', async () => {
  const entrada = anEntrada()
  const browser = await atSignIn(entrada)
  await callbackUrl(browser)
  expect(browser.page.url.href).toBe(`${entrada.origin}/`)
  const callback = browser.page.hops.find(({ url }) => url.pathname === CALLBACK)
  expect(callback?.headers.get('cache-control')).toBe('no-store')
  expect(callback?.headers.get('referrer-policy')).toBe('no-referrer')
})

test.each([
  ['entra.token_server_error', 'sign_in_unavailable'],
  ['entra.token_throttled', 'sign_in_unavailable'],
  ['entra.token_malformed', 'sign_in_unavailable'],
  ['entra.wrong_secret', 'registration_rejected'],
  ['entra.secret_expired', 'registration_rejected'],
  ['entra.blocked_by_policy', 'blocked_by_policy'],
] satisfies [FaultName, string][])(
  'while %s, sign-in says %s and begins no session',
  async (fault, code) => {
    const entrada = anEntrada()
    const browser = await atSignIn(entrada)
    entrada.sandbox.faults.set(fault)
    await callbackUrl(browser)
    expect(browser.page.headers.get('entrada-error')).toBe(code)
    expect(isSignedIn(browser)).toBe(false)
  },
)

test('a refused sign-in returns to the requested page, and is one audit event [requirement 100]', async () => {
  const entrada = anEntrada()
  const browser = await atSignIn(entrada, '/c/42?model=x')
  const answer = new URLSearchParams({
    error: 'access_denied',
    error_description: 'AADSTS50020: x',
    state: stateOf(browser),
  })
  const page = await browser.open(`${entrada.origin}${CALLBACK}?${answer}`)
  const link = new URL(page.html.querySelector('a.button')?.getAttribute('href') ?? '')
  expect(link.searchParams.get('return_to')).toBe('/c/42?model=x')
  expect(entrada.logs.events('sign_in_refused')).toEqual([
    expect.objectContaining({ level: 'audit', code: 'wrong_account', aadsts: 50020 }),
  ])
})
