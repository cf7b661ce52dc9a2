import { describe, expect, test, vi } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import type { Browser } from '../support/browser/browser.ts'
import { clock } from '../support/clock.ts'
import { anEntrada, type Entrada } from '../support/entrada.ts'

const SESSION = '__Host-entrada'
const HOME = 'https://chat.contoso.example'

async function signedIn(entrada: Entrada): Promise<Browser> {
  const browser = entrada.browser()
  await browser.signIn(CAST.adele.userPrincipalName)
  return browser
}

function signOut(browser: Browser): Promise<Response> {
  return browser.fetch('/.entrada/logout', { method: 'POST', redirect: 'manual' })
}

test('signing out ends the session, clears the cookie and names Entra’s own sign-out [bar 84]', async () => {
  const entrada = anEntrada()
  const browser = await signedIn(entrada)
  const cookie = `${SESSION}=${browser.cookies.get(SESSION)?.value}`
  const response = await signOut(browser)
  const { redirect } = await response.json<{ redirect: string }>()
  const url = new URL(redirect)
  expect(`${url.origin}${url.pathname}`).toMatch(
    /^https:\/\/login\.microsoftonline\.com\/[0-9a-f-]{36}\/oauth2\/v2\.0\/logout$/,
  )
  expect(url.searchParams.get('post_logout_redirect_uri')).toBe(`${HOME}/.entrada/signed-out`)
  expect(url.searchParams.get('logout_hint')).toBeTruthy()
  expect(browser.cookies.get(SESSION)).toBeNull()
  expect((await entrada.fetch('/.entrada/session', { headers: { cookie } })).status).toBe(401)
})

test('a form leads through Entra to a page that does not sign in again', async () => {
  const entrada = anEntrada()
  const browser = await signedIn(entrada)
  const page = await browser.post('/.entrada/logout', {}, HOME)
  const last = page.url.origin === HOME ? page : await browser.open(`${HOME}/.entrada/signed-out`)
  expect([last.url.pathname, last.status]).toEqual(['/.entrada/signed-out', 200])
  expect([last.url.search, last.text.includes('You are signed out')]).toEqual(['', true])
  // Entra's session is over as well: the next visit asks who it is.
  const next = await browser.open(`${HOME}/`)
  expect(next.url.origin).toBe(entrada.sandbox.hosts.login)
  expect(next.html.querySelector('button[name=account]')).not.toBeNull()
})

const WAYS_TO_END: Readonly<Record<string, (own: Browser, other: Browser) => Promise<Response>>> = {
  'by its own browser': (own) => signOut(own),
  'from another': (_, other) =>
    other.fetch('/.entrada/sessions/end', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ all: true }),
    }),
}

test.each(Object.entries(WAYS_TO_END))(
  'a session that was ended %s is not brought back by an answer that was on its way [bar 32]',
  async (_, end) => {
    const entrada = anEntrada()
    const [own, other] = [await signedIn(entrada), await signedIn(entrada)]
    const cookie = `${SESSION}=${own.cookies.get(SESSION)?.value}`
    const script = { headers: { cookie, 'sec-fetch-dest': 'script', 'sec-fetch-mode': 'no-cors' } }
    // Nothing is remembered any more: the object has to be asked.
    await clock.advance(11)
    const { SESSIONS } = entrada.platform.objects
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const before = SESSIONS.count('check')
    SESSIONS.bend({ late })
    const onItsWay = entrada.fetch('/app.js', script)
    await vi.waitUntil(() => SESSIONS.count('check') > before)
    SESSIONS.bend({})
    expect((await end(own, other)).status).toBe(200)
    resolve()
    await onItsWay
    expect((await entrada.fetch('/app.js', script)).status).toBe(401)
  },
)

describe('the way back from Entra’s sign-out', () => {
  async function sentAway(browser: Browser): Promise<string> {
    const { redirect } = await (await signOut(browser)).json<{ redirect: string }>()
    return new URL(redirect).searchParams.get('state') ?? ''
  }

  test('carries a state that is new each time and known to this browser alone [bar 84]', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    const first = await sentAway(browser)
    expect(Buffer.from(first, 'base64url').length).toBeGreaterThanOrEqual(16)
    const page = await browser.open(`${HOME}/.entrada/signed-out?state=${first}`)
    expect(page.url.href).toBe(`${HOME}/.entrada/signed-out`)
    expect(page.text).toContain('left your organisation’s sign-in service')
    await browser.signIn(CAST.adele.userPrincipalName, `${HOME}/`)
    expect(await sentAway(browser)).not.toBe(first)
  })

  test.each([
    ['another state', (state: string) => `?state=${state.slice(1)}A`],
    ['no state', () => ''],
    ['an empty state', () => '?state='],
    ['a word of ours for a state', () => '?state=returned'],
  ])('with %s says that it is over here, and no more', async (_case, query) => {
    const browser = await signedIn(anEntrada())
    const state = await sentAway(browser)
    const page = await browser.open(`${HOME}/.entrada/signed-out${query(state)}`)
    expect([page.status, page.url.href]).toEqual([200, `${HOME}/.entrada/signed-out`])
    expect(page.text).toContain('You are signed out')
    expect(page.text).not.toContain('sign-in service')
    // And the way back is over: the right state does not count any more.
    expect((await browser.open(`${HOME}/.entrada/signed-out?state=${state}`)).text).not.toContain(
      'sign-in service',
    )
  })
})

test('after signing out nothing is stored', async () => {
  const entrada = anEntrada()
  const browser = await signedIn(entrada)
  await signOut(browser)
  expect([...entrada.platform.vault.stored()]).toEqual([])
  const left = entrada.platform.objects.SESSIONS.hosts.flatMap((host) => [...host.disk.contents()])
  expect(left.join('')).not.toMatch(/v1\.[\w-]+\./)
})

test('a sign-out is final in every place at once, also where the session was just remembered [bar 32]', async () => {
  const here = anEntrada({ settings: { SESSION_CHECK_SECONDS: '10' } })
  const there = anEntrada({ share: here })
  const browser = await signedIn(here)
  const cookie = `${SESSION}=${browser.cookies.get(SESSION)?.value}`
  const page = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', cookie }
  expect((await there.fetch('/echo', { headers: page })).status).toBe(200)
  here.platform.vault.bend({ staleSeconds: 600 })
  await signOut(browser)
  expect((await there.fetch('/echo', { headers: page })).status).toBe(302)
  for (const method of ['POST', 'PUT', 'DELETE']) {
    expect((await there.fetch('/echo', { method, headers: { cookie } })).status).toBe(401)
  }
  expect((await there.fetch('/.entrada/session', { headers: { cookie } })).status).toBe(401)
})

test.each(['entra.outage', 'entra.discovery_outage'] as const)(
  'local sign-out completes during %s [bar 84]',
  async (fault) => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    const elsewhere = anEntrada({ share: entrada })
    entrada.platform.cache.bend({ forgets: true })
    entrada.sandbox.faults.set(fault)
    const cookie = `${SESSION}=${browser.cookies.get(SESSION)?.value}`
    const response = await elsewhere.fetch('/.entrada/logout', {
      method: 'POST',
      headers: { cookie, 'sec-fetch-site': 'same-origin' },
    })
    expect(response.status).toBe(200)
    expect(await response.json()).toHaveProperty('redirect')
    expect((await entrada.fetch('/.entrada/session', { headers: { cookie } })).status).toBe(401)
  },
)

test('our own session is over before the sign-in service is even asked for its address [bar 84]', async () => {
  clock.letRun()
  const entrada = anEntrada()
  const browser = await signedIn(entrada)
  const elsewhere = anEntrada({ share: entrada })
  entrada.platform.cache.bend({ forgets: true })
  entrada.internet.answer(entrada.sandbox.hosts.login, () => new Promise<never>(() => undefined))
  const cookie = `${SESSION}=${browser.cookies.get(SESSION)?.value}`
  const leaving = elsewhere.fetch('/.entrada/logout', {
    method: 'POST',
    headers: { cookie, 'sec-fetch-site': 'same-origin' },
  })
  let isAnswered = false
  void leaving.then(() => {
    isAnswered = true
  })
  const statuses: number[] = []
  while (statuses.at(-1) !== 401 && !isAnswered) {
    const session = await entrada.fetch('/.entrada/session', { headers: { cookie } })
    statuses.push(session.status)
  }
  expect([statuses.at(-1), isAnswered]).toEqual([401, false])
  const response = await clock.runOut(leaving, 30)
  expect(await response.json()).toEqual({ redirect: `${HOME}/.entrada/signed-out` })
})

test('a hint that makes the URL too long is left out', async () => {
  const browser = await signedIn(anEntrada({ settings: { OPENID_MAX_LOGOUT_URL_LENGTH: '250' } }))
  const { redirect } = await (await signOut(browser)).json<{ redirect: string }>()
  expect(new URL(redirect).searchParams.has('logout_hint')).toBe(false)
})

test('with OPENID_USE_END_SESSION_ENDPOINT off, signing out stays here', async () => {
  const browser = await signedIn(
    anEntrada({ settings: { OPENID_USE_END_SESSION_ENDPOINT: 'false' } }),
  )
  expect(await (await signOut(browser)).json()).toEqual({ redirect: `${HOME}/.entrada/signed-out` })
})

describe('signing out needs proof that it is us who ask [bar 73]', () => {
  test.each([
    ['cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling host', { 'sec-fetch-site': 'same-site' }],
    ['typed', { 'sec-fetch-site': 'none' }],
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['a null origin', { origin: 'null' }],
    ['neither said', {}],
    [
      'both said and one wrong',
      { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
    ],
  ])('%s: refused', async (_case, headers) => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    const cookie = `${SESSION}=${browser.cookies.get(SESSION)?.value}`
    for (const path of ['/.entrada/logout', '/.entrada/sessions/end']) {
      const response = await entrada.fetch(path, {
        method: 'POST',
        headers: { ...headers, cookie },
      })
      expect([response.status, response.headers.get('entrada-error')]).toEqual([
        403,
        'cross_site_refused',
      ])
    }
    expect((await browser.fetch('/.entrada/session')).status).toBe(200)
  })

  test.each([
    { 'sec-fetch-site': 'same-origin' },
    { origin: HOME },
    { 'sec-fetch-site': 'same-origin', origin: 'null' },
  ])('%j: done', async (headers) => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    const cookie = `${SESSION}=${browser.cookies.get(SESSION)?.value}`
    const response = await entrada.fetch('/.entrada/logout', {
      method: 'POST',
      headers: { ...headers, cookie },
    })
    expect(response.status).toBe(200)
  })

  test('an image, a link or a GET of any kind signs nobody out', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    await browser.load('/.entrada/logout', 'image')
    await browser.open('/.entrada/logout', { from: 'https://evil.example' })
    expect((await entrada.tabOf(browser).fetch('/.entrada/session')).status).toBe(200)
  })
})

describe('a notice from Entra’s own sign-out', () => {
  async function sidOf(entrada: Entrada): Promise<string> {
    const idToken = entrada.sandbox.entra.minted.idTokens.at(-1) ?? ''
    const claims: { sid: string } = JSON.parse(
      Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString(),
    )
    return claims.sid
  }

  test('ends the session by sid alone, without cookies, in a frame [bar 85]', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    const response = await entrada.fetch(
      `/.entrada/frontchannel-logout?sid=${await sidOf(entrada)}`,
      {
        headers: {
          'sec-fetch-dest': 'iframe',
          'sec-fetch-mode': 'navigate',
          'sec-fetch-site': 'cross-site',
        },
      },
    )
    expect([response.status, await response.text()]).toEqual([200, ''])
    expect(response.headers.get('content-security-policy')).toContain(
      'frame-ancestors https://login.microsoftonline.com',
    )
    expect(response.headers.get('x-frame-options')).toBeNull()
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect((await browser.fetch('/.entrada/session')).status).toBe(401)
    expect([...entrada.platform.vault.stored()]).toEqual([])
  })

  test('about an unknown sid, or none, says the same and does nothing [bar 85]', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    for (const query of ['?sid=unknown', '', '?sid=', '?sid=%00', `?sid=${'x'.repeat(300)}`]) {
      const response = await entrada.fetch(`/.entrada/frontchannel-logout${query}`)
      expect([response.status, await response.text()]).toEqual([200, ''])
    }
    expect((await browser.fetch('/.entrada/session')).status).toBe(200)
  })

  test('with another issuer’s name on it does nothing [bar 85]', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    const sid = await sidOf(entrada)
    await entrada.fetch(`/.entrada/frontchannel-logout?sid=${sid}&iss=https%3A%2F%2Fevil.example`)
    expect((await browser.fetch('/.entrada/session')).status).toBe(200)
    await entrada.fetch(
      `/.entrada/frontchannel-logout?sid=${sid}&iss=${encodeURIComponent(String(entrada.settings['OPENID_ISSUER']))}`,
    )
    expect((await browser.fetch('/.entrada/session')).status).toBe(401)
  })
})
