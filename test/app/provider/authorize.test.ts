import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { clock } from '../../support/clock.ts'
import { aChat, answerTo, authorizeUrl, CALLBACK, ISSUER, OTHER } from './fixture.ts'
import { HOME } from '../../support/addresses.ts'
import { signedIn, cookieHeaderOf } from '../../support/scene.ts'

/* Requests of a client, in the browser of somebody who may or may not be signed in. */

const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

describe('a request that cannot be the client’s', () => {
  test.each([
    ['a client that nobody knows', { client_id: 'stranger' }],
    ['no client', { client_id: null }],
    ['an address of another site', { redirect_uri: 'https://evil.example/oauth/openid/callback' }],
    ['an address that goes on where the right one ends', { redirect_uri: `${CALLBACK}/x` }],
    ['an address with a query', { redirect_uri: `${CALLBACK}?x=1` }],
    ['an address in capitals', { redirect_uri: CALLBACK.replace('/oauth', '/OAUTH') }],
    ['the address of another client', { redirect_uri: `${HOME}/other` }],
    ['no address', { redirect_uri: null }],
  ])('%s: it is told to the person and led nowhere', async (_, changes) => {
    const browser = await signedIn(aChat().entrada)
    const page = await browser.open(authorizeUrl(changes))
    expect([page.status, page.headers.get('entrada-error')]).toEqual([400, 'invalid_request'])
    expect(page.url.pathname).toBe('/.entrada/oidc/authorize')
    expect(page.text).toContain('OIDC_CLIENTS')
  })

  test('an address given twice is nobody’s', async () => {
    const browser = await signedIn(aChat().entrada)
    const twice = `${authorizeUrl()}&redirect_uri=${encodeURIComponent('https://evil.example/')}`
    expect((await browser.open(twice)).status).toBe(400)
  })
})

describe('a request that the client has to mend', () => {
  test.each([
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['no response type', { response_type: null }, 'unsupported_response_type'],
    ['another response mode', { response_mode: 'fragment' }, 'invalid_request'],
    ['a request object', { request: 'eyJ' }, 'request_not_supported'],
    ['a request by reference', { request_uri: 'https://x.example' }, 'request_uri_not_supported'],
    ['no scope', { scope: null }, 'invalid_scope'],
    ['scopes without openid', { scope: 'profile email' }, 'invalid_scope'],
    [
      'a challenge in clear',
      { code_challenge: CHALLENGE, code_challenge_method: 'plain' },
      'invalid_request',
    ],
    ['a challenge of no method', { code_challenge: CHALLENGE }, 'invalid_request'],
    [
      'a challenge too short',
      { code_challenge: 'abc', code_challenge_method: 'S256' },
      'invalid_request',
    ],
    ['a method without a challenge', { code_challenge_method: 'S256' }, 'invalid_request'],
    ['a prompt that contradicts itself', { prompt: 'none login' }, 'invalid_request'],
    ['an age that is no number', { max_age: 'soon' }, 'invalid_request'],
  ])('%s is led back with its error and no code', async (_, changes, error) => {
    const answer = await answerTo(await signedIn(aChat().entrada), authorizeUrl(changes))
    expect(`${answer.origin}${answer.pathname}`).toBe(CALLBACK)
    const { code = null, ...rest } = Object.fromEntries(answer.searchParams)
    expect([code, rest]).toEqual([
      null,
      { error, error_description: expect.any(String), state: 'the-state', iss: ISSUER },
    ])
  })

  test('a parameter given twice is one of them', async () => {
    const answer = await answerTo(await signedIn(aChat().entrada), `${authorizeUrl()}&scope=openid`)
    expect(answer.searchParams.get('error')).toBe('invalid_request')
  })
})

test('a correct request is answered with a code, the state as it was and the issuer', async () => {
  const state = 'ü &=%/?#'
  const answer = await answerTo(await signedIn(aChat().entrada), authorizeUrl({ state }))
  const { code, ...rest } = Object.fromEntries(answer.searchParams)
  expect(rest).toEqual({ state, iss: ISSUER })
  expect(code).toBeTruthy()
})

test('an address that has a query of its own keeps it', async () => {
  const uri = `${HOME}/callback?provider=entrada`
  const clients = [{ ...OTHER, redirect_uris: [uri] }]
  const browser = await signedIn(
    aChat([], { settings: { OIDC_CLIENTS: JSON.stringify(clients) } }).entrada,
  )
  const changes = { client_id: OTHER.client_id, redirect_uri: uri }
  const { searchParams } = await answerTo(browser, authorizeUrl(changes))
  expect([searchParams.get('provider'), searchParams.has('code')]).toEqual(['entrada', true])
})

test('a form is as good as a link, also from a page of another site', async () => {
  const scene = aChat()
  const browser = await signedIn(scene.entrada)
  const fields = Object.fromEntries(new URL(authorizeUrl()).searchParams)
  const page = await browser.post(`${ISSUER}/authorize`, fields, 'https://elsewhere.example')
  const answer = page.hops
    .map(({ url }) => url)
    .find(({ pathname }) => pathname.endsWith('/callback'))
  expect(answer?.searchParams.get('code')).toBeTruthy()
})

test('a dead cookie that a sibling site has planted in front does not hide the living one', async () => {
  const scene = aChat()
  const browser = await signedIn(scene.entrada)
  const living = cookieHeaderOf(browser)
  const planted = `__Host-entrada=${'A'.repeat(24)}.${'A'.repeat(43)}`
  const headers = { cookie: `${planted}; ${living}` }
  const response = await scene.entrada.fetch(authorizeUrl(), { headers })
  expect(new URL(response.headers.get('location') ?? '').searchParams.has('code')).toBe(true)
})

describe('when nobody is signed in', () => {
  test('a page load is led to the sign-in, and comes back', async () => {
    const browser = aChat().entrada.browser()
    const page = await browser.open(authorizeUrl())
    const login = page.hops
      .map(({ url }) => url)
      .find(({ pathname }) => pathname === '/.entrada/login')
    expect(login?.searchParams.get('return_to')).toMatch(
      /^\/\.entrada\/oidc\/authorize\?client_id=/,
    )
  })

  test('a script’s request is told so, and begins nothing', async () => {
    const browser = aChat().entrada.browser()
    const response = await browser.fetch(authorizeUrl(), { redirect: 'manual' })
    expect([response.status, response.headers.get('entrada-error')]).toEqual([
      401,
      'session_required',
    ])
    expect(response.headers.getSetCookie()).toEqual([])
  })

  test('a client that wants no questions is told that it takes one', async () => {
    const browser = aChat().entrada.browser()
    const answer = await answerTo(browser, authorizeUrl({ prompt: 'none' }))
    expect([answer.origin, answer.searchParams.get('error')]).toEqual([HOME, 'login_required'])
  })
})

describe('a client that wants the person to sign in anew', () => {
  test.each([
    ['at once', { prompt: 'login' }, 1],
    ['with a choice', { prompt: 'select_account' }, 1],
    ['after an hour', { max_age: '3600' }, 3601],
    ['each time', { max_age: '0' }, 1],
  ])('%s gets a session that is younger', async (_, changes, age) => {
    const scene = aChat()
    const browser = await signedIn(scene.entrada)
    const before = await (await browser.fetch('/.entrada/session')).json()
    await clock.advance(age)
    const page = await browser.open(authorizeUrl(changes))
    expect(page.url.origin).toBe(scene.entrada.sandbox.hosts.login)
    // What demanded it is met, and would demand it again on the way back.
    const login = page.hops.find(({ url }) => url.pathname === '/.entrada/login')
    expect(login?.url.searchParams.get('return_to')).not.toMatch(/prompt|max_age/)
    const back = await browser.submit({ button: ['account', CAST.adele.userPrincipalName] })
    expect(back.hops.some(({ url }) => url.searchParams.get('iss') === ISSUER)).toBe(true)
    expect(await (await browser.fetch('/.entrada/session')).json()).not.toEqual(before)
  })

  test('within the age it allows is answered at once', async () => {
    const browser = await signedIn(aChat().entrada)
    await clock.advance(3599)
    const answer = await answerTo(browser, authorizeUrl({ max_age: '3600', prompt: 'none' }))
    expect(answer.searchParams.has('code')).toBe(true)
  })

  test('without questions is told that it cannot be', async () => {
    const browser = await signedIn(aChat().entrada)
    await clock.advance(3601)
    const answer = await answerTo(browser, authorizeUrl({ max_age: '3600', prompt: 'none' }))
    expect(answer.searchParams.get('error')).toBe('login_required')
  })
})
