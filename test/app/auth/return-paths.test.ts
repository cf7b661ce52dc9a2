import { expect, test } from 'vitest'
import { readReturnPaths } from '../../data/return-paths.ts'
import { CAST } from '../../sandbox/directory/cast.ts'
import { anEntrada } from '../../support/entrada.ts'
import { HOME } from '../../support/addresses.ts'
import { cookieHeaderOf, signedIn } from '../../support/scene.ts'

const UNLIMITED = { RATE_LIMITS: '{"login":{"perMinute":100000},"callback":{"perMinute":100000}}' }
const NAVIGATION = {
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  accept: 'text/html',
}

function loginWith(value: string): string {
  return `/.entrada/login?return_to=${encodeURIComponent(value.toWellFormed())}`
}

test('never redirects a user with a session to another host, for every line of the corpus [requirement 75]', async () => {
  const entrada = anEntrada({ settings: UNLIMITED })
  const browser = await signedIn(entrada)
  const cookie = cookieHeaderOf(browser)
  const strayed: string[] = []
  for (const value of readReturnPaths()) {
    const response = await entrada.fetch(loginWith(value), { headers: { ...NAVIGATION, cookie } })
    const location = response.headers.get('location') ?? ''
    const isHome = new URL(location, HOME).origin === HOME && /^\/(?![/\\])/.test(location)
    if (response.status !== 302 || !isHome) strayed.push(value)
  }
  expect(strayed).toEqual([])
})

test('stores only a path of ours in the attempt of a user without a session [requirement 75]', async () => {
  const entrada = anEntrada({ settings: UNLIMITED })
  const lines = readReturnPaths().filter((_, index) => index % 23 === 0)
  expect(lines.length).toBeGreaterThan(25)
  for (const value of lines) {
    const browser = entrada.browser()
    await browser.open(loginWith(value))
    expect(browser.page.url.origin).toBe(entrada.sandbox.hosts.login)
    await browser.submit({ button: ['account', CAST.adele.userPrincipalName] })
    if (browser.page.url.origin !== HOME) await browser.submit({ button: ['decision', 'accept'] })
    expect([value, browser.page.url.origin]).toEqual([value, HOME])
    expect(browser.page.hops.map(({ url }) => url.host)).not.toContain('evil.example')
  }
})

test.each(['/echo?model=x', '/echo?q=a%20b#top'])('sign-in returns to %s', async (value) => {
  const entrada = anEntrada()
  const page = await entrada.browser().signIn(CAST.adele.userPrincipalName, loginWith(value))
  expect(page.url.href).toBe(`${HOME}${value}`)
})

test.each(['consent?feature=people&', 'login?step_up=1&', 'login?account=other&'])(
  'the same rule applies to /.entrada/%s… [requirement 75]',
  async (path) => {
    const entrada = anEntrada({ settings: UNLIMITED })
    const browser = await signedIn(entrada)
    await browser.open(`${HOME}/.entrada/${path}return_to=//evil.example`)
    const [account, accept] = [
      ['account', CAST.adele.userPrincipalName],
      ['decision', 'accept'],
    ] as const
    for (const button of [account, accept]) {
      if (browser.page.url.origin !== HOME) await browser.submit({ button }).catch(() => undefined)
    }
    expect(browser.page.url.href).toBe(`${HOME}/`)
  },
)

test('a failed request with a hostile path leads to no other host', async () => {
  const entrada = anEntrada()
  const response = await entrada.fetch('//evil.example/%2e%2e', { headers: NAVIGATION })
  expect(new URL(response.headers.get('location') ?? '', HOME).origin).toBe(HOME)
})
