import { describe, expect, test } from 'vitest'
import { CAST, CONTOSO } from '../../sandbox/directory/cast.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada } from '../../support/entrada.ts'
import { SESSION } from '../../support/addresses.ts'
import { cookieOf, signedIn, statusWith } from '../../support/scene.ts'

const DAY = 86_400

describe('a session expires', () => {
  test('after its idle time, although the cookie is kept [requirement 29]', async () => {
    const entrada = anEntrada({ settings: { SESSION_IDLE_SECONDS: '3600' } })
    const cookie = `${SESSION}=${cookieOf(await signedIn(entrada))}`
    await clock.advance(3000)
    expect(await statusWith(entrada, cookie)).toBe(200)
    await clock.advance(3000)
    expect(await statusWith(entrada, cookie)).toBe(200)
    await clock.advance(3601)
    expect(await statusWith(entrada, cookie)).toBe(401)
  })

  test('after its absolute time, however busy it was [requirement 29]', async () => {
    const entrada = anEntrada({ settings: { SESSION_MAX_SECONDS: String(2 * DAY) } })
    const cookie = `${SESSION}=${cookieOf(await signedIn(entrada))}`
    for (let hours = 0; hours < 47; hours += 6) {
      expect(await statusWith(entrada, cookie)).toBe(200)
      await clock.advance(6 * 3600)
    }
    expect(await statusWith(entrada, cookie)).toBe(401)
  })

  test('and its alarm deletes everything it stored', async () => {
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

test('GET /.entrada/session returns the user and when the session ends', async () => {
  const browser = await signedIn(anEntrada(), 'unal')
  const body = await (await browser.fetch('/.entrada/session')).json()
  const now = clock.now() / 1000
  expect(body).toMatchObject({
    user: {
      id: CAST.unal.id,
      tenantId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      name: 'Ünal, "Ops" O\'Hara & Söhne',
      email: CAST.unal.userPrincipalName,
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

describe('a user’s own sessions', () => {
  test('are listed, newest first, with the current one marked [requirement 34]', async () => {
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

  test('can be ended one by one, or all others at once [requirement 34]', async () => {
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

  test('are the only ones a user can end: the handle of another user’s session is not found [requirement 34]', async () => {
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

  test('ends every session of a user [requirement 34]', async () => {
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

  test('is refused without the operator role [requirement 34]', async () => {
    const entrada = anEntrada({ settings })
    const [adele, alex] = [await signedIn(entrada), await signedIn(entrada, 'alex')]
    for (const user of ['x:y', `${CONTOSO}:${CAST.alex.id}`, `${CONTOSO}:${CAST.adele.id}`]) {
      const response = await adele.fetch(`/.entrada/admin/users/${user}/end`, { method: 'POST' })
      expect([response.status, response.headers.get('entrada-error')]).toEqual([
        403,
        'operator_required',
      ])
    }
    for (const { status } of [
      await adele.fetch('/.entrada/session'),
      await alex.fetch('/.entrada/session'),
    ]) {
      expect(status).toBe(200)
    }
  })
})
