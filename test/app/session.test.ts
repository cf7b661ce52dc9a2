import { describe, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import type { Browser } from '../support/browser/browser.ts'
import { clock } from '../support/clock.ts'
import { anEntrada, type Entrada } from '../support/entrada.ts'

const SESSION = '__Host-entrada'
const DAY = 86_400

async function signedIn(entrada: Entrada, who: keyof typeof CAST = 'adele'): Promise<Browser> {
  const browser = entrada.browser()
  await browser.signIn(CAST[who].userPrincipalName)
  return browser
}

function cookieOf(browser: Browser): string {
  return browser.cookies.get(SESSION)?.value ?? ''
}

async function statusWith(
  entrada: Entrada,
  cookie: string,
  path = '/.entrada/session',
): Promise<number> {
  const response = await entrada.fetch(path, { headers: { cookie, accept: 'application/json' } })
  await response.body?.cancel()
  return response.status
}

describe('the session cookie', () => {
  test('is __Host-, Secure, HttpOnly, Lax and small, also for a member of 700 groups [bar 25] [bar 26]', async () => {
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

  test('is random through and through [bar 27]', async () => {
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

  test('is new at every sign-in, and the one before is dead at once [bar 28]', async () => {
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

  test('presented before sign-in is never the one that is signed in [bar 28]', async () => {
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

  test('with any bit changed, cut short or foreign is no session and no error [bar 24]', async () => {
    const entrada = anEntrada()
    const value = cookieOf(await signedIn(entrada))
    const damaged = Array.from(value, (char, index) => {
      const flipped = String.fromCharCode((char.codePointAt(0) ?? 0) ^ 1)
      return value.slice(0, index) + flipped + value.slice(index + 1)
    })
    const answers = new Set<string>()
    for (const one of [
      ...damaged,
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

  test('given twice: the one that opens wins, in either order [bar 24]', async () => {
    const entrada = anEntrada()
    const good = `${SESSION}=${cookieOf(await signedIn(entrada))}`
    const planted = `${SESSION}=${'A'.repeat(24)}.${'B'.repeat(43)}`
    expect(await statusWith(entrada, `${good}; ${planted}`)).toBe(200)
    expect(await statusWith(entrada, `${planted}; ${good}`)).toBe(200)
  })

  test('with another session’s secret opens nothing', async () => {
    const entrada = anEntrada()
    const [id] = cookieOf(await signedIn(entrada)).split('.')
    const [, secret] = cookieOf(await signedIn(entrada, 'alex')).split('.')
    expect(await statusWith(entrada, `${SESSION}=${id}.${secret}`)).toBe(401)
  })
})

describe('a session ends by itself', () => {
  test('after its idle time, although the cookie is kept [bar 29]', async () => {
    const entrada = anEntrada({ settings: { SESSION_IDLE_SECONDS: '3600' } })
    const cookie = `${SESSION}=${cookieOf(await signedIn(entrada))}`
    await clock.advance(3000)
    expect(await statusWith(entrada, cookie)).toBe(200)
    await clock.advance(3000)
    expect(await statusWith(entrada, cookie)).toBe(200)
    await clock.advance(3601)
    expect(await statusWith(entrada, cookie)).toBe(401)
  })

  test('after its absolute time, however busy it was [bar 29]', async () => {
    const entrada = anEntrada({ settings: { SESSION_MAX_SECONDS: String(2 * DAY) } })
    const cookie = `${SESSION}=${cookieOf(await signedIn(entrada))}`
    for (let hours = 0; hours < 47; hours += 6) {
      expect(await statusWith(entrada, cookie)).toBe(200)
      await clock.advance(6 * 3600)
    }
    expect(await statusWith(entrada, cookie)).toBe(401)
  })

  test('and leaves nothing behind once its alarm has rung', async () => {
    const entrada = anEntrada()
    await signedIn(entrada)
    expect([...entrada.platform.vault.stored()]).toHaveLength(1)
    await clock.advance(DAY + 1)
    await entrada.platform.runAlarms()
    expect([...entrada.platform.vault.stored()]).toEqual([])
    const left = entrada.platform.objects.SESSIONS.hosts.flatMap((host) => [
      ...host.disk.contents(),
    ])
    expect(left.join('')).not.toMatch(/v1\./)
  })
})

test('a session answers when it ends and who it is', async () => {
  const browser = await signedIn(anEntrada(), 'unal')
  const body = await (await browser.fetch('/.entrada/session')).json()
  const now = clock.now() / 1000
  expect(body).toMatchObject({
    user: {
      id: CAST.unal.id,
      tenantId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'Ünal, "Ops" O\'Hara & Söhne',
      email: null,
      username: CAST.unal.userPrincipalName,
      roles: [],
      groups: [],
    },
  })
  expect(body).toHaveProperty('expiresAt')
  const { expiresAt, idleExpiresAt } = body as { expiresAt: number; idleExpiresAt: number }
  expect(Math.round((expiresAt - now) / DAY)).toBe(7)
  expect(Math.round((idleExpiresAt - now) / DAY)).toBe(1)
})

describe('one’s own sessions', () => {
  test('are listed, newest first, with the current one marked [bar 34]', async () => {
    const entrada = anEntrada()
    const first = await signedIn(entrada)
    await clock.advance(100)
    const second = await signedIn(entrada)
    await signedIn(entrada, 'alex')
    const { sessions } = await (
      await second.fetch('/.entrada/sessions')
    ).json<{ sessions: { id: string; current: boolean }[] }>()
    expect(sessions.map(({ current }) => current)).toEqual([true, false])
    for (const one of sessions) {
      expect(Object.keys(one)).toEqual(['id', 'current', 'createdAt', 'lastSeenAt', 'userAgent'])
    }
    expect(cookieOf(first)).not.toContain(sessions[1]?.id)
  })

  test('can be ended one by one, or all others at once [bar 34]', async () => {
    const entrada = anEntrada()
    const [first, second, third] = [
      await signedIn(entrada),
      await signedIn(entrada),
      await signedIn(entrada),
    ]
    const { sessions } = await (
      await third.fetch('/.entrada/sessions')
    ).json<{ sessions: { id: string; current: boolean }[] }>()
    const ids = sessions.filter(({ current }) => !current).map(({ id }) => id)
    const one = await end(third, { id: ids[0] })
    expect([one.status, await one.json()]).toEqual([200, { ended: 1 }])
    const alive = async () =>
      (
        await Promise.all(
          [first, second, third].map((browser) => browser.fetch('/.entrada/session')),
        )
      ).map(({ status }) => status)
    expect((await alive()).toSorted((left, right) => left - right)).toEqual([200, 200, 401])
    expect(await (await end(third, { all: true })).json()).toEqual({ ended: 1 })
    expect(await alive()).toEqual([401, 401, 200])
  })

  test('are all one can end: another’s handle does not exist', async () => {
    const entrada = anEntrada()
    const adele = await signedIn(entrada)
    const alex = await signedIn(entrada, 'alex')
    const { sessions } = await (
      await alex.fetch('/.entrada/sessions')
    ).json<{ sessions: { id: string }[] }>()
    expect((await end(adele, { id: sessions[0]?.id })).status).toBe(404)
    expect((await alex.fetch('/.entrada/session')).status).toBe(200)
  })

  test.each([{}, { id: 'x' }, { all: false }, { id: 'a'.repeat(64), all: true }, null, []])(
    'are not ended by %j',
    async (body) => {
      const response = await end(await signedIn(anEntrada()), body)
      expect([response.status, response.headers.get('entrada-error')]).toEqual([
        400,
        'invalid_request',
      ])
    },
  )

  function end(browser: Browser, body: unknown): Promise<Response> {
    return browser.fetch('/.entrada/sessions/end', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  }
})

describe('an operator', () => {
  const settings = { OPENID_ADMIN_ROLE: 'Entrada.Admin' }

  test('ends every session of a user [bar 34]', async () => {
    const entrada = anEntrada({ settings })
    const [adele, again, alex] = [
      await signedIn(entrada),
      await signedIn(entrada),
      await signedIn(entrada, 'alex'),
    ]
    const { user } = await (
      await adele.fetch('/.entrada/session')
    ).json<{ user: { id: string; tenantId: string } }>()
    const path = `/.entrada/admin/users/${user.tenantId}:${user.id}/end`
    const response = await alex.fetch(path, { method: 'POST' })
    expect([response.status, await response.json()]).toEqual([200, { ended: 2 }])
    expect([
      (await adele.fetch('/.entrada/session')).status,
      (await again.fetch('/.entrada/session')).status,
    ]).toEqual([401, 401])
    expect(entrada.logs.text).toContain('sessions_ended_by_operator')
  })

  test('is who the rule says, and nobody else', async () => {
    const entrada = anEntrada({ settings })
    const adele = await signedIn(entrada)
    const response = await adele.fetch(`/.entrada/admin/users/x:y/end`, { method: 'POST' })
    expect([response.status, response.headers.get('entrada-error')]).toEqual([
      403,
      'operator_required',
    ])
  })
})
