import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { aGuardedChat } from '../../support/chat-double.ts'
import { clock } from '../../support/clock.ts'
import { damagedCopies } from '../../support/damaged-copies.ts'
import { anEntrada } from '../../support/entrada.ts'
import { SESSION } from '../../support/addresses.ts'
import { cookieOf, signedIn, statusWith } from '../../support/scene.ts'

describe('the session cookie', () => {
  test('is __Host-, Secure, HttpOnly, Lax and small, also for a member of 700 groups [requirement 25] [requirement 26]', async () => {
    const browser = await signedIn(anEntrada(), 'megan')
    const cookie = browser.cookies.get(SESSION)
    expect(cookie).toMatchObject({
      secure: true,
      httpOnly: true,
      sameSite: 'lax',
      path: '/',
      hostOnly: true,
    })
    const own = browser.cookies.all.filter(({ name }) => name.startsWith('__Host-entrada'))
    expect(
      own.reduce((bytes, { name, value }) => bytes + name.length + value.length, 0),
    ).toBeLessThan(300)
  })

  test('is random in every part [requirement 27]', async () => {
    const entrada = anEntrada()
    const values = new Set<string>()
    const bytes: number[][] = []
    for (let index = 0; index < 40; index++) {
      const value = cookieOf(await signedIn(entrada))
      values.add(value)
      const [id = '', secret = ''] = value.split('.')
      expect([
        Buffer.from(id, 'base64url').length,
        Buffer.from(secret, 'base64url').length,
      ]).toEqual([18, 32])
      bytes.push([...Buffer.from(id + secret, 'base64url')])
      await clock.advance(61)
    }
    expect(values.size).toBe(40)
    // No byte stands still: there is no structure, no time, no user in it.
    for (let place = 0; place < 48; place++) {
      expect(new Set(bytes.map((one) => one[place])).size).toBeGreaterThan(20)
    }
  })

  test('is new at every sign-in, and the one before ends at once [requirement 28]', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    const before = cookieOf(browser)
    await browser.open('/.entrada/login?account=other')
    await browser.submit({ button: ['account', CAST.alex.userPrincipalName] })
    if (browser.page.url.origin !== entrada.origin) {
      await browser.submit({ button: ['decision', 'accept'] })
    }
    expect(cookieOf(browser)).not.toBe(before)
    expect(await statusWith(entrada, `${SESSION}=${before}`)).toBe(401)
    expect(await statusWith(entrada, `${SESSION}=${cookieOf(browser)}`)).toBe(200)
  })

  test('sent before a sign-in is never the one of the new session [requirement 28]', async () => {
    const entrada = anEntrada()
    const planted = `${'A'.repeat(24)}.${'B'.repeat(43)}`
    const browser = entrada.browser()
    browser.cookies.put({
      name: SESSION, value: planted, domain: 'chat.contoso.example', hostOnly: true, path: '/',
      secure: true, httpOnly: true, sameSite: 'lax', expiresAt: null,
    }) // prettier-ignore
    await browser.signIn(CAST.adele.userPrincipalName)
    expect(cookieOf(browser)).not.toBe(planted)
    expect(await statusWith(entrada, `${SESSION}=${planted}`)).toBe(401)
  })

  test('that is changed, cut short or foreign is no session and no error [requirement 24]', async () => {
    const entrada = anEntrada()
    const value = cookieOf(await signedIn(entrada))
    const answers = new Set<string>()
    for (const one of [
      ...damagedCopies(value),
      value.slice(0, -1),
      value.slice(1),
      '',
      '.',
      'x',
      `${value}A`,
      '%00',
      '"',
      `${value}.`,
    ]) {
      const response = await entrada.fetch('/.entrada/session', {
        headers: { cookie: `${SESSION}=${one}` },
      })
      const { code } = await response.json<{ code: string }>()
      answers.add(`${response.status} ${code}`)
    }
    expect([...answers]).toEqual(['401 session_required'])
  })

  test('sent twice: the one that opens a session is used, in either order [requirement 24]', async () => {
    const entrada = anEntrada()
    const good = `${SESSION}=${cookieOf(await signedIn(entrada))}`
    const planted = `${SESSION}=${'A'.repeat(24)}.${'B'.repeat(43)}`
    expect(await statusWith(entrada, `${good}; ${planted}`)).toBe(200)
    expect(await statusWith(entrada, `${planted}; ${good}`)).toBe(200)
  })

  // The runtime joins several `Cookie` lines by commas (RFC 9110 §5.3).
  test('counts in a second Cookie line as in the first, for our pages and for the chat [requirement 24] [requirement 60]', async () => {
    const { entrada, chat } = aGuardedChat({ settings: { SKIP_AUTH_ROUTES: 'GET /open' } })
    const own = `${SESSION}=${cookieOf(await signedIn(entrada))}`
    for (const cookie of [`a=1, ${own}`, `${own}, a=1`, `a=1, b=2; ${own}`]) {
      expect(await statusWith(entrada, cookie)).toBe(200)
      for (const path of ['/api/messages', '/open']) {
        expect((await entrada.fetch(path, { headers: { cookie } })).status).toBe(200)
        expect(chat.last.headers.get('cookie')).toMatch(/^a=1(?:, b=2)?$/)
      }
    }
    // Signing out reads them alike, too.
    const cookie = `a=1, ${own}`
    const headers = { cookie, 'sec-fetch-site': 'same-origin' }
    await entrada.fetch('/.entrada/logout', { method: 'POST', headers })
    expect(await statusWith(entrada, own)).toBe(401)
  })

  test('of a sign-in attempt counts in a second Cookie line, too', async () => {
    const entrada = anEntrada()
    const begun = await entrada.fetch('/.entrada/login', {
      headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
    })
    const [attempt = ''] = begun.headers.getSetCookie().map((line) => line.split(';')[0] ?? '')
    const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state')
    const answer = async (cookie: string) => {
      const path = `/oauth/openid/callback?error=access_denied&state=${state}`
      return (await entrada.fetch(path, { headers: { cookie } })).headers.get('entrada-error')
    }
    expect(await answer('a=1')).toBe('sign_in_expired')
    expect(await answer(`a=1, ${attempt}`)).toBe('sign_in_refused')
  })

  test('with another session’s secret opens nothing', async () => {
    const entrada = anEntrada()
    const [id] = cookieOf(await signedIn(entrada)).split('.')
    const [, secret] = cookieOf(await signedIn(entrada, 'alex')).split('.')
    expect(await statusWith(entrada, `${SESSION}=${id}.${secret}`)).toBe(401)
  })
})
