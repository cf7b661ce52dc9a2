import { expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { clock } from '../../support/clock.ts'
import { damagedCopies } from '../../support/damaged-copies.ts'
import { anEntrada } from '../../support/entrada.ts'

const ATTEMPT = '__Host-entrada-login-'

function attempts(browser: Browser) {
  return browser.cookies.all.filter(({ name }) => name.startsWith(ATTEMPT))
}

async function finish(tab: Browser): Promise<void> {
  await tab.submit({ button: ['account', CAST.adele.userPrincipalName] })
  if (tab.page.url.origin !== 'https://chat.contoso.example') {
    await tab.submit({ button: ['decision', 'accept'] })
  }
}

test.each([
  ['in the order they began', [0, 1]],
  ['in reverse order', [1, 0]],
] as const)(
  'two tabs finish signing in %s, each at its requested page [requirement 18]',
  async (_case, order) => {
    const browser = anEntrada().browser()
    const tabs = [browser, browser.tab()]
    await tabs[0]?.open('/echo?tab=0')
    await tabs[1]?.open('/echo?tab=1')
    expect(attempts(browser)).toHaveLength(2)
    for (const index of order) {
      const tab = tabs[index] ?? expect.unreachable()
      await finish(tab)
      expect(tab.page.url.href).toBe(`https://chat.contoso.example/echo?tab=${index}`)
    }
    expect(attempts(browser)).toEqual([])
  },
)

test('ten tabs restored after a weekend are all signed in', async () => {
  const browser = anEntrada().browser()
  const tabs = Array.from({ length: 10 }, (_, index) => (index === 0 ? browser : browser.tab()))
  for (const [index, tab] of tabs.entries()) await tab.open(`/echo?tab=${index}`)
  for (const tab of tabs) {
    await finish(tab)
    expect([tab.page.status, tab.page.url.origin]).toEqual([200, 'https://chat.contoso.example'])
  }
  expect(await (await browser.fetch('/.entrada/session')).json()).toMatchObject({
    user: { id: CAST.adele.id },
  })
})

test('an attempt cookie is __Host-, Secure, HttpOnly, Lax, sealed and expires within fifteen minutes [requirement 18]', async () => {
  const entrada = anEntrada()
  const browser = entrada.browser()
  await browser.open('/secret-project')
  const [cookie] = attempts(browser)
  expect(cookie).toMatchObject({
    secure: true,
    httpOnly: true,
    sameSite: 'lax',
    path: '/',
    hostOnly: true,
  })
  expect((cookie?.expiresAt ?? 0) - clock.now()).toBeLessThanOrEqual(900_000)
  expect(cookie?.value).not.toContain('secret')
  const state = browser.page.url.searchParams.get('state') ?? ''
  expect(`${cookie?.name} ${cookie?.value}`).not.toContain(state)
})

test('twenty abandoned attempts leave at most five cookies, under 4 KB together [requirement 20] [requirement 26]', async () => {
  const browser = anEntrada().browser()
  for (let index = 0; index < 20; index++) {
    await browser.open(`https://chat.contoso.example/echo?n=${index}&q=${'x'.repeat(index * 40)}`)
    const kept = attempts(browser)
    expect(kept.length).toBeLessThanOrEqual(5)
    expect(
      kept.reduce((bytes, { name, value }) => bytes + name.length + value.length, 0),
    ).toBeLessThan(4096)
    await clock.advance(5)
  }
  // The newest is among them: it can still be finished.
  await finish(browser)
  expect(browser.page.url.searchParams.get('n')).toBe('19')
})

test('all our cookies together stay under 4 KB, the session cookie included [requirement 26]', async () => {
  const browser = anEntrada().browser()
  await browser.signIn(CAST.adele.userPrincipalName)
  for (let index = 0; index < 4; index++) {
    await browser.open(
      `https://chat.contoso.example/.entrada/login?fresh=1&return_to=/${index}${'x'.repeat(700)}`,
    )
    const own = browser.cookies.all.filter(({ name }) => name.startsWith('__Host-entrada'))
    const bytes = own.reduce((sum, { name, value }) => sum + name.length + value.length, 0)
    expect(bytes).toBeLessThan(4096)
  }
})

test('of seven abandoned attempts the five newest are kept [requirement 20]', async () => {
  const browser = anEntrada().browser()
  const begun = new Set<string>()
  for (let index = 0; index < 7; index++) {
    await browser.open('https://chat.contoso.example/')
    for (const { name } of attempts(browser)) begun.add(name)
    await clock.advance(5)
  }
  const kept = new Set(attempts(browser).map(({ name }) => name))
  expect(kept).toEqual(new Set([...begun].slice(-5)))
})

test('a browser that does not keep the session gets a page, not a redirect loop [requirement 23]', async () => {
  const browser = anEntrada().browser()
  for (let round = 0; round < 2; round++) {
    await browser.signIn(CAST.adele.userPrincipalName, 'https://chat.contoso.example/')
    browser.cookies.delete('__Host-entrada')
  }
  const page = await browser.open('https://chat.contoso.example/')
  expect(page.headers.get('entrada-error')).toBe('sign_in_loop')
  expect(page.text).toContain('did not keep the session')
  // The user may try again: after a minute the loop counter has expired.
  await clock.advance(61)
  await browser.signIn(CAST.adele.userPrincipalName, 'https://chat.contoso.example/')
})

test('repeated sign-ins and sign-outs are not taken for a loop', async () => {
  const browser = anEntrada().browser()
  for (let round = 0; round < 4; round++) {
    await browser.signIn(CAST.adele.userPrincipalName, 'https://chat.contoso.example/')
    await browser.fetch('/.entrada/logout', { method: 'POST' })
  }
  expect(browser.cookies.get('__Host-entrada')).toBeNull()
})

// Of three lengths in a row, two leave spare bits in the last character of base64url, which decoders ignore.
test.each(['/', '/c', '/ch'])(
  'every one-bit change of an attempt cookie for %s counts as no cookie [requirement 24]',
  async (path) => {
    const settings = { RATE_LIMITS: '{"callback":{"perMinute":10000}}' }
    const entrada = anEntrada({ settings })
    const browser = entrada.browser()
    await browser.open(path)
    const state = browser.page.url.searchParams.get('state') ?? ''
    const [cookie] = attempts(browser)
    const { name, value } = cookie ?? expect.unreachable()
    const answers = new Set<string>()
    for (const damaged of damagedCopies(value)) {
      const response = await entrada.fetch(`/oauth/openid/callback?code=x&state=${state}`, {
        headers: { cookie: `${name}=${damaged}`, accept: 'text/html' },
      })
      const { length } = await response.text()
      answers.add(`${response.status} ${response.headers.get('entrada-error')} ${length}`)
    }
    expect([...answers]).toHaveLength(1)
    expect([...answers][0]).toMatch(/^400 sign_in_expired/)
    expect(entrada.sandbox.journal.redemptions()).toEqual([])
  },
)

test('an attempt moved to another cookie name does not open', async () => {
  const entrada = anEntrada()
  const [first, second] = [entrada.browser(), entrada.browser()]
  await first.open('/')
  await second.open('/')
  const state = second.page.url.searchParams.get('state') ?? ''
  const cookie = `${attempts(second)[0]?.name}=${attempts(first)[0]?.value}`
  const response = await entrada.fetch(`/oauth/openid/callback?code=x&state=${state}`, {
    headers: { cookie },
  })
  expect(response.headers.get('entrada-error')).toBe('sign_in_expired')
})
