import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { clock } from '../../support/clock.ts'
import { aChat, answerTo, authorizeUrl, REDIRECT_URI, ISSUER, OTHER } from './fixture.ts'
import { HOME } from '../../support/addresses.ts'
import { signedIn, cookieHeaderOf } from '../../support/scene.ts'

/* Authorization requests of a client, in a browser with or without a session. */

const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'

describe('an unknown client or redirect URI', () => {
  test.each([
    ['an unknown client', { client_id: 'stranger' }],
    ['no client', { client_id: null }],
    [
      'a redirect URI on another site',
      { redirect_uri: 'https://evil.example/oauth/openid/callback' },
    ],
    ['a redirect URI with a longer path', { redirect_uri: `${REDIRECT_URI}/x` }],
    ['a redirect URI with a query added', { redirect_uri: `${REDIRECT_URI}?x=1` }],
    ['a redirect URI in capitals', { redirect_uri: REDIRECT_URI.replace('/oauth', '/OAUTH') }],
    ['the redirect URI of another client', { redirect_uri: `${HOME}/other` }],
    ['no redirect URI', { redirect_uri: null }],
  ])('%s shows the person an error and does not redirect', async (_, changes) => {
    const browser = await signedIn(aChat().entrada)
    const page = await browser.open(authorizeUrl(changes))
    expect([page.status, page.headers.get('entrada-error')]).toEqual([400, 'invalid_request'])
    expect(page.url.pathname).toBe('/.entrada/oidc/authorize')
    expect(page.text).toContain('OIDC_CLIENTS')
  })

  test('refuses a redirect URI that is given twice', async () => {
    const browser = await signedIn(aChat().entrada)
    const twice = `${authorizeUrl()}&redirect_uri=${encodeURIComponent('https://evil.example/')}`
    expect((await browser.open(twice)).status).toBe(400)
  })
})

describe('an invalid authorization request', () => {
  test.each([
    ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
    ['no response type', { response_type: null }, 'unsupported_response_type'],
    ['another response mode', { response_mode: 'fragment' }, 'invalid_request'],
    ['a request object', { request: 'eyJ' }, 'request_not_supported'],
    [
      'a request object by reference',
      { request_uri: 'https://x.example' },
      'request_uri_not_supported',
    ],
    ['no scope', { scope: null }, 'invalid_scope'],
    ['scopes without openid', { scope: 'profile email' }, 'invalid_scope'],
    [
      'a plain code challenge',
      { code_challenge: CHALLENGE, code_challenge_method: 'plain' },
      'invalid_request',
    ],
    ['a code challenge without a method', { code_challenge: CHALLENGE }, 'invalid_request'],
    [
      'a code challenge that is too short',
      { code_challenge: 'abc', code_challenge_method: 'S256' },
      'invalid_request',
    ],
    [
      'a challenge method without a challenge',
      { code_challenge_method: 'S256' },
      'invalid_request',
    ],
    ['a prompt that contradicts itself', { prompt: 'none login' }, 'invalid_request'],
    ['a max_age that is no number', { max_age: 'soon' }, 'invalid_request'],
  ])('%s is redirected back with an error and without a code', async (_, changes, error) => {
    const answer = await answerTo(await signedIn(aChat().entrada), authorizeUrl(changes))
    expect(`${answer.origin}${answer.pathname}`).toBe(REDIRECT_URI)
    const { code = null, ...rest } = Object.fromEntries(answer.searchParams)
    expect([code, rest]).toEqual([
      null,
      { error, error_description: expect.any(String), state: 'the-state', iss: ISSUER },
    ])
  })

  test('refuses a parameter that is given twice', async () => {
    const answer = await answerTo(await signedIn(aChat().entrada), `${authorizeUrl()}&scope=openid`)
    expect(answer.searchParams.get('error')).toBe('invalid_request')
  })
})

test('answers a correct request with a code, the unchanged state and the issuer', async () => {
  const state = 'ü &=%/?#'
  const answer = await answerTo(await signedIn(aChat().entrada), authorizeUrl({ state }))
  const { code, ...rest } = Object.fromEntries(answer.searchParams)
  expect(rest).toEqual({ state, iss: ISSUER })
  expect(code).toBeTruthy()
})

test('keeps the query of a redirect URI', async () => {
  const uri = `${HOME}/callback?provider=entrada`
  const clients = [{ ...OTHER, redirect_uris: [uri] }]
  const browser = await signedIn(
    aChat([], { settings: { OIDC_CLIENTS: JSON.stringify(clients) } }).entrada,
  )
  const changes = { client_id: OTHER.client_id, redirect_uri: uri }
  const { searchParams } = await answerTo(browser, authorizeUrl(changes))
  expect([searchParams.get('provider'), searchParams.has('code')]).toEqual(['entrada', true])
})

test('accepts an authorization request as a form post, also from another site', async () => {
  const scene = aChat()
  const browser = await signedIn(scene.entrada)
  const fields = Object.fromEntries(new URL(authorizeUrl()).searchParams)
  const page = await browser.post(`${ISSUER}/authorize`, fields, 'https://elsewhere.example')
  const answer = page.hops
    .map(({ url }) => url)
    .find(({ pathname }) => pathname.endsWith('/callback'))
  expect(answer?.searchParams.get('code')).toBeTruthy()
})

test('finds the session behind a stale cookie that a sibling site planted', async () => {
  const scene = aChat()
  const browser = await signedIn(scene.entrada)
  const living = cookieHeaderOf(browser)
  const planted = `__Host-entrada=${'A'.repeat(24)}.${'A'.repeat(43)}`
  const headers = { cookie: `${planted}; ${living}` }
  const response = await scene.entrada.fetch(authorizeUrl(), { headers })
  expect(new URL(response.headers.get('location') ?? '').searchParams.has('code')).toBe(true)
})

describe('without a session', () => {
  test('a page load is redirected to sign-in, and returns', async () => {
    const browser = aChat().entrada.browser()
    const page = await browser.open(authorizeUrl())
    const login = page.hops
      .map(({ url }) => url)
      .find(({ pathname }) => pathname === '/.entrada/login')
    expect(login?.searchParams.get('return_to')).toMatch(
      /^\/\.entrada\/oidc\/authorize\?client_id=/,
    )
  })

  test('a script’s request is refused, and starts no sign-in', async () => {
    const browser = aChat().entrada.browser()
    const response = await browser.fetch(authorizeUrl(), { redirect: 'manual' })
    expect([response.status, response.headers.get('entrada-error')]).toEqual([
      401,
      'session_required',
    ])
    expect(response.headers.getSetCookie()).toEqual([])
  })

  test('prompt=none is answered with login_required', async () => {
    const browser = aChat().entrada.browser()
    const answer = await answerTo(browser, authorizeUrl({ prompt: 'none' }))
    expect([answer.origin, answer.searchParams.get('error')]).toEqual([HOME, 'login_required'])
  })
})

describe('a client that requires a new sign-in', () => {
  test.each([
    ['by prompt=login', { prompt: 'login' }, 1],
    ['by prompt=select_account', { prompt: 'select_account' }, 1],
    ['by max_age=3600', { max_age: '3600' }, 3601],
    ['by max_age=0', { max_age: '0' }, 1],
  ])('%s leads to a new session', async (_, changes, age) => {
    const scene = aChat()
    const browser = await signedIn(scene.entrada)
    const before = await (await browser.fetch('/.entrada/session')).json()
    await clock.advance(age)
    const page = await browser.open(authorizeUrl(changes))
    expect(page.url.origin).toBe(scene.entrada.sandbox.hosts.login)
    // The requirement is removed: otherwise it would be repeated after the sign-in.
    const login = page.hops.find(({ url }) => url.pathname === '/.entrada/login')
    expect(login?.url.searchParams.get('return_to')).not.toMatch(/prompt|max_age/)
    const back = await browser.submit({ button: ['account', CAST.adele.userPrincipalName] })
    expect(back.hops.some(({ url }) => url.searchParams.get('iss') === ISSUER)).toBe(true)
    expect(await (await browser.fetch('/.entrada/session')).json()).not.toEqual(before)
  })

  test('gets a code at once while the session is young enough', async () => {
    const browser = await signedIn(aChat().entrada)
    await clock.advance(3599)
    const answer = await answerTo(browser, authorizeUrl({ max_age: '3600', prompt: 'none' }))
    expect(answer.searchParams.has('code')).toBe(true)
  })

  test('gets login_required with prompt=none', async () => {
    const browser = await signedIn(aChat().entrada)
    await clock.advance(3601)
    const answer = await answerTo(browser, authorizeUrl({ max_age: '3600', prompt: 'none' }))
    expect(answer.searchParams.get('error')).toBe('login_required')
  })
})
