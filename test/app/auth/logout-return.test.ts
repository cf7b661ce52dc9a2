import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { anEntrada } from '../../support/entrada.ts'
import { HOME } from '../../support/addresses.ts'
import { signedIn, signOut } from '../../support/scene.ts'

/* Entra’s own sign-out and the return from it. */

test('a sign-out form leads through Entra to a page that does not sign in again', async () => {
  const entrada = anEntrada()
  const browser = await signedIn(entrada)
  const page = await browser.post('/.entrada/logout', {}, HOME)
  const last = page.url.origin === HOME ? page : await browser.open(`${HOME}/.entrada/signed-out`)
  expect([last.url.pathname, last.status]).toEqual(['/.entrada/signed-out', 200])
  expect([last.url.search, last.text.includes('You are signed out')]).toEqual(['', true])
  // Entra's session has ended as well: the next visit shows the account picker.
  const next = await browser.open(`${HOME}/`)
  expect(next.url.origin).toBe(entrada.sandbox.hosts.login)
  expect(next.html.querySelector('button[name=account]')).not.toBeNull()
})

describe('the return from Entra’s sign-out', () => {
  async function sentAway(browser: Browser): Promise<string> {
    const { redirect } = await (await signOut(browser)).json<{ redirect: string }>()
    return new URL(redirect).searchParams.get('state') ?? ''
  }

  test('carries a new state that is bound to this browser [requirement 84]', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    const first = await sentAway(browser)
    expect(Buffer.from(first, 'base64url').length).toBeGreaterThanOrEqual(16)
    const page = await browser.open(`${HOME}/.entrada/signed-out?state=${first}`)
    expect(page.url.href).toBe(`${HOME}/.entrada/signed-out`)
    expect(page.text).toContain('signed out of your organisation’s sign-in service')
    await browser.signIn(CAST.adele.userPrincipalName, `${HOME}/`)
    expect(await sentAway(browser)).not.toBe(first)
  })

  test.each([
    ['another state', (state: string) => `?state=${state.slice(1)}A`],
    ['no state', () => ''],
    ['an empty state', () => '?state='],
    ['the state “returned”', () => '?state=returned'],
  ])('with %s confirms only the local sign-out', async (_case, query) => {
    const browser = await signedIn(anEntrada())
    const state = await sentAway(browser)
    const page = await browser.open(`${HOME}/.entrada/signed-out${query(state)}`)
    expect([page.status, page.url.href]).toEqual([200, `${HOME}/.entrada/signed-out`])
    expect(page.text).toContain('You are signed out')
    expect(page.text).not.toContain('sign-in service')
    // The return can be used once: the right state is no longer accepted.
    expect((await browser.open(`${HOME}/.entrada/signed-out?state=${state}`)).text).not.toContain(
      'sign-in service',
    )
  })
})

test('omits a hint that makes the URL too long', async () => {
  const browser = await signedIn(anEntrada({ settings: { OPENID_MAX_LOGOUT_URL_LENGTH: '250' } }))
  const { redirect } = await (await signOut(browser)).json<{ redirect: string }>()
  expect(new URL(redirect).searchParams.has('logout_hint')).toBe(false)
})

test('is not needed with OPENID_USE_END_SESSION_ENDPOINT off, where sign-out stays local', async () => {
  const browser = await signedIn(
    anEntrada({ settings: { OPENID_USE_END_SESSION_ENDPOINT: 'false' } }),
  )
  expect(await (await signOut(browser)).json()).toEqual({ redirect: `${HOME}/.entrada/signed-out` })
})
