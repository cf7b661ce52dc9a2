import { decodeJwt } from 'jose'
import * as oidc from 'openid-client'
import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import type { Browser } from '../../support/browser/browser.ts'
import type { Page } from '../../support/browser/page.ts'
import { clock } from '../../support/clock.ts'
import {
  aChat,
  answerTo,
  authorizeUrl,
  codeFor,
  ISSUER,
  redeem,
  signedInAtChat,
  type ProviderScene,
} from './fixture.ts'
import { signedIn } from '../../support/scene.ts'

/*
 * A client that requires a new authentication or a certain person. An attacker at an unlocked browser can edit
 * every URL in the flow, so that only claims signed by Entra count.
 */

function seconds(): number {
  return Math.floor(clock.now() / 1000)
}

async function authTimeFor(scene: ProviderScene, code: string): Promise<unknown> {
  const { id_token: idToken } = await (await redeem(scene, { code })).json<{ id_token: string }>()
  return decodeJwt(idToken)['auth_time']
}

/** The parameters with which the browser was redirected to the chat's callback. */
function answerIn(page: Page): URLSearchParams | undefined {
  return page.hops.find(({ url }) => url.searchParams.get('iss') === ISSUER)?.url.searchParams
}

/** Opens Entra's sign-in again without the parameters that demand credentials, as an attacker would. */
async function openUndemanding(browser: Browser, url: string): Promise<Page> {
  const address = new URL((await browser.open(url)).url)
  expect(address.searchParams.get('prompt')).toBe('login')
  address.searchParams.delete('prompt')
  return browser.open(address.href)
}

test('auth_time is when the person authenticated at Entra, not when the session began', async () => {
  const scene = aChat()
  const browser = await signedIn(scene.entrada)
  const authenticatedAt = seconds()
  await clock.advance(3600)
  browser.cookies.delete('__Host-entrada')
  // Entra recognises the browser and shows no page.
  const page = await browser.open('/')
  expect(page.hops.some(({ url }) => url.pathname === '/oauth/openid/callback')).toBe(true)
  expect(await authTimeFor(scene, await codeFor(browser))).toBe(authenticatedAt)
})

describe.each([
  ['prompt=login', { prompt: 'login' }],
  ['max_age=0', { max_age: '0' }],
  ['max_age=600', { max_age: '600' }],
])('%s', (_, changes) => {
  test('makes Entra ask for credentials, and auth_time is the time of that sign-in', async () => {
    const scene = aChat()
    const browser = await signedIn(scene.entrada)
    await clock.advance(3600)
    const page = await browser.open(authorizeUrl(changes))
    expect(page.url.searchParams.get('prompt')).toBe('login')
    await clock.advance(20)
    const authenticatedAt = seconds()
    const done = await browser.submit({ button: ['account', CAST.adele.userPrincipalName] })
    expect(answerIn(done)?.has('code')).toBe(true)
    expect(await authTimeFor(scene, await codeFor(browser))).toBe(authenticatedAt)
  })

  test('also without a session at Entrada, while Entra has one', async () => {
    const scene = aChat()
    const browser = await signedIn(scene.entrada)
    await clock.advance(3600)
    browser.cookies.delete('__Host-entrada')
    const page = await browser.open(authorizeUrl(changes))
    expect(page.url.origin).toBe(scene.entrada.sandbox.hosts.login)
    expect(page.url.searchParams.get('prompt')).toBe('login')
  })

  test('is refused with login_required when Entra did not authenticate the person again', async () => {
    const scene = aChat()
    const browser = await signedIn(scene.entrada)
    await clock.advance(3600)
    const page = await openUndemanding(browser, authorizeUrl(changes))
    const answer = answerIn(page)
    expect([answer?.get('error'), answer?.has('code')]).toEqual(['login_required', false])
  })

  test('is refused without a second sign-in where Entra sends no auth_time', async () => {
    const scene = aChat([], { knowsAuthTime: false })
    const browser = await signedIn(scene.entrada)
    await clock.advance(3600)
    await browser.open(authorizeUrl(changes))
    const page = await browser.submit({ button: ['account', CAST.adele.userPrincipalName] })
    const answer = answerIn(page)
    expect([answer?.get('error'), answer?.has('code')]).toEqual(['login_required', false])
    expect(answer?.get('error_description')).toContain('auth_time')
  })
})

test('a new session with an older auth_time does not meet max_age', async () => {
  const scene = aChat()
  const browser = await signedIn(scene.entrada)
  await clock.advance(3600)
  browser.cookies.delete('__Host-entrada')
  await browser.open('/')
  const answer = await answerTo(browser, authorizeUrl({ max_age: '600', prompt: 'none' }))
  expect(answer.searchParams.get('error')).toBe('login_required')
})

test('the id token has no auth_time where Entra sends none', async () => {
  const scene = aChat([], { knowsAuthTime: false })
  const code = await codeFor(await signedIn(scene.entrada))
  expect(await authTimeFor(scene, code)).toBeUndefined()
})

test('openid-client accepts the response to max_age', async () => {
  const scene = aChat()
  const browser = await signedIn(scene.entrada)
  await clock.advance(3600)
  await browser.open(authorizeUrl({ max_age: '60' }))
  await browser.submit({ button: ['account', CAST.adele.userPrincipalName] })
  const url = await answerTo(browser, authorizeUrl({ max_age: '60' }))
  const checks = { expectedState: 'the-state', maxAge: 60 }
  const tokens = await oidc.authorizationCodeGrant(await scene.chat.config(), url, checks)
  expect(tokens.claims()?.auth_time).toBe(seconds())
})

describe('id_token_hint', () => {
  async function aHint(): Promise<{ scene: ProviderScene; hint: string }> {
    const scene = aChat()
    await signedInAtChat(scene)
    await clock.advance(3600)
    return { scene, hint: scene.chat.tokens.id_token ?? '' }
  }

  test('of another person is refused with login_required after the sign-in', async () => {
    const { scene, hint } = await aHint()
    for (const browser of [await signedIn(scene.entrada, 'alex'), scene.entrada.browser()]) {
      const page = await browser.open(authorizeUrl({ id_token_hint: hint }))
      expect(page.url.origin).toBe(scene.entrada.sandbox.hosts.login)
      const done = await browser.submit({ button: ['account', CAST.alex.userPrincipalName] })
      const answer = answerIn(done)
      expect([answer?.get('error'), answer?.has('code')]).toEqual(['login_required', false])
    }
  })

  test('of the person who then signs in gets a code', async () => {
    const { scene, hint } = await aHint()
    const browser = await signedIn(scene.entrada, 'alex')
    await browser.open(authorizeUrl({ id_token_hint: hint }))
    const page = await browser.submit({ button: ['account', CAST.adele.userPrincipalName] })
    expect(answerIn(page)?.has('code')).toBe(true)
  })

  test('that is invalid, forged or an assertion gets invalid_request', async () => {
    const { scene, hint } = await aHint()
    const browser = await signedIn(scene.entrada)
    const [head, , signature] = hint.split('.')
    const forged = Buffer.from(JSON.stringify({ iss: ISSUER, sub: CAST.adele.id }))
    for (const wrong of ['x', `${head}.${forged.toString('base64url')}.${signature}`]) {
      const answer = await answerTo(browser, authorizeUrl({ id_token_hint: wrong }))
      expect(answer.searchParams.get('error')).toBe('invalid_request')
    }
  })

  test('and prompt=login must both be met', async () => {
    const { scene, hint } = await aHint()
    const browser = await signedIn(scene.entrada, 'alex')
    const url = authorizeUrl({ id_token_hint: hint, prompt: 'login' })
    const page = await browser.open(url)
    expect(page.url.searchParams.get('prompt')).toBe('login')
    const done = await browser.submit({ button: ['account', CAST.alex.userPrincipalName] })
    expect(answerIn(done)?.get('error')).toBe('login_required')
  })
})
