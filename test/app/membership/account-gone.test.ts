import { describe, expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../../sandbox/directory/cast.ts'
import type { FaultName } from '../../sandbox/faults.ts'
import { clock } from '../../support/clock.ts'
import type { TestSettings } from '../../support/entrada.ts'
import { byGroup, type MembershipScene } from './fixture.ts'
import { CHECK, isIn, isInAfter, aMember } from './recheck-fixture.ts'
import { cookieHeaderOf } from '../../support/scene.ts'

/* An account that Entra disables, deletes or revokes during a session. */

const FAULTS = ['entra.user_disabled', 'entra.session_revoked'] as const satisfies FaultName[]

const ADMIN_BY_GROUP = {
  OPENID_ADMIN_ROLE: CAST_GROUPS.chatAdministrators,
  OPENID_ADMIN_ROLE_PARAMETER_PATH: 'groups',
  OPENID_ADMIN_ROLE_TOKEN_KIND: 'graph',
}

const RULES: readonly (readonly [string, TestSettings])[] = [
  ['no rule', {}],
  ['an operator role', { OPENID_ADMIN_ROLE: 'Entrada.Admin' }],
  ['an operator group', ADMIN_BY_GROUP],
  ['a required group', byGroup('graph', CAST_GROUPS.chatUsers)],
]

function statusOf({ entrada, browser }: MembershipScene, path: string, init: RequestInit = {}) {
  const cookie = cookieHeaderOf(browser)
  const headers = { cookie, origin: entrada.origin, ...init.headers }
  return entrada.fetch(path, { ...init, headers }).then(({ status }) => status)
}

describe.each(RULES)('with %s, an account', (_, settings) => {
  test.each(FAULTS)(
    'that is gone (%s) is signed out within the check time [requirement 46]',
    async (fault) => {
      const scene = await aMember({ settings })
      expect(await isInAfter(scene, CHECK)).toBe(true)
      scene.sandbox.faults.set(fault)
      expect(await isInAfter(scene, CHECK - 60)).toBe(true)
      expect(await isInAfter(scene, 61)).toBe(false)
      expect([...scene.entrada.platform.vault.stored()]).toEqual([])
    },
  )

  test('is signed out as fast where access tokens are valid for a day (cp1) [requirement 46]', async () => {
    const cp1 = { ...settings, OPENID_CLIENT_CAPABILITIES: 'cp1' }
    const scene = await aMember({ settings: cp1 })
    // Renews the Graph token, which stays valid when the account is disabled.
    await scene.browser.fetch('/.entrada/session')
    scene.sandbox.faults.set('entra.user_disabled')
    expect(await isInAfter(scene, CHECK)).toBe(false)
  })

  test('gets no page of the chat in the nine hours after that', async () => {
    const scene = await aMember({ settings })
    scene.sandbox.entra.revokeSessions(CAST.adele.id)
    const pages = () => scene.sandbox.journal.to('chat', '/echo').length
    for (let hour = 0; hour < 9; hour++) {
      await clock.advance(CHECK)
      await statusOf(scene, '/echo')
    }
    expect(pages()).toBe(0)
  })
})

describe('the first request after the check time', () => {
  test.each<[string, RequestInit, number]>([
    [
      'a page load',
      { headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' } },
      302,
    ],
    ['a read by script', { headers: { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' } }, 401],
    ['a write', { method: 'POST', body: 'text' }, 401],
    ['a socket upgrade', { headers: { upgrade: 'websocket', connection: 'Upgrade' } }, 401],
  ])('%s waits for Entra and never reaches the chat [requirement 46]', async (_, init, status) => {
    const scene = await aMember()
    await clock.advance(CHECK)
    scene.sandbox.faults.set('entra.user_disabled')
    expect(await statusOf(scene, '/echo', init)).toBe(status)
    expect(scene.sandbox.journal.to('chat', '/echo')).toEqual([])
  })

  test('shares one call of Entra with all other waiting requests', async () => {
    const scene = await aMember()
    await clock.advance(CHECK)
    const before = scene.sandbox.journal.redemptions('refresh_token').length
    scene.sandbox.faults.set('entra.user_disabled')
    const statuses = await Promise.all(Array.from({ length: 20 }, () => statusOf(scene, '/echo')))
    expect(new Set(statuses)).toEqual(new Set([401]))
    expect(scene.sandbox.journal.redemptions('refresh_token')).toHaveLength(before + 1)
  })

  test('that only polls is refused as well, so that a WebSocket closes', async () => {
    const settings = { SESSION_POLLING_ROUTES: 'GET /echo' }
    const scene = await aMember({ settings })
    await clock.advance(CHECK)
    scene.sandbox.faults.set('entra.user_disabled')
    expect(await statusOf(scene, '/echo')).toBe(401)
  })

  test('waits at most five seconds while Entra hangs, and the next request does not wait', async () => {
    const scene = await aMember()
    await clock.advance(CHECK)
    scene.sandbox.faults.set('entra.token_hang')
    const started = clock.now()
    expect(await clock.runOut(statusOf(scene, '/echo'), 30)).toBe(200)
    expect(clock.now() - started).toBeLessThanOrEqual(6000)
    // A write, because a read is served from the isolate's cache.
    expect(await statusOf(scene, '/echo', { method: 'POST', body: 'text' })).toBe(200)
  })

  test('ends the session also if Entra responds late', async () => {
    const scene = await aMember()
    await clock.advance(CHECK)
    scene.sandbox.faults.set('entra.token_slow', { delayMs: 8000, times: 1 })
    scene.sandbox.faults.set('entra.user_disabled')
    expect(await clock.runOut(statusOf(scene, '/echo'), 30)).toBe(200)
    await clock.advance(5)
    expect(await isIn(scene)).toBe(false)
  })
})

test('a refused token ends the session also when only the admin role is checked', async () => {
  const scene = await aMember({ settings: ADMIN_BY_GROUP })
  await clock.advance(2 * CHECK)
  scene.sandbox.faults.set('entra.token_server_error', { times: 1 })
  scene.sandbox.faults.set('entra.user_disabled')
  expect(await isIn(scene)).toBe(false)
})

test('without a stored refresh token, a check of the admin role ends no session', async () => {
  const scene = await aMember({
    settings: {
      ...ADMIN_BY_GROUP,
      OPENID_REUSE_TOKENS: 'false',
      ENABLE_SHAREPOINT_FILEPICKER: 'false',
    },
  })
  expect(await isInAfter(scene, 3 * CHECK)).toBe(true)
})

test('a token that a feature renewed counts as a recheck', async () => {
  const scene = await aMember()
  await clock.advance(CHECK - 60)
  await scene.browser.fetch('/.entrada/session')
  const before = scene.sandbox.journal.redemptions('refresh_token').length
  expect(await isInAfter(scene, 61)).toBe(true)
  expect(scene.sandbox.journal.redemptions('refresh_token')).toHaveLength(before)
})
