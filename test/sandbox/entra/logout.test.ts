import { describe, expect, test } from 'vitest'
import { CAST } from '../directory/cast.ts'
import { claimsOf } from './answers.ts'
import { type Parameters, RelyingParty, SIGNED_OUT } from './relying-party.ts'

const FRONT_CHANNEL = 'https://chat.contoso.example/.entrada/frontchannel-logout'

async function signedIn(registration = {}) {
  const party = new RelyingParty({ registration })
  const { body } = await party.tokens(CAST.adele)
  return { party, claims: claimsOf(body['id_token']), body }
}

function leave(party: RelyingParty, parameters: Parameters) {
  return party.browser.open(party.url('oauth2/v2.0/logout', parameters))
}

async function isSignedIn(party: RelyingParty): Promise<boolean> {
  const page = await party.authorize({ prompt: 'none' })
  return page.url.searchParams.has('code')
}

describe('signing out', () => {
  test('asks which account to sign out, even when there is only one', async () => {
    const { party } = await signedIn()
    const page = await leave(party, { post_logout_redirect_uri: SIGNED_OUT })
    expect(page.title).toContain('Sign out')
    expect(await isSignedIn(party)).toBe(true)
    await leave(party, { post_logout_redirect_uri: SIGNED_OUT })
    expect((await party.choose(CAST.adele)).url.href).toBe(SIGNED_OUT)
    expect(await isSignedIn(party)).toBe(false)
  })

  test('does not ask when logout_hint carries the login_hint claim, and returns state', async () => {
    const { party, claims } = await signedIn()
    const page = await leave(party, {
      post_logout_redirect_uri: SIGNED_OUT,
      logout_hint: String(claims['login_hint']),
      state: 's',
    })
    expect(page.url.href).toBe(`${SIGNED_OUT}?state=s`)
    expect(await isSignedIn(party)).toBe(false)
  })

  test('asks when logout_hint is a name', async () => {
    const { party } = await signedIn()
    const page = await leave(party, { logout_hint: CAST.adele.userPrincipalName })
    expect(page.title).toContain('Sign out')
  })

  test('does not ask when id_token_hint is an id token of this sign-in', async () => {
    const { party, body } = await signedIn()
    const hint = { post_logout_redirect_uri: SIGNED_OUT, id_token_hint: String(body['id_token']) }
    expect((await leave(party, hint)).url.href).toBe(SIGNED_OUT)
  })

  test('accepts a form post', async () => {
    const { party, claims } = await signedIn()
    const page = await party.browser.post(
      party.url('oauth2/v2.0/logout'),
      { post_logout_redirect_uri: SIGNED_OUT, logout_hint: String(claims['login_hint']) },
      'https://chat.contoso.example',
    )
    // A form from another site sends no Lax cookie, but this cookie is SameSite=None.
    expect(page.url.href).toBe(SIGNED_OUT)
    expect(await isSignedIn(party)).toBe(false)
  })

  test.each([
    ['an unregistered address', 'https://evil.example/'],
    ['another path', `${SIGNED_OUT}/more`],
  ])('does not redirect to %s', async (_situation, address) => {
    const { party, claims } = await signedIn()
    const page = await leave(party, {
      post_logout_redirect_uri: address,
      logout_hint: String(claims['login_hint']),
    })
    expect(page.title).toContain('Signed out')
    expect(page.text).not.toContain(address)
    expect(await isSignedIn(party)).toBe(false)
  })

  test('redirects back when nobody is signed in', async () => {
    const party = new RelyingParty()
    const page = await leave(party, { post_logout_redirect_uri: SIGNED_OUT })
    expect(page.url.href).toBe(SIGNED_OUT)
  })

  test('signs out one account and leaves the other signed in', async () => {
    const { party, claims } = await signedIn()
    await party.signIn(CAST.alex, { prompt: 'select_account' })
    await leave(party, { logout_hint: String(claims['login_hint']) })
    const page = await party.authorize({ prompt: 'none' })
    expect(page.url.searchParams.has('code')).toBe(true)
    expect(page.url.searchParams.get('session_state')).not.toBe(claims['sid'])
  })

  test('leaves refresh tokens valid', async () => {
    const { party, claims, body } = await signedIn()
    await leave(party, { logout_hint: String(claims['login_hint']) })
    expect((await party.refresh(body['refresh_token'])).status).toBe(200)
  })
})

describe('front-channel sign-out', () => {
  test('frames the registered address with sid as the only parameter', async () => {
    const { party, claims } = await signedIn({ frontChannelLogoutUrl: FRONT_CHANNEL })
    const page = await leave(party, {
      post_logout_redirect_uri: SIGNED_OUT,
      logout_hint: String(claims['login_hint']),
    })
    const frames = page.html.querySelectorAll('iframe').map((frame) => frame.getAttribute('src'))
    expect(frames).toEqual([`${FRONT_CHANNEL}?sid=${String(claims['sid'])}`])
    expect(page.headers.get('content-security-policy')).toContain(
      'frame-src https://chat.contoso.example;',
    )
    expect(page.html.querySelector('meta[http-equiv=refresh]')?.getAttribute('content')).toBe(
      `2;url=${SIGNED_OUT}`,
    )
    expect((await party.browser.click('main a')).url.href).toBe(SIGNED_OUT)
  })

  test('does not notify an application that was never signed in to', async () => {
    const party = new RelyingParty({ registration: { frontChannelLogoutUrl: FRONT_CHANNEL } })
    await party.authorize()
    await party.choose(CAST.adele)
    await party.decide('decline')
    await leave(party, { post_logout_redirect_uri: SIGNED_OUT })
    const page = await party.choose(CAST.adele)
    expect(page.url.href).toBe(SIGNED_OUT)
  })
})
