import { generateKeyPairSync } from 'node:crypto'
import { importJWK, SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import type { Browser } from '../../support/browser/browser.ts'
import { aChat, ISSUER, signedInAtChat } from './fixture.ts'
import { HOME, SESSION } from '../../support/addresses.ts'
import { signedIn } from '../../support/scene.ts'

/* RP-initiated sign-out: LibreChat leads the browser to the issuer's end-session endpoint. */

const KEY = {
  ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  kid: 'test',
}

test('a sign-out at the chat signs out of Entrada and Microsoft, and does not sign in again [requirement 84]', async () => {
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

test('the chat may send the sign-out as a form', async () => {
  const scene = aChat()
  const browser = await signedInAtChat(scene)
  const fields = Object.fromEntries((await scene.chat.endSessionUrl()).searchParams)
  await browser.post(`${ISSUER}/logout`, fields, HOME)
  expect(browser.cookies.get(SESSION)).toBeNull()
})

/** Hints of an attacker who knows the id of a session, which is no secret. */
const HINTS: Readonly<Record<string, (sid: string, other: string) => string | Promise<string>>> = {
  'without a hint': () => '',
  'with an invalid hint': () => 'eyJ.eyJ.x',
  'with a hint of another session': (_, other) => other,
  'with a hint whose claims were changed': (sid, other) => {
    const [head, , signature] = other.split('.')
    const claims = Buffer.from(JSON.stringify({ iss: ISSUER, sid })).toString('base64url')
    return [head, claims, signature].join('.')
  },
  'with a token of the same keys that is no id token': async (sid) =>
    new SignJWT({ iss: HOME, sid })
      .setProtectedHeader({ alg: 'RS256', kid: KEY.kid })
      .sign(await importJWK({ ...KEY, alg: 'RS256' })),
}

describe('a sign-out link that any site could have made', () => {
  test.each(Object.entries(HINTS))(
    '%s shows a confirmation page [requirement 73]',
    async (_, hintOf) => {
      const scene = aChat([], { settings: { SIGNING_KEYS: JSON.stringify({ keys: [KEY] }) } })
      await signedInAtChat(scene)
      const other = scene.chat.tokens.id_token ?? ''
      const browser = await signedIn(scene.entrada)
      const hint = await hintOf(await sessionId(browser), other)
      const url = `${ISSUER}/logout?id_token_hint=${hint}`
      const page = await browser.open(url, { from: 'https://evil.example' })
      expect([page.status, page.html.querySelector('h1')?.text]).toEqual([200, 'Sign out?'])
      expect((await browser.fetch('/.entrada/session')).status).toBe(200)
      // The person confirms, and the sign-out continues at Microsoft.
      const after = await browser.submit()
      expect(browser.cookies.get(SESSION)).toBeNull()
      const { login } = scene.entrada.sandbox.hosts
      expect(after.hops.some((hop) => hop.url.origin === login)).toBe(true)
    },
  )

  test('does not redirect to post_logout_redirect_uri', async () => {
    const scene = aChat()
    const browser = await signedInAtChat(scene)
    const url = await scene.chat.endSessionUrl()
    url.searchParams.set('post_logout_redirect_uri', 'https://evil.example/')
    const page = await browser.open(url.href)
    expect(page.hops.some((hop) => hop.url.hostname === 'evil.example')).toBe(false)
    expect(page.text).not.toContain('evil.example')
  })
})

test('shows the signed-out page to people without a session', async () => {
  const browser = aChat().entrada.browser()
  const page = await browser.open(`${ISSUER}/logout`)
  expect([page.url.pathname, page.status]).toEqual(['/.entrada/signed-out', 200])
})

test('does not accept an assertion as a hint: it names the person, not the session', async () => {
  const scene = aChat([], { settings: { ORIGIN_HEADERS: '{}' } })
  let assertion = ''
  scene.entrada.internet.answer('https://origin.contoso.example', (request) => {
    assertion = request.headers.get('entrada-assertion') ?? ''
    return new Response('hello')
  })
  const browser = await signedIn(scene.entrada)
  expect(assertion).not.toBe('')
  await browser.open(`${ISSUER}/logout?id_token_hint=${assertion}`)
  expect(browser.cookies.get(SESSION)).not.toBeNull()
})

async function sessionId(browser: Browser): Promise<string> {
  const response = await browser.fetch('/.entrada/sessions')
  const { sessions } = await response.json<{ sessions: { id: string; current: boolean }[] }>()
  return sessions.find(({ current }) => current)?.id ?? ''
}
