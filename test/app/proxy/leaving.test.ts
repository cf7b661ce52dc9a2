import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { aGuardedChat } from '../../support/chat-double.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { clock } from '../../support/clock.ts'
import type { TestSettings } from '../../support/entrada.ts'
import { signedIn } from '../../support/scene.ts'

/** A chat with its own sign-in cookie, which identifies a user until it is cleared. */
function aRememberingChat(settings: TestSettings) {
  return aGuardedChat({ settings }, (request) => {
    const headers = new Headers()
    if (!/(?:^|; )token=/.test(request.headers.get('cookie') ?? '')) {
      headers.append(
        'set-cookie',
        `token=${request.headers.get('x-openwebui-user-email')}; Path=/; HttpOnly`,
      )
      headers.append('set-cookie', 'theme=dark; Path=/; Max-Age=86400')
    }
    return new Response('x', { headers })
  })
}

const tokenOf = (browser: Browser) => browser.cookies.get('token')?.value ?? null

describe('the session cookies of the chat', () => {
  test('are cleared at sign-out, and its other cookies stay', async () => {
    const { entrada } = aRememberingChat({ ORIGIN_PRESET: 'open-webui' })
    const browser = await signedIn(entrada)
    expect(tokenOf(browser)).toBe('adele.vance@contoso.example')
    await browser.fetch('/.entrada/logout', { method: 'POST' })
    expect(tokenOf(browser)).toBeNull()
    expect(browser.cookies.get('theme')?.value).toBe('dark')
  })

  test('are cleared when people end their current session in the list of their sessions', async () => {
    const { entrada } = aRememberingChat({ ORIGIN_PRESET: 'open-webui' })
    const browser = await signedIn(entrada)
    const list = await browser.fetch('/.entrada/sessions')
    const { sessions } = await list.json<{ sessions: { id: string }[] }>()
    await browser.fetch('/.entrada/sessions/end', {
      method: 'POST',
      body: JSON.stringify({ id: sessions[0]?.id }),
    })
    expect(browser.cookies.get('__Host-entrada')).toBeNull()
    expect(tokenOf(browser)).toBeNull()
  })

  test('are cleared when another person signs in after a session expired', async () => {
    const { entrada } = aRememberingChat({
      ORIGIN_PRESET: 'open-webui',
      SESSION_MAX_SECONDS: '600',
      SESSION_IDLE_SECONDS: '600',
    })
    const browser = await signedIn(entrada)
    await clock.advance(601)
    entrada.sandbox.entra.signOutEverywhere()
    await browser.signIn(CAST.megan.userPrincipalName, '/other')
    expect(tokenOf(browser)).toBe('megan.bowen@contoso.example')
  })

  test('stay when the same person signs in again', async () => {
    const { entrada, chat } = aRememberingChat({
      ORIGIN_PRESET: 'open-webui',
      SESSION_MAX_SECONDS: '600',
      SESSION_IDLE_SECONDS: '600',
    })
    const browser = await signedIn(entrada)
    await clock.advance(601)
    await browser.signIn(CAST.adele.userPrincipalName, '/other')
    expect(chat.last.headers.get('cookie')).toContain('token=adele.vance@contoso.example')
  })

  test('stay with ORIGIN_CLEAR_COOKIES=none', async () => {
    const { entrada } = aRememberingChat({
      ORIGIN_PRESET: 'open-webui',
      ORIGIN_CLEAR_COOKIES: 'none',
    })
    const browser = await signedIn(entrada)
    await browser.fetch('/.entrada/logout', { method: 'POST' })
    expect(tokenOf(browser)).toBe('adele.vance@contoso.example')
  })

  test('are those that ORIGIN_CLEAR_COOKIES lists', async () => {
    const { entrada } = aRememberingChat({ ORIGIN_CLEAR_COOKIES: 'theme, __Secure-chat' })
    const browser = await signedIn(entrada)
    const response = await browser.fetch('/.entrada/logout', { method: 'POST' })
    expect(browser.cookies.get('theme')).toBeNull()
    expect(response.headers.getSetCookie()).toContain('__Secure-chat=; Max-Age=0; Path=/; Secure')
  })

  test.each(['a b', '__Host-entrada', 'x=y'])(
    'cannot include “%s”, which is no cookie name of a chat',
    async (names) => {
      const { entrada } = aGuardedChat({ settings: { ORIGIN_CLEAR_COOKIES: names } })
      expect((await entrada.fetch('/')).status).toBe(503)
      expect(entrada.logs.text).toContain('ORIGIN_CLEAR_COOKIES')
    },
  )
})

describe('ORIGIN_SECRET', () => {
  const ORIGIN_SECRET = 'what-only-the-chat-and-entrada-know-0123'

  test('reaches the chat with every request, on open routes too [requirement 64]', async () => {
    const { entrada, chat } = aGuardedChat({
      settings: { ORIGIN_SECRET, SKIP_AUTH_ROUTES: 'GET /health' },
    })
    const browser = await signedIn(entrada)
    await browser.fetch('/api', { headers: { 'entrada-origin-secret': 'guess' } })
    expect(chat.last.headers.get('entrada-origin-secret')).toBe(ORIGIN_SECRET)
    await entrada.fetch('/health')
    expect(chat.last.headers.get('entrada-origin-secret')).toBe(ORIGIN_SECRET)
  })

  test('is removed from response headers that echo it [requirement 64]', async () => {
    const { entrada } = aGuardedChat(
      { settings: { ORIGIN_SECRET, SKIP_AUTH_ROUTES: 'GET /health' } },
      (request) => new Response('x', { headers: request.headers }),
    )
    const response = await entrada.fetch('/health')
    expect([...response.headers.values()].join()).not.toContain(ORIGIN_SECRET)
  })

  test('is removed from client requests when it is not configured', async () => {
    const { entrada, chat } = aGuardedChat({ settings: { SKIP_AUTH_ROUTES: 'GET /health' } })
    await entrada.fetch('/health', { headers: { 'entrada-origin-secret': 'guess' } })
    expect(chat.last.headers.has('entrada-origin-secret')).toBe(false)
  })

  test.each(['short', 'with spaces in it and long enough, too'])(
    '“%s” is an invalid setting',
    async (value) => {
      const { entrada } = aGuardedChat({ settings: { ORIGIN_SECRET: value } })
      expect((await entrada.fetch('/')).status).toBe(503)
      expect(entrada.logs.text).toContain('ORIGIN_SECRET')
    },
  )
})
