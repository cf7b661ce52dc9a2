import { decodeJwt, decodeProtectedHeader } from 'jose'
import { ClientSecretBasic } from 'openid-client'
import { describe, expect, test } from 'vitest'
import { CAST, CONTOSO } from '../../sandbox/directory/cast.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada } from '../../support/entrada.ts'
import { byGroup, putAdeleInGroups, WANTED } from '../membership/fixture.ts'
import {
  aChat,
  authorizeUrl,
  REDIRECT_URI,
  CLIENT_ID,
  codeFor,
  ISSUER,
  redeem,
  signedInAtChat,
} from './fixture.ts'
import { HOME } from '../../support/addresses.ts'
import { signedIn } from '../../support/scene.ts'

/*
 * Entrada as the chat's OpenID provider. The chat is LibreChat's sign-in on `openid-client`, which validates every
 * response.
 */

const ADELE = {
  sub: CAST.adele.id,
  oid: CAST.adele.id,
  tid: CONTOSO,
  name: 'Adele Vance',
  email: CAST.adele.userPrincipalName,
  email_verified: true,
  preferred_username: CAST.adele.userPrincipalName,
  roles: [],
  groups: [],
}

test('a person who is signed in at Entrada is signed in at the chat without a page', async () => {
  const scene = aChat()
  const browser = await signedIn(scene.entrada)
  const page = await browser.open(`${HOME}/oauth/openid`)
  expect([page.url.href, page.text]).toEqual([`${HOME}/`, '<h1>LibreChat</h1>'])
  const { tokens } = scene.chat
  expect(tokens.claims()).toMatchObject({ ...ADELE, iss: ISSUER, aud: CLIENT_ID })
  expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 900 })
  expect(tokens.refresh_token).toBeTruthy()
})

test('a person without a session signs in at Microsoft once, for Entrada and the chat', async () => {
  const scene = aChat()
  const browser = scene.entrada.browser()
  const page = await browser.signIn(CAST.adele.userPrincipalName, '/oauth/openid')
  expect(page.url.href).toBe(`${HOME}/`)
  expect(scene.chat.tokens.claims()?.sub).toBe(CAST.adele.id)
})

test('an authorization request continues after the sign-in', async () => {
  const scene = aChat()
  const browser = scene.entrada.browser()
  // The chat receives the same response as without the sign-in in between.
  const page = await browser.signIn(CAST.adele.userPrincipalName, authorizeUrl({ state: 'kept' }))
  const answer = page.hops
    .map(({ url }) => url)
    .find(({ searchParams }) => searchParams.get('iss') === ISSUER)
  expect(answer?.searchParams.get('state')).toBe('kept')
})

test('accepts a client that authenticates by client_secret_basic', async () => {
  const scene = aChat([], { authentication: ClientSecretBasic() })
  await signedInAtChat(scene)
  expect(scene.chat.isSignedIn).toBe(true)
})

test('the id token is signed with a published key and has auth_time and sid', async () => {
  const scene = aChat()
  const browser = await signedIn(scene.entrada)
  await clock.advance(100)
  await browser.open(`${HOME}/oauth/openid`)
  const idToken = scene.chat.tokens.id_token ?? ''
  const { keys } = await (
    await browser.fetch('/.entrada/jwks.json')
  ).json<{ keys: { kid: string }[] }>()
  expect(keys.map(({ kid }) => kid)).toContain(decodeProtectedHeader(idToken).kid)
  expect(decodeProtectedHeader(idToken).alg).toBe('RS256')
  const { sessions } = await (
    await browser.fetch('/.entrada/sessions')
  ).json<{ sessions: { id: string; createdAt: number }[] }>()
  const [session] = sessions
  expect(decodeJwt(idToken)).toMatchObject({ sid: session?.id, auth_time: session?.createdAt })
})

test('UserInfo gives the same claims, and only those of the scopes', async () => {
  const scene = aChat()
  await signedInAtChat(scene)
  expect(await scene.chat.userInfo()).toEqual(ADELE)
  const sparse = aChat([], { OPENID_SCOPE: 'openid' })
  await signedInAtChat(sparse)
  const { sub, oid, tid } = ADELE
  expect(await sparse.chat.userInfo()).toEqual({ sub, oid, tid })
  expect(sparse.chat.tokens.refresh_token).toBeUndefined()
})

test('the chat receives configured groups only', async () => {
  const settings = byGroup('graph')
  const scene = aChat([], { settings })
  const { sandbox } = scene.entrada
  sandbox.entra.grantAdminConsent(['GroupMember.Read.All'])
  putAdeleInGroups(sandbox, { count: 5, isMember: true })
  await signedInAtChat(scene)
  expect(scene.chat.tokens.claims()?.['groups']).toEqual([WANTED])
  expect(await scene.chat.userInfo()).toMatchObject({ groups: [WANTED] })
})

describe('a refresh', () => {
  test('gives a new id token each time, and the refresh token stays valid', async () => {
    const scene = aChat()
    await signedInAtChat(scene)
    const { refresh_token: first, id_token: before } = scene.chat.tokens
    await clock.advance(600)
    const refreshed = await scene.chat.refresh()
    expect(refreshed.claims()).toMatchObject({ sub: CAST.adele.id, aud: CLIENT_ID })
    expect(refreshed.id_token).not.toBe(before)
    expect(refreshed.expires_in).toBe(900)
    // Two tabs refresh at the same time, and both succeed.
    expect((await scene.chat.refresh(first)).id_token).toBeTruthy()
  })

  test('does not count as activity of the session', async () => {
    const scene = aChat([], { settings: { SESSION_IDLE_SECONDS: '3600' } })
    await signedInAtChat(scene)
    await clock.advance(3000)
    await scene.chat.refresh()
    await clock.advance(700)
    await expect(scene.chat.refresh()).rejects.toMatchObject({ error: 'invalid_grant' })
  })
})

describe('the end of a session', () => {
  test('ends every token of its grants at once [requirement 32]', async () => {
    const scene = aChat()
    const browser = await signedInAtChat(scene)
    await browser.fetch('/.entrada/logout', { method: 'POST', redirect: 'manual' })
    await expect(scene.chat.refresh()).rejects.toMatchObject({
      error: 'invalid_grant',
      status: 400,
    })
    await expect(scene.chat.userInfo()).rejects.toMatchObject({ status: 401 })
  })

  test('before the redemption makes the code invalid', async () => {
    const scene = aChat()
    const browser = await signedIn(scene.entrada)
    const code = await codeFor(browser)
    await browser.fetch('/.entrada/logout', { method: 'POST', redirect: 'manual' })
    expect(await (await redeem(scene, { code })).json()).toMatchObject({ error: 'invalid_grant' })
  })
})

describe('a callback path that chat and Entrada share', () => {
  test('goes to the chat for Entrada’s responses, and to Entrada for Microsoft’s', async () => {
    const scene = aChat()
    const browser = await signedInAtChat(scene)
    expect(scene.chat.isSignedIn).toBe(true)
    // Microsoft's response came through the same path. Without it there would be no session.
    expect((await browser.fetch('/.entrada/session')).status).toBe(200)
  })

  test.each([
    ['two issuers', `iss=${encodeURIComponent(ISSUER)}&iss=${encodeURIComponent(ISSUER)}`],
    ['another issuer', 'iss=https%3A%2F%2Fevil.example'],
    ['an issuer that begins with ours', `iss=${encodeURIComponent(`${ISSUER}/x`)}`],
  ])('goes to Entrada when the response names %s', async (_, query) => {
    const scene = aChat()
    const browser = await signedIn(scene.entrada)
    await browser.open(`${REDIRECT_URI}?code=x&state=y&${query}`)
    expect(scene.chat.paths).not.toContain('/oauth/openid/callback')
  })

  test('always goes to Entrada without OIDC_CLIENTS', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    const page = await browser.open(
      `${REDIRECT_URI}?code=x&state=y&iss=${encodeURIComponent(ISSUER)}`,
    )
    expect(page.url.pathname).not.toBe('/oauth/openid/callback')
    const metadata = await browser.fetch('/.entrada/oidc/.well-known/openid-configuration')
    expect([metadata.status, metadata.headers.get('entrada-error')]).toEqual([404, 'not_found'])
  })
})
