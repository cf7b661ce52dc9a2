import { expect, test, vi } from 'vitest'
import type { Browser } from '../../support/browser/browser.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada } from '../../support/entrada.ts'
import { HOME, SESSION } from '../../support/addresses.ts'
import { signedIn, signOut } from '../../support/scene.ts'

test('signing out ends the session, clears the cookie and names Entra’s own sign-out [requirement 84]', async () => {
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

test('after signing out nothing is stored', async () => {
  const entrada = anEntrada()
  const browser = await signedIn(entrada)
  await signOut(browser)
  expect([...entrada.platform.vault.stored()]).toEqual([])
  const left = entrada.platform.objects.SESSIONS.hosts.flatMap((host) => [...host.disk.contents()])
  expect(left.join('')).not.toMatch(/v1\.[\w-]+\./)
})

test('a sign-out takes effect at once in every isolate, also where the session was just cached [requirement 32]', async () => {
  const here = anEntrada({ settings: { SESSION_CHECK_SECONDS: '10' } })
  const browser = await signedIn(here)
  const cookie = `${SESSION}=${browser.cookies.get(SESSION)?.value}`
  const page = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', cookie }
  const requests: readonly (readonly [string, RequestInit, number])[] = [
    ['/echo', { headers: page }, 302],
    ['/echo', { headers: { ...page, 'sec-fetch-dest': 'iframe' } }, 401],
    ['/echo', { method: 'POST', headers: { cookie } }, 401],
    ['/echo', { method: 'PUT', headers: { cookie } }, 401],
    ['/echo', { method: 'DELETE', headers: { cookie } }, 401],
    ['/live', { headers: { upgrade: 'websocket', cookie } }, 401],
    ['/.entrada/session', { headers: { cookie } }, 401],
  ]
  // A place of its own for each: the first answer after the end makes a place forget the session.
  const places = requests.map(() => anEntrada({ share: here }))
  for (const there of places) {
    expect((await there.fetch('/echo', { headers: page })).status).toBe(200)
  }
  here.platform.vault.bend({ staleSeconds: 600 })
  await signOut(browser)
  for (const [index, [path, init, status]] of requests.entries()) {
    const response = await places[index]?.fetch(path, init)
    expect([path, init, response?.status]).toEqual([path, init, status])
  }
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
  'a session that was ended %s is not restored by a response in flight [requirement 32]',
  async (_, end) => {
    const entrada = anEntrada()
    const [own, other] = [await signedIn(entrada), await signedIn(entrada)]
    const cookie = `${SESSION}=${own.cookies.get(SESSION)?.value}`
    const script = { headers: { cookie, 'sec-fetch-dest': 'script', 'sec-fetch-mode': 'no-cors' } }
    // The cache is empty, so the request reaches the object.
    await clock.advance(11)
    const { SESSIONS } = entrada.platform.objects
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const before = SESSIONS.count('open')
    SESSIONS.bend({ late })
    const onItsWay = entrada.fetch('/app.js', script)
    await vi.waitUntil(() => SESSIONS.count('open') > before, { timeout: 15_000 })
    SESSIONS.bend({})
    expect((await end(own, other)).status).toBe(200)
    resolve()
    await onItsWay
    expect((await entrada.fetch('/app.js', script)).status).toBe(401)
  },
)

test.each(['entra.outage', 'entra.discovery_outage'] as const)(
  'local sign-out completes during %s [requirement 84]',
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

test('the local session ends before discovery of the sign-in service is requested [requirement 84]', async () => {
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
    // It calls the session object and, unlike `/.entrada/session`, sends no request to Microsoft.
    const sessions = await entrada.fetch('/.entrada/sessions', { headers: { cookie } })
    statuses.push(sessions.status)
  }
  expect([statuses.at(-1), isAnswered]).toEqual([401, false])
  const response = await clock.runOut(leaving, 30)
  expect(await response.json()).toEqual({ redirect: `${HOME}/.entrada/signed-out` })
})
