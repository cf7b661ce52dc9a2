import * as oidc from 'openid-client'
import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { CHAT_ORIGIN, ChatDouble } from '../../support/chat-double.ts'
import { anEntrada } from '../../support/entrada.ts'
import { authorizeUrl, CALLBACK, CLIENT_ID, CLIENT_SECRET, ISSUER } from './fixture.ts'
import { HOME } from '../../support/addresses.ts'
import { signedIn } from '../../support/scene.ts'

/* OAuth 2.0 Form Post Response Mode: the default of express-openid-connect and of ASP.NET. */

const FORM_POST = { response_mode: 'form_post' }

function aScene(redirectUri = CALLBACK) {
  const chat = new ChatDouble()
  const client = {
    client_id: CLIENT_ID,
    client_secret: CLIENT_SECRET,
    redirect_uris: [redirectUri],
  }
  const entrada = anEntrada({
    hosts: { [CHAT_ORIGIN]: chat.handle },
    settings: { ORIGIN_URL: CHAT_ORIGIN, OIDC_CLIENTS: JSON.stringify([client]) },
  })
  return { entrada, chat }
}

describe('response_mode=form_post', () => {
  test('brings the answer to the chat as a form, also on Entrada’s own callback path', async () => {
    const { entrada, chat } = aScene()
    const browser = await signedIn(entrada)
    const page = await browser.open(authorizeUrl({ ...FORM_POST, state: '"><b>ü' }))
    expect([page.status, page.url.pathname]).toEqual([200, '/.entrada/oidc/authorize'])
    await browser.submit()
    const { method, url, headers } = chat.last
    const { code, ...rest } = Object.fromEntries(new URLSearchParams(await chat.last.text()))
    expect([method, new URL(url).pathname]).toEqual(['POST', '/oauth/openid/callback'])
    expect(headers.get('content-type')).toMatch(/^application\/x-www-form-urlencoded/)
    expect([code, rest]).toEqual([expect.any(String), { state: '"><b>ü', iss: ISSUER }])
  })

  test('is taken by openid-client as it stands', async () => {
    const { entrada, chat } = aScene()
    const browser = await signedIn(entrada)
    const config = await oidc.discovery(new URL(ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, {
      [oidc.customFetch]: (url, { headers, body }) =>
        entrada.fetch(
          body instanceof URLSearchParams
            ? new Request(url, { method: 'POST', headers, body })
            : new Request(url, { headers }),
        ),
    })
    const url = oidc.buildAuthorizationUrl(config, {
      ...FORM_POST,
      redirect_uri: CALLBACK,
      scope: 'openid',
      state: 's',
    })
    await browser.open(url.href)
    await browser.submit()
    const answer = new URLSearchParams(await chat.last.text())
    const tokens = await oidc.authorizationCodeGrant(
      config,
      new Request(CALLBACK, { method: 'POST', body: answer }),
      { expectedState: 's' },
    )
    expect(tokens.claims()?.sub).toBe(CAST.adele.id)
  })

  test('brings refusals the same way', async () => {
    const { entrada, chat } = aScene()
    const browser = await signedIn(entrada)
    await browser.open(authorizeUrl({ ...FORM_POST, scope: 'profile' }))
    await browser.submit()
    const { error, state } = Object.fromEntries(new URLSearchParams(await chat.last.text()))
    expect([error, state]).toEqual(['invalid_scope', 'the-state'])
  })

  test('is sent by a page that may send forms nowhere else, and says where it comes from', async () => {
    const redirectUri = 'https://elsewhere.example/back?from=entrada'
    const browser = await signedIn(aScene(redirectUri).entrada)
    const url = authorizeUrl({ ...FORM_POST, redirect_uri: redirectUri })
    const page = await browser.open(url)
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(/form-action 'self' https:\/\/elsewhere\.example(;|$)/)
    expect(policy).toMatch(/script-src 'nonce-[^']+'(;|$)/)
    // Without an Origin other than null, chats with a check of their own refuse the form.
    expect(page.headers.get('referrer-policy')).toBe('strict-origin')
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.html.querySelector('form')?.getAttribute('action')).toBe(redirectUri)
  })

  test('is in the metadata', async () => {
    const { entrada } = aScene()
    const response = await entrada.fetch(`${ISSUER}/.well-known/openid-configuration`)
    const { response_modes_supported: modes } = await response.json<Record<string, unknown>>()
    expect(modes).toEqual(['query', 'form_post'])
  })
})

test('nobody without a session can post to the chat’s callback', async () => {
  const { entrada, chat } = aScene()
  const headers = { origin: HOME, 'sec-fetch-site': 'same-origin' }
  const body = new URLSearchParams({ code: 'x', iss: ISSUER })
  const response = await entrada.fetch(CALLBACK, { method: 'POST', headers, body })
  expect([response.status, chat.requests.length]).toEqual([401, 0])
})
