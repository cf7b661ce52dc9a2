import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { clock } from '../../support/clock.ts'
import {
  aChat,
  REDIRECT_URI,
  CLIENT_ID,
  CLIENT_SECRET,
  codeFor,
  ISSUER,
  OTHER,
  redeem,
  signedInAtChat,
} from './fixture.ts'
import { HOME } from '../../support/addresses.ts'
import { signedIn } from '../../support/scene.ts'

/* Token requests of a client's server, and of attackers who imitate it. */

const VERIFIER = 'dBjftJeZ4CVP-mBO45OwVbEkS2jWdoF5ZB2S1z3W0XY'
const CHALLENGE = {
  code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
  code_challenge_method: 'S256',
}

async function refusal(response: Response): Promise<unknown> {
  const { error } = await response.json<{ error: string }>()
  return [response.status, error, response.headers.get('entrada-error')]
}

const REFUSED = [400, 'invalid_grant', 'session_required']

function basic(id: string, secret: string): Record<string, string> {
  const pair = [id, secret].map((text) => encodeURIComponent(text)).join(':')
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

describe('a code', () => {
  test('is valid once; a second redemption revokes the tokens of the first [requirement 40]', async () => {
    const scene = aChat()
    const code = await codeFor(await signedIn(scene.entrada))
    const first = await redeem(scene, { code })
    const tokens = await first.json<{ access_token: string; refresh_token: string }>()
    expect([first.status, first.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(await refusal(await redeem(scene, { code }))).toEqual(REFUSED)
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token }
    expect(await refusal(await redeem(scene, refresh))).toEqual(REFUSED)
    const info = await scene.entrada.fetch(`${ISSUER}/userinfo`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    })
    expect(info.status).toBe(401)
    expect(scene.entrada.logs.text).toContain('oidc_code_replayed')
  })

  test('is redeemed at most once by two requests at the same time', async () => {
    const scene = aChat()
    const code = await codeFor(await signedIn(scene.entrada))
    const both = await Promise.all([redeem(scene, { code }), redeem(scene, { code })])
    expect(new Set(both.map(({ status }) => status))).toEqual(new Set([200, 400]))
  })

  test('is not treated as used when a response was lost', async () => {
    const scene = aChat()
    const code = await codeFor(await signedIn(scene.entrada))
    scene.entrada.platform.objects.REPLAYS.bend({ loses: true, methods: ['use'], times: 1 })
    expect((await redeem(scene, { code })).status).toBe(200)
    expect(await refusal(await redeem(scene, { code }))).toEqual(REFUSED)
  })

  test('is valid for a minute', async () => {
    const scene = aChat()
    const browser = await signedIn(scene.entrada)
    const [young, old] = [await codeFor(browser), await codeFor(browser)]
    await clock.advance(59)
    expect((await redeem(scene, { code: young })).status).toBe(200)
    await clock.advance(1)
    expect(await refusal(await redeem(scene, { code: old }))).toEqual(REFUSED)
  })

  test.each([
    ['another redirect URI', { redirect_uri: `${REDIRECT_URI}/` }],
    ['a verifier where there was no challenge', { code_verifier: VERIFIER }],
    ['another client', { ...OTHER }],
    ['an invalid code', { code: 'v1.x.y.z' }],
  ])('with %s is refused, and can still be redeemed', async (_, fields) => {
    const scene = aChat()
    const code = await codeFor(await signedIn(scene.entrada))
    expect(await refusal(await redeem(scene, { code, ...fields }))).toEqual(REFUSED)
    // A wrong guess does not use the code up: the client can still redeem it.
    expect((await redeem(scene, { code })).status).toBe(200)
  })

  test.each([
    ['its verifier', VERIFIER, 200],
    ['another verifier', VERIFIER.toUpperCase(), 400],
    ['no verifier', null, 400],
  ])('that was requested with a challenge needs its verifier: %s', async (_, verifier, status) => {
    const scene = aChat()
    const code = await codeFor(await signedIn(scene.entrada), CHALLENGE)
    expect((await redeem(scene, { code, code_verifier: verifier })).status).toBe(status)
  })

  test('returns its nonce in the id token, which a refresh does not', async () => {
    const scene = aChat()
    const code = await codeFor(await signedIn(scene.entrada), { nonce: 'n-0S6' })
    const payload = async (response: Response) => {
      const { id_token: idToken } = await response.json<{ id_token: string }>()
      return JSON.parse(Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString()) as object
    }
    const first = await redeem(scene, { code })
    const { refresh_token: refreshToken } = await first.clone().json<{ refresh_token: string }>()
    expect(await payload(first)).toHaveProperty('nonce', 'n-0S6')
    const refresh = { grant_type: 'refresh_token', refresh_token: refreshToken }
    expect(await payload(await redeem(scene, refresh))).not.toHaveProperty('nonce')
  })
})

describe('a refresh with a scope', () => {
  async function refreshed(asked: string, scope: string) {
    const scene = aChat()
    const code = await codeFor(await signedIn(scene.entrada), { scope: asked })
    const first = await (await redeem(scene, { code })).json<{ refresh_token: string }>()
    const again = (refreshToken: string, wanted: string | null) =>
      redeem(scene, { grant_type: 'refresh_token', refresh_token: refreshToken, scope: wanted })
    return { scene, again, response: await again(first.refresh_token, scope) }
  }

  test.each([
    ['openid offline_access', 'openid offline_access email'],
    ['openid profile offline_access', 'email'],
  ])('beyond “%s” is invalid_scope: “%s” (RFC 6749 §6)', async (asked, scope) => {
    const { response } = await refreshed(asked, scope)
    const { error } = await response.json<{ error: string }>()
    expect([response.status, error]).toEqual([400, 'invalid_scope'])
  })

  test('ignores scopes that sign-in ignored, because LibreChat repeats its OPENID_SCOPE', async () => {
    const scope = 'openid profile email offline_access api://chat/access'
    const { response } = await refreshed(scope, scope)
    const { scope: given } = await response.json<{ scope: string }>()
    expect([response.status, given]).toEqual([200, 'openid profile email offline_access'])
  })

  test('that is narrower limits the access token, not the next refresh', async () => {
    const whole = 'openid profile email offline_access'
    const { scene, again, response } = await refreshed(whole, 'openid profile')
    const tokens = await response.json<Record<string, string>>()
    expect(tokens['scope']).toBe('openid profile')
    const authorization = `Bearer ${tokens['access_token']}`
    const info = await scene.entrada.fetch(`${ISSUER}/userinfo`, { headers: { authorization } })
    const claims = await info.json<Record<string, unknown>>()
    expect([claims['name'], claims['email']]).toEqual(['Adele Vance', undefined])
    const next = await again(tokens['refresh_token'] ?? '', null)
    expect(await next.json()).toMatchObject({ scope: whole })
  })
})

describe('each kind of token', () => {
  test('is valid for its own purpose only', async () => {
    const scene = aChat()
    const browser = await signedInAtChat(scene)
    const { access_token: accessToken, refresh_token: refreshToken = '' } = scene.chat.tokens
    const code = await codeFor(browser)
    for (const wrong of [accessToken, code]) {
      const refresh = { grant_type: 'refresh_token', refresh_token: wrong }
      expect(await refusal(await redeem(scene, refresh))).toEqual(REFUSED)
    }
    for (const wrong of [accessToken, refreshToken]) {
      expect(await refusal(await redeem(scene, { code: wrong }))).toEqual(REFUSED)
    }
    for (const wrong of [refreshToken, code, scene.chat.tokens.id_token ?? '']) {
      const authorization = `Bearer ${wrong}`
      const info = await scene.entrada.fetch(`${ISSUER}/userinfo`, { headers: { authorization } })
      expect([info.status, info.headers.get('www-authenticate')]).toEqual([
        401,
        'Bearer error="invalid_token"',
      ])
    }
    // A token is no session cookie, so that it opens no page.
    const cookie = `__Host-entrada=${accessToken}`
    expect((await scene.entrada.fetch('/.entrada/session', { headers: { cookie } })).status).toBe(
      401,
    )
  })

  test('belongs to its client: another client cannot refresh with it', async () => {
    const scene = aChat()
    await signedInAtChat(scene)
    const refresh = {
      grant_type: 'refresh_token',
      refresh_token: scene.chat.tokens.refresh_token ?? '',
    }
    expect(await refusal(await redeem(scene, { ...refresh, ...OTHER }))).toEqual(REFUSED)
  })

  test('for access is valid for 15 minutes', async () => {
    const scene = aChat()
    await signedInAtChat(scene)
    await clock.advance(899)
    expect(await scene.chat.userInfo()).toHaveProperty('sub')
    await clock.advance(1)
    await expect(scene.chat.userInfo()).rejects.toMatchObject({ status: 401 })
  })

  test('does not contain the session cookie', async () => {
    const scene = aChat()
    const browser = await signedInAtChat(scene)
    const { access_token: accessToken, refresh_token: refreshToken = '' } = scene.chat.tokens
    const session = browser.cookies.get('__Host-entrada')?.value ?? 'none'
    for (const token of [accessToken, refreshToken, await codeFor(browser)]) {
      const bytes = token
        .split('.')
        .map((part) => Buffer.from(part, 'base64url').toString('latin1'))
      expect(bytes.join('\n')).not.toContain(session)
      expect(token).not.toContain(session)
    }
  })

  test('is invalid with another key ring', async () => {
    const scene = aChat()
    await signedInAtChat(scene)
    const { access_token: accessToken } = scene.chat.tokens
    const elsewhere = aChat([], {
      settings: { OPENID_SESSION_SECRET: 'another-key-that-is-long-enough-for-anything' },
    })
    const info = await elsewhere.entrada.fetch(`${ISSUER}/userinfo`, {
      headers: { authorization: `Bearer ${accessToken}` },
    })
    expect(info.status).toBe(401)
  })
})

describe('a client', () => {
  test.each([
    ['a wrong secret', { client_secret: `${CLIENT_SECRET}x` }, {}],
    ['the secret of another client', { client_secret: OTHER.client_secret }, {}],
    ['no secret', { client_secret: null }, {}],
    ['an unknown client id', { client_id: 'stranger' }, {}],
    ['no client id', { client_id: null }, {}],
    [
      'a wrong secret in the header',
      { client_id: null, client_secret: null },
      basic(CLIENT_ID, 'x'),
    ],
    [
      'two client ids',
      { client_id: OTHER.client_id, client_secret: null },
      basic(CLIENT_ID, CLIENT_SECRET),
    ],
    ['an invalid Basic header', { client_secret: null }, { authorization: 'Basic %%%' }],
    ['a header that does not decode', { client_secret: null }, { authorization: 'Basic JTpl' }],
    [
      'a bearer token in place of a secret',
      { client_secret: null },
      { authorization: 'Bearer abc' },
    ],
  ])('with %s is refused', async (_, fields, headers) => {
    const scene = aChat()
    const code = await codeFor(await signedIn(scene.entrada))
    const response = await redeem(scene, { code, ...fields }, headers)
    // Only clients that tried Basic get a challenge: openid-client reports it in place of the error (RFC 6749 §5.2).
    const isBasic = new Headers(headers).get('authorization')?.startsWith('Basic ') === true
    const challenge = isBasic ? `Basic realm="${ISSUER}"` : null
    expect(response.headers.get('www-authenticate')).toBe(challenge)
    expect(await refusal(response)).toEqual([401, 'invalid_client', 'client_refused'])
    expect(scene.entrada.logs.text).not.toContain(CLIENT_SECRET)
  })

  test('may use the old and the new secret during a rotation', async () => {
    const [old, next] = [
      'the-old-secret-of-32-characters-or-more',
      'the-next-secret-of-32-characters-or-more',
    ]
    const client = {
      client_id: CLIENT_ID,
      redirect_uris: [REDIRECT_URI],
      client_secret: `${old},${next}`,
    }
    const scene = aChat([], { settings: { OIDC_CLIENTS: JSON.stringify([client]) } })
    const browser = await signedIn(scene.entrada)
    for (const [secret, status] of [
      [old, 200],
      [next, 200],
      [`${old},${next}`, 401],
    ] as const) {
      const fields = { code: await codeFor(browser), client_secret: secret }
      expect((await redeem(scene, fields)).status).toBe(status)
    }
  })

  test('may send its secret in the header or in the form, not in both', async () => {
    const scene = aChat()
    const browser = await signedIn(scene.entrada)
    const header = basic(CLIENT_ID, CLIENT_SECRET)
    const bare = { client_id: null, client_secret: null }
    const inHeader = await redeem(scene, { code: await codeFor(browser), ...bare }, header)
    expect(inHeader.status).toBe(200)
    const inBoth = await redeem(scene, { code: await codeFor(browser) }, header)
    expect(await refusal(inBoth)).toEqual([400, 'invalid_request', 'invalid_request'])
  })
})

describe('an invalid token request', () => {
  test.each([
    ['without a grant type', { grant_type: null }, 'invalid_request'],
    ['with an unknown grant type', { grant_type: 'password' }, 'unsupported_grant_type'],
    ['without a code', {}, 'invalid_request'],
    ['without a refresh token', { grant_type: 'refresh_token' }, 'invalid_request'],
    ['without the redirect URI', { code: 'x', redirect_uri: null }, 'invalid_grant'],
  ])('%s gets an OAuth error', async (_, fields, error) => {
    const response = await redeem(aChat(), fields)
    expect([response.status, (await response.json<{ error: string }>()).error]).toEqual([
      400,
      error,
    ])
  })

  test('as JSON, or with a parameter given twice', async () => {
    const { entrada } = aChat()
    const bodies = [
      { body: '{}', type: 'application/json' },
      { body: 'grant_type=a&grant_type=b', type: 'application/x-www-form-urlencoded' },
    ]
    for (const { body, type } of bodies) {
      const headers = { 'content-type': type }
      const response = await entrada.fetch(`${ISSUER}/token`, { method: 'POST', body, headers })
      expect(await refusal(response)).toEqual([400, 'invalid_request', 'invalid_request'])
    }
  })

  test('from a page of another site gets no CORS permission [requirement 56]', async () => {
    const { entrada } = aChat()
    const headers = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    const response = await entrada.fetch(`${ISSUER}/token`, { method: 'POST', headers })
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
    expect((await entrada.fetch(`${HOME}/.entrada/oidc/token`)).status).toBe(404)
  })
})
