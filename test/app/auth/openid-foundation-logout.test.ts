import { describe, expect, test } from 'vitest'
import { clock } from '../../support/clock.ts'
import type { Script, ScriptedIssuer } from '../../support/scripted-issuer.ts'
import { assembled, signedBy, without, type Claims } from '../../support/scripted-tokens.ts'
import {
  withParameters,
  signedWithClientSecret,
  ISSUER,
  withClaims,
  aScriptedEntrada,
} from '../edge/scripted-entrada-fixture.ts'
import { HOME } from '../../support/addresses.ts'
import { isSignedIn } from '../../support/scene.ts'

/* The logout plans for relying parties of the OpenID Foundation's conformance suite; see openid-foundation.test.ts. */

describe('sign-out that begins here [requirement 84]', () => {
  test.each([
    ['oidcc-client-test-rp-init-logout', withParameters(() => undefined), true],
    [
      'oidcc-client-test-rp-init-logout-other-state',
      withParameters((parameters) => parameters.set('state', 'another')),
      false,
    ],
    [
      'oidcc-client-test-rp-init-logout-no-state',
      withParameters((parameters) => parameters.delete('state')),
      false,
    ],
  ])('%s', async (_module, logoutReturn, isConfirmed) => {
    const { entrada, issuer } = aScriptedEntrada({ logoutReturn })
    const browser = entrada.browser()
    await browser.open('/')
    const response = await browser.fetch('/.entrada/logout', { method: 'POST' })
    const { redirect } = await response.json<{ redirect: string }>()
    const asked = new URL(redirect).searchParams
    expect([...asked.keys()].toSorted()).toEqual([
      'client_id',
      'id_token_hint',
      'post_logout_redirect_uri',
      'state',
    ])
    expect(isSignedIn(browser)).toBe(false)
    const page = await browser.open(redirect)
    expect([page.status, page.url.href]).toEqual([200, `${HOME}/.entrada/signed-out`])
    // Only the state that we sent proves that the user returns from the issuer.
    expect(page.text.includes('sign-in service')).toBe(isConfirmed)
    expect(issuer.count('/logout')).toBe(1)
  })
})

describe('front-channel sign-out [requirement 85]', () => {
  async function sessionStatusAfter(query: (issuer: ScriptedIssuer) => Record<string, string>) {
    const { entrada, issuer } = aScriptedEntrada()
    const browser = entrada.browser()
    await browser.open('/')
    const path = `/.entrada/frontchannel-logout?${new URLSearchParams(query(issuer))}`
    const response = await entrada.fetch(path, {
      headers: {
        'sec-fetch-dest': 'iframe',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-site': 'cross-site',
      },
    })
    expect([response.status, await response.text()]).toEqual([200, ''])
    expect(response.headers.get('content-security-policy')).toContain(`frame-ancestors ${ISSUER}`)
    return (await browser.fetch('/.entrada/session')).status
  }

  test('oidcc-client-test-rp-frontchannel-rpinitlogout', async () => {
    expect(await sessionStatusAfter(({ sid }) => ({ iss: ISSUER, sid }))).toBe(401)
  })

  test.each([
    ['another issuer', 'https://other.example'],
    ['another realm of the same host', `${ISSUER}/realms/other`],
    ['no issuer at all', ''],
  ])('does nothing in the name of %s', async (_case, iss) => {
    expect(await sessionStatusAfter(({ sid }) => ({ iss, sid }))).toBe(200)
  })
})

describe('back-channel sign-out [requirement 86]', () => {
  const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

  async function signedIn(script: Script = {}) {
    const { entrada, issuer } = aScriptedEntrada(script)
    const browser = entrada.browser()
    await browser.open('/')
    const post = (token: string | null) =>
      entrada.fetch('/.entrada/backchannel-logout', {
        method: 'POST',
        body: new URLSearchParams(token === null ? {} : { logout_token: token }),
      })
    const isAlive = async () => (await browser.fetch('/.entrada/session')).status === 200
    return { entrada, issuer, post, isAlive }
  }

  test('oidcc-client-test-rp-backchannel-rpinitlogout', async () => {
    const { issuer, post, isAlive } = await signedIn()
    const response = await post(await issuer.logoutToken())
    expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(await isAlive()).toBe(false)
  })

  test.each([
    ['by subject alone', without('sid')],
    ['by session alone', without('sub')],
  ])('a token that names the user %s is enough', async (_case, change) => {
    const { issuer, post, isAlive } = await signedIn()
    expect((await post(await issuer.logoutToken(change))).status).toBe(200)
    expect(await isAlive()).toBe(false)
  })

  const flawed: Record<string, [change: (claims: Claims) => Claims, sign?: Script['sign']]> = {
    'oidcc-client-test-rp-backchannel-rpinitlogout-alg-none': [
      (claims) => claims,
      async (claims) => assembled({ alg: 'none' }, claims, ''),
    ],
    'oidcc-client-test-rp-backchannel-rpinitlogout-wrong-alg': [
      (claims) => claims,
      async (claims) => signedWithClientSecret({ alg: 'HS256', kid: 'first' }, claims),
    ],
    'an algorithm the issuer does not sign with': [
      (claims) => claims,
      (claims, { elliptic }) => signedBy(elliptic)(claims),
    ],
    'a key that is not published': [
      (claims) => claims,
      (claims, { unpublished }) => signedBy(unpublished)(claims),
    ],
    'oidcc-client-test-rp-backchannel-rpinitlogout-wrong-aud': [
      withClaims({ aud: 'somebody-else' }),
    ],
    'oidcc-client-test-rp-backchannel-rpinitlogout-wrong-iss': [
      withClaims({ iss: `${ISSUER}/other` }),
    ],
    'oidcc-client-test-rp-backchannel-rpinitlogout-wrong-event': [
      withClaims({ events: { 'https://op.example/event/other': {} } }),
    ],
    'oidcc-client-test-rp-backchannel-rpinitlogout-no-event': [without('events')],
    'an event that is no object': [withClaims({ events: { [EVENT]: true } })],
    'oidcc-client-test-rp-backchannel-rpinitlogout-with-nonce': [withClaims({ nonce: 'n' })],
    'neither sub nor sid': [without('sub', 'sid')],
    'no id': [without('jti')],
    'an empty id': [withClaims({ jti: '' })],
    'no time': [without('iat')],
    'a time ten minutes ago': [(claims) => ({ ...claims, iat: Number(claims['iat']) - 600 })],
    'a time ten minutes ahead': [(claims) => ({ ...claims, iat: Number(claims['iat']) + 600 })],
    'an end that has passed': [(claims) => ({ ...claims, exp: Number(claims['iat']) - 120 })],
  }

  test.each(Object.entries(flawed))('%s: 400, and the session goes on', async (_module, parts) => {
    const { issuer, post, isAlive } = await signedIn()
    const [change, sign] = parts
    const token = await issuer.logoutToken(change, ...(sign === undefined ? [] : [sign]))
    const response = await post(token)
    expect([response.status, response.headers.get('cache-control')]).toEqual([400, 'no-store'])
    expect(await isAlive()).toBe(true)
  })

  test.each([null, '', 'x', 'a.b.c', '..', `${'a'.repeat(20_000)}.b.c`])(
    'the token %j is refused',
    async (token) => {
      const { post, isAlive } = await signedIn()
      expect((await post(token)).status).toBe(400)
      expect(await isAlive()).toBe(true)
    },
  )

  test('a token is accepted once', async () => {
    const { issuer, post } = await signedIn()
    const token = await issuer.logoutToken()
    expect([(await post(token)).status, (await post(token)).status]).toEqual([200, 400])
  })

  test('many forged tokens do not cause a key request each', async () => {
    const { issuer, post } = await signedIn()
    const forge = () =>
      issuer.logoutToken(undefined, (claims, { unpublished }) => signedBy(unpublished)(claims))
    for (let forged = 0; forged < 20; forged++) await post(await forge())
    expect(issuer.count('/keys')).toBe(1)
  })

  test('an outage of the keys is answered as our failure, not the sender’s', async () => {
    const { entrada, issuer, post, isAlive } = await signedIn()
    await clock.advance(25 * 3600)
    entrada.internet.answer(ISSUER, () => new Response(null, { status: 503 }))
    const response = await post(await issuer.logoutToken())
    expect(response.status).toBe(503)
    expect(await isAlive()).toBe(false)
  })
})
