import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { anEntrada } from '../../support/entrada.ts'
import { HOME } from '../../support/addresses.ts'
import { signedIn, signOut } from '../../support/scene.ts'

/* Through Entra’s own sign-out, and the way back from there. */

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

describe('the way back from Entra’s sign-out', () => {
  async function sentAway(browser: Browser): Promise<string> {
    const { redirect } = await (await signOut(browser)).json<{ redirect: string }>()
    return new URL(redirect).searchParams.get('state') ?? ''
  }

  test('carries a state that is new each time and known to this browser alone [requirement 84]', async () => {
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
