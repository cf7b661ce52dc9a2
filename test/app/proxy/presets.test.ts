import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import type { HostHandler } from '../../sandbox/sandbox.ts'
import { CHAT_ORIGIN } from '../../support/chat-double.ts'
import { createChainlit } from '../../support/chats/chainlit.ts'
import { createChatUi } from '../../support/chats/chat-ui.ts'
import { createOnyx } from '../../support/chats/onyx.ts'
import { createOpenWebUi } from '../../support/chats/open-webui.ts'
import { anEntrada, type TestSettings } from '../../support/entrada.ts'
import { signedIn } from '../../support/scene.ts'

const ADELE = 'adele.vance@contoso.example'
const ALEX = 'alex.wilber@contoso.example'

function behindEntrada(chat: HostHandler, settings: TestSettings) {
  return anEntrada({
    hosts: { [CHAT_ORIGIN]: chat },
    settings: { ORIGIN_URL: CHAT_ORIGIN, ...settings },
  })
}

describe('open-webui', () => {
  const HEADERS = {
    WEBUI_AUTH_TRUSTED_EMAIL_HEADER: 'X-OpenWebUI-User-Email',
    WEBUI_AUTH_TRUSTED_NAME_HEADER: 'X-OpenWebUI-User-Name',
    WEBUI_AUTH_TRUSTED_GROUPS_HEADER: 'X-OpenWebUI-User-Groups',
    WEBUI_AUTH_TRUSTED_ROLE_HEADER: 'X-OpenWebUI-User-Role',
  }
  const PRESET = { ORIGIN_PRESET: 'open-webui' }
  const signIn = { method: 'POST', body: '{"email":"","password":""}' }

  test('its sign-in request signs the right person in, and its own token then works', async () => {
    const chat = createOpenWebUi(HEADERS)
    const browser = behindEntrada(chat.handle, PRESET).browser()
    await browser.signIn(CAST.adele.userPrincipalName)
    const response = await browser.fetch('/api/v1/auths/signin', signIn)
    const { token } = await response.json<{ token: string }>()
    expect(chat.accounts.get(ADELE)).toMatchObject({ name: 'Adele Vance' })
    const own = await browser.fetch('/api/v1/auths/', {
      headers: { authorization: `Bearer ${token}` },
    })
    expect(await own.json()).toMatchObject({ email: ADELE })
  })

  test('a spoofed header does not sign in another person', async () => {
    const chat = createOpenWebUi(HEADERS)
    const browser = behindEntrada(chat.handle, PRESET).browser()
    await browser.signIn(CAST.adele.userPrincipalName)
    await browser.fetch('/api/v1/auths/signin', {
      ...signIn,
      headers: {
        'x-openwebui-user-email': ALEX,
        x_openwebui_user_email: ALEX,
        'X-OpenWebUI-User-Role': 'admin',
      },
    })
    expect([...chat.accounts.keys()]).toEqual([ADELE])
  })

  test('without OPENID_ADMIN_ROLE the chat keeps its own roles', async () => {
    const chat = createOpenWebUi(HEADERS)
    const entrada = behindEntrada(chat.handle, PRESET)
    for (const person of [CAST.adele, CAST.megan]) {
      const browser = entrada.browser()
      await browser.signIn(person.userPrincipalName)
      await browser.fetch('/api/v1/auths/signin', signIn)
    }
    expect([...chat.accounts.values()].map(({ role }) => role)).toEqual(['admin', 'pending'])
  })

  test('with OPENID_ADMIN_ROLE operators are admins and all others are users', async () => {
    const chat = createOpenWebUi(HEADERS)
    const entrada = behindEntrada(chat.handle, { ...PRESET, OPENID_ADMIN_ROLE: 'Entrada.Admin' })
    for (const person of [CAST.adele, CAST.alex]) {
      const browser = entrada.browser()
      await browser.signIn(person.userPrincipalName)
      await browser.fetch('/api/v1/auths/signin', signIn)
    }
    expect(chat.accounts.get(ADELE)?.role).toBe('user')
    expect(chat.accounts.get(ALEX)?.role).toBe('admin')
  })

  test('groups have the names that OPENID_REQUIRED_ROLE uses', async () => {
    const chat = createOpenWebUi(HEADERS, ['Chat Users', 'Chat Administrators'])
    const entrada = behindEntrada(chat.handle, {
      ...PRESET,
      OPENID_REQUIRED_ROLE: 'Chat Users, Chat Administrators',
      OPENID_REQUIRED_ROLE_PARAMETER_PATH: 'groups',
      OPENID_REQUIRED_ROLE_TOKEN_KIND: 'graph',
    })
    entrada.sandbox.entra.grantAdminConsent(['GroupMember.Read.All'])
    const browser = await signedIn(entrada)
    await browser.fetch('/api/v1/auths/signin', signIn)
    expect(chat.accounts.get(ADELE)?.groups).toEqual(['Chat Users'])
  })

  test('the next person in the same browser does not see the former person’s chat', async () => {
    const chat = createOpenWebUi(HEADERS)
    const browser = behindEntrada(chat.handle, PRESET).browser()
    await browser.signIn(CAST.adele.userPrincipalName)
    await browser.fetch('/api/v1/auths/signin', signIn)
    expect(browser.cookies.get('token')).not.toBeNull()
    await browser.fetch('/.entrada/logout', { method: 'POST' })
    expect(browser.cookies.get('token')).toBeNull()
  })

  test('its health check is open to probes, and no other path is', async () => {
    const chat = createOpenWebUi(HEADERS)
    const entrada = behindEntrada(chat.handle, PRESET)
    expect(await (await entrada.fetch('/health')).json()).toEqual({ status: true })
    expect((await entrada.fetch('/api/v1/auths/signin', signIn)).status).toBe(401)
  })
})

describe('chat-ui', () => {
  const SETTINGS = { ORIGIN_PRESET: 'chat-ui' }

  test('identifies the right person, whatever the client sends', async () => {
    const chat = createChatUi({ TRUSTED_EMAIL_HEADER: 'X-Forwarded-Email' })
    const browser = behindEntrada(chat.handle, SETTINGS).browser()
    await browser.signIn(CAST.adele.userPrincipalName, '/api/v2/user')
    for (const headers of [{}, { 'x-forwarded-email': ALEX }, { 'X_Forwarded-Email': ALEX }]) {
      const response = await browser.fetch('/api/v2/user', { headers })
      expect(await response.json()).toMatchObject({ email: ADELE })
    }
  })
})

describe('chainlit', () => {
  const SETTINGS = { ORIGIN_PRESET: 'chainlit' }

  test('a callback that reads the headers signs the right person in', async () => {
    const chat = createChainlit(async (headers) => {
      const identifier = headers.get('x-forwarded-user')
      return identifier === null ? null : { identifier }
    })
    const browser = behindEntrada(chat.handle, SETTINGS).browser()
    await browser.signIn(CAST.adele.userPrincipalName, '/user').catch(() => undefined)
    await browser.fetch('/auth/header', { method: 'POST', headers: { 'x-forwarded-user': 'root' } })
    expect(await (await browser.fetch('/user')).json()).toEqual({ identifier: CAST.adele.id })
  })
})

describe('onyx', () => {
  const SETTINGS = { ORIGIN_PRESET: 'onyx' }

  function onyxBehindEntrada() {
    const chat = createOnyx({
      fetchKeys: async () => (await entrada.fetch('/.entrada/jwks.json')).json(),
      JWT_EXPECTED_AUDIENCE: CHAT_ORIGIN,
      JWT_EXPECTED_ISSUER: 'https://chat.contoso.example',
    })
    const entrada = behindEntrada(chat.handle, SETTINGS)
    return { chat, entrada }
  }

  test('takes the assertion as bearer token and identifies the right person', async () => {
    const { chat, entrada } = onyxBehindEntrada()
    const browser = entrada.browser()
    await browser.signIn(CAST.adele.userPrincipalName, '/api/me')
    expect(await (await browser.fetch('/api/me')).json()).toEqual({ email: ADELE })
    expect([...chat.accounts]).toEqual([ADELE])
  })

  test('a bearer token of the client is replaced, even a well-formed one', async () => {
    const { chat, entrada } = onyxBehindEntrada()
    const browser = entrada.browser()
    await browser.signIn(CAST.adele.userPrincipalName, '/api/me')
    const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
    const forged = await new SignJWT({ email: ALEX, jwk: await exportJWK(publicKey) })
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer('https://chat.contoso.example')
      .setAudience(CHAT_ORIGIN)
      .setExpirationTime('1h')
      .sign(privateKey)
    const response = await browser.fetch('/api/me', {
      headers: { authorization: `Bearer ${forged}` },
    })
    expect(await response.json()).toEqual({ email: ADELE })
    expect([...chat.accounts]).toEqual([ADELE])
  })

  test('identifies no user without a sign-in', async () => {
    const { entrada, chat } = onyxBehindEntrada()
    expect((await entrada.fetch('/api/me')).status).toBe(401)
    expect((await entrada.fetch('/api/health')).status).toBe(200)
    expect([...chat.accounts]).toEqual([])
  })
})

describe('librechat and gate', () => {
  test.each(['librechat', 'gate'])('%s: only the assertion names the person', async (preset) => {
    const requests: Request[] = []
    const handle: HostHandler = (request) => {
      requests.push(request)
      return new Response('x')
    }
    const browser = behindEntrada(handle, { ORIGIN_PRESET: preset }).browser()
    await browser.signIn(CAST.adele.userPrincipalName)
    await browser.fetch('/api', { headers: { 'x-tenant-id': 'other', X_Tenant_Id: 'other' } })
    const { headers } = requests.at(-1) ?? new Request('https://none.example')
    const names = [...headers.keys()].filter((name) =>
      /^(?:x-forwarded|entrada|x.tenant)/.test(name),
    )
    expect(names.sort()).toEqual([
      'entrada-assertion',
      'x-forwarded-for',
      'x-forwarded-host',
      'x-forwarded-proto',
    ])
  })

  test.each([
    ['librechat', '/manifest.webmanifest', '/assets/icon-192x192.png'],
    ['open-webui', '/manifest.json', '/static/favicon.png'],
    ['chat-ui', '/chatui/manifest.json', '/chatui/icon-512x512.png'],
  ])('%s: its manifest and icons need no cookies', async (preset, ...paths) => {
    const entrada = behindEntrada(() => new Response('{}'), { ORIGIN_PRESET: preset })
    const headers = { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'manifest', accept: '*/*' }
    for (const path of paths) {
      expect([path, (await entrada.fetch(path, { headers })).status]).toEqual([path, 200])
      expect((await entrada.fetch(`${path}/x`, { headers })).status).toBe(401)
    }
  })

  test('librechat: its health check is open to probes', async () => {
    const entrada = behindEntrada(() => new Response('OK'), { ORIGIN_PRESET: 'librechat' })
    expect((await entrada.fetch('/health')).status).toBe(200)
    expect((await entrada.fetch('/health/../api/user')).status).toBe(401)
  })
})
