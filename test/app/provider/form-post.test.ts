import * as oidc from 'openid-client'
import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { CHAT_ORIGIN, ChatDouble } from '../../support/chat-double.ts'
import { anEntrada } from '../../support/entrada.ts'
import { authorizeUrl, REDIRECT_URI, CLIENT_ID, CLIENT_SECRET, ISSUER } from './fixture.ts'
import { HOME } from '../../support/addresses.ts'
import { signedIn } from '../../support/scene.ts'

/* OAuth 2.0 Form Post Response Mode: the default of express-openid-connect and of ASP.NET. */

const FORM_POST = { response_mode: 'form_post' }

function aFormPostChat(redirectUri = REDIRECT_URI) {
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
  test('sends the response to the chat as a form, also on Entrada’s own callback path', async () => {
    const { entrada, chat } = aFormPostChat()
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

  test('is accepted by openid-client', async () => {
    const { entrada, chat } = aFormPostChat()
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
      redirect_uri: REDIRECT_URI,
      scope: 'openid',
      state: 's',
    })
    await browser.open(url.href)
    await browser.submit()
    const answer = new URLSearchParams(await chat.last.text())
    const tokens = await oidc.authorizationCodeGrant(
      config,
      new Request(REDIRECT_URI, { method: 'POST', body: answer }),
      { expectedState: 's' },
    )
    expect(tokens.claims()?.sub).toBe(CAST.adele.id)
  })

  test('sends errors the same way', async () => {
    const { entrada, chat } = aFormPostChat()
    const browser = await signedIn(entrada)
    await browser.open(authorizeUrl({ ...FORM_POST, scope: 'profile' }))
    await browser.submit()
    const { error, state } = Object.fromEntries(new URLSearchParams(await chat.last.text()))
    expect([error, state]).toEqual(['invalid_scope', 'the-state'])
  })

  test('is sent by a page that may send forms to the client only, with its own origin', async () => {
    const redirectUri = 'https://elsewhere.example/back?from=entrada'
    const browser = await signedIn(aFormPostChat(redirectUri).entrada)
    const url = authorizeUrl({ ...FORM_POST, redirect_uri: redirectUri })
    const page = await browser.open(url)
    const policy = page.headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(/form-action 'self' https:\/\/elsewhere\.example(;|$)/)
    expect(policy).toMatch(/script-src 'nonce-[^']+'(;|$)/)
    // Chats that check the Origin header refuse the form with `Origin: null`.
    expect(page.headers.get('referrer-policy')).toBe('strict-origin')
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.html.querySelector('form')?.getAttribute('action')).toBe(redirectUri)
  })

  test('is listed in the metadata', async () => {
    const { entrada } = aFormPostChat()
    const response = await entrada.fetch(`${ISSUER}/.well-known/openid-configuration`)
    const { response_modes_supported: modes } = await response.json<Record<string, unknown>>()
    expect(modes).toEqual(['query', 'form_post'])
  })
})

test('refuses a form post to the chat’s callback without a session', async () => {
  const { entrada, chat } = aFormPostChat()
  const headers = { origin: HOME, 'sec-fetch-site': 'same-origin' }
  const body = new URLSearchParams({ code: 'x', iss: ISSUER })
  const response = await entrada.fetch(REDIRECT_URI, { method: 'POST', headers, body })
  expect([response.status, chat.requests.length]).toEqual([401, 0])
})
