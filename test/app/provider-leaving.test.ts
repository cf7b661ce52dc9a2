import { describe, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { aChat, HOME, ISSUER, signedIn, signedInAtChat } from './provider-fixture.ts'

/* RP-initiated sign-out: LibreChat leads the browser to the issuer's end-session endpoint. */

const SESSION = '__Host-entrada'

test('a sign-out at the chat is one at Entrada and at Microsoft, and does not sign in again [bar 84]', async () => {
  const scene = aChat()
  const browser = await signedInAtChat(scene)
  const page = await browser.open((await scene.chat.endSessionUrl()).href)
  expect(browser.cookies.get(SESSION)).toBeNull()
  const { login } = scene.entrada.sandbox.hosts
  expect(
    page.hops.some(({ url }) => url.origin === login && url.pathname.endsWith('/logout')),
  ).toBe(true)
  const last = page.url.origin === HOME ? page : await browser.open(`${HOME}/.entrada/signed-out`)
  expect([last.url.pathname, last.text.includes('You are signed out')]).toEqual([
    '/.entrada/signed-out',
    true,
  ])
  await expect(scene.chat.refresh()).rejects.toMatchObject({ error: 'invalid_grant' })
})

test('a form of the chat’s does the same', async () => {
  const scene = aChat()
  const browser = await signedInAtChat(scene)
  const fields = Object.fromEntries((await scene.chat.endSessionUrl()).searchParams)
  await browser.post(`${ISSUER}/logout`, fields, HOME)
  expect(browser.cookies.get(SESSION)).toBeNull()
})

describe('a link that anybody could have made', () => {
  test.each([
    ['without a hint', () => ''],
    ['with a hint that is none', () => '?id_token_hint=eyJ.eyJ.x'],
    ['with a hint of another session', (other: string) => `?id_token_hint=${other}`],
    [
      'with a hint whose claims were changed',
      (other: string) => `?id_token_hint=${changed(other)}`,
    ],
  ])('%s asks first [bar 73]', async (_, query) => {
    const scene = aChat()
    await signedInAtChat(scene)
    const other = scene.chat.tokens.id_token ?? ''
    const browser = await signedIn(scene)
    const page = await browser.open(`${ISSUER}/logout${query(other)}`, {
      from: 'https://evil.example',
    })
    expect([page.status, page.html.querySelector('h1')?.text]).toEqual([200, 'Sign out?'])
    expect(browser.cookies.get(SESSION)).not.toBeNull()
    expect((await browser.fetch('/.entrada/session')).status).toBe(200)
    // And does it when told to, which leads on to Microsoft.
    const after = await browser.submit()
    expect(browser.cookies.get(SESSION)).toBeNull()
    expect(after.hops.some(({ url }) => url.origin === scene.entrada.sandbox.hosts.login)).toBe(
      true,
    )
  })

  test('leads nowhere else, whatever it asks for', async () => {
    const scene = aChat()
    const browser = await signedInAtChat(scene)
    const url = await scene.chat.endSessionUrl()
    url.searchParams.set('post_logout_redirect_uri', 'https://evil.example/')
    const page = await browser.open(url.href)
    expect(page.hops.some((hop) => hop.url.hostname === 'evil.example')).toBe(false)
    expect(page.text).not.toContain('evil.example')
  })
})

test('whoever is signed out already is told that they are', async () => {
  const browser = aChat().entrada.browser()
  const page = await browser.open(`${ISSUER}/logout`)
  expect([page.url.pathname, page.status]).toEqual(['/.entrada/signed-out', 200])
})

test('an assertion for the chat is no hint: it says who, and not in which session', async () => {
  const scene = aChat([], { settings: { ORIGIN_HEADERS: '{}' } })
  let assertion = ''
  scene.entrada.internet.answer('https://origin.contoso.example', (request) => {
    assertion = request.headers.get('entrada-assertion') ?? ''
    return new Response('hello')
  })
  const browser = scene.entrada.browser()
  await browser.signIn(CAST.adele.userPrincipalName)
  expect(assertion).not.toBe('')
  await browser.open(`${ISSUER}/logout?id_token_hint=${assertion}`)
  expect(browser.cookies.get(SESSION)).not.toBeNull()
})

function changed(token: string): string {
  const [head, , signature] = token.split('.')
  const claims = { iss: ISSUER, sid: 'any' }
  return [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
}
