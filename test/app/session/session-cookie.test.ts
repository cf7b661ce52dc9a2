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
    // Every byte varies: the cookie contains no structure, no time and no user.
    for (let place = 0; place < 48; place++) {
      expect(new Set(bytes.map((one) => one[place])).size).toBeGreaterThan(20)
    }
  })

  test('is new at every sign-in, and the previous session ends at once [requirement 28]', async () => {
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

  test('sent before a sign-in is never used for the new session [requirement 28]', async () => {
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

  test('that is changed, truncated or foreign counts as no cookie and causes no error [requirement 24]', async () => {
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

  test('sent twice is used if one of the values is valid, in either order [requirement 24]', async () => {
    const entrada = anEntrada()
    const good = `${SESSION}=${cookieOf(await signedIn(entrada))}`
    const planted = `${SESSION}=${'A'.repeat(24)}.${'B'.repeat(43)}`
    expect(await statusWith(entrada, `${good}; ${planted}`)).toBe(200)
    expect(await statusWith(entrada, `${planted}; ${good}`)).toBe(200)
  })

  // The runtime joins several `Cookie` lines by commas (RFC 9110 §5.3).
  test('counts beside commas of other cookies and never reaches the chat [requirement 24] [requirement 60]', async () => {
    const { entrada, chat } = aGuardedChat({ settings: { SKIP_AUTH_ROUTES: 'GET /open' } })
    const own = `${SESSION}=${cookieOf(await signedIn(entrada))}`
    for (const cookie of [`${own}, a=1`, `a=1, b=2; ${own}`]) {
      expect(await statusWith(entrada, cookie)).toBe(200)
      for (const path of ['/api/messages', '/open']) {
        expect((await entrada.fetch(path, { headers: { cookie } })).status).toBe(200)
        expect(chat.last.headers.get('cookie')).toMatch(/^a=1(?:, b=2)?$/)
      }
    }
    await entrada.fetch('/open', { headers: { cookie: `a=1, ${own}` } })
    expect(chat.last.headers.get('cookie')).toBe('a=1')
  })

  // A sibling host may set `x` for the whole domain. It cannot set a cookie with a `__Host-` name.
  test.each(['x=1,', 'x=1, ', 'x=1,\t', 'x=,', 'x,', ','])(
    'written into the value of another cookie signs nobody in: %j [requirement 24] [requirement 28]',
    async (before) => {
      const { entrada, chat } = aGuardedChat()
      const planted = `${before}${SESSION}=${cookieOf(await signedIn(entrada, 'alex'))}`
      expect(await statusWith(entrada, planted)).toBe(401)
      const own = `${SESSION}=${cookieOf(await signedIn(entrada))}`
      const cookie = `${planted}; ${own}`
      for (const path of ['/api/messages', '/api/messages']) {
        await entrada.fetch(path, { headers: { cookie } })
        expect(chat.last.headers.get('x-forwarded-email')).toBe(CAST.adele.userPrincipalName)
      }
      const session = await entrada.fetch('/.entrada/session', { headers: { cookie } })
      expect(await session.json()).toMatchObject({ user: { id: CAST.adele.id } })
    },
  )

  test('with a no-break space before its name is another cookie, which a sibling host may set', async () => {
    const { entrada } = aGuardedChat()
    const planted = `\u00a0${SESSION}=${cookieOf(await signedIn(entrada, 'alex'))}`
    expect(await statusWith(entrada, planted)).toBe(401)
    expect(await statusWith(entrada, `a=1;${planted}`)).toBe(401)
  })

  test('of a sign-in attempt does not count in the value of another cookie', async () => {
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
    expect(await answer(`a=1, ${attempt}`)).toBe('sign_in_expired')
    expect(await answer(`a=1,${attempt}`)).toBe('sign_in_expired')
    expect(await answer(`a=1; ${attempt}, b=2`)).toBe('sign_in_refused')
  })

  test('with another session’s secret is refused', async () => {
    const entrada = anEntrada()
    const [id] = cookieOf(await signedIn(entrada)).split('.')
    const [, secret] = cookieOf(await signedIn(entrada, 'alex')).split('.')
    expect(await statusWith(entrada, `${SESSION}=${id}.${secret}`)).toBe(401)
  })
})
