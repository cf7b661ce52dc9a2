import { describe, expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../../sandbox/directory/cast.ts'
import type { TestSettings } from '../../support/entrada.ts'
import { byGroup, sessionOf, trySignIn } from './fixture.ts'
import { CHECK, GRACE, isIn, isInAfter, leaveSales, aMember } from './recheck-fixture.ts'

describe('while membership cannot be checked', () => {
  const settings: TestSettings = byGroup('auto', CAST_GROUPS.chatUsers)

  test.each(['graph.outage', 'graph.throttled', 'graph.hang', 'graph.token_rejected'] as const)(
    'because of %s, the last known result counts for the grace period, with an audit event each time',
    async (fault) => {
      const scene = await aMember({ settings })
      scene.sandbox.faults.set(fault, { retryAfterSeconds: 30 })
      expect(await isInAfter(scene, CHECK)).toBe(true)
      expect(scene.entrada.logs.events('membership_unknown')).toMatchObject([
        { level: 'audit', userId: CAST.adele.id, at: 'recheck', ended: false },
      ])
      expect(await isInAfter(scene, GRACE)).toBe(false)
      expect(scene.entrada.logs.events('membership_unknown').at(-1)).toMatchObject({ ended: true })
    },
  )

  test('requests in between do not wait for another check', async () => {
    const scene = await aMember({ settings })
    scene.sandbox.faults.set('graph.outage')
    await isInAfter(scene, CHECK)
    const before = scene.sandbox.journal.to('graph').length
    for (let index = 0; index < 20; index++) expect(await isIn(scene)).toBe(true)
    expect(scene.sandbox.journal.to('graph')).toHaveLength(before)
    scene.sandbox.faults.clear()
    leaveSales(scene)
    expect(await isInAfter(scene, 61)).toBe(false)
  })

  test('the session goes on once the check succeeds again', async () => {
    const scene = await aMember({ settings })
    scene.sandbox.faults.set('graph.outage')
    expect(await isInAfter(scene, CHECK)).toBe(true)
    scene.sandbox.faults.clear()
    expect(await isInAfter(scene, 120)).toBe(true)
    scene.sandbox.faults.set('graph.outage')
    expect(await isInAfter(scene, CHECK + GRACE / 2)).toBe(true)
  })

  test('a new sign-in gets no grace period [requirement 78]', async () => {
    const scene = await aMember({ settings: byGroup('graph', CAST_GROUPS.chatUsers) })
    scene.sandbox.faults.set('graph.throttled', { retryAfterSeconds: 60 })
    expect(await isInAfter(scene, CHECK)).toBe(true)
    const browser = scene.entrada.browser()
    const page = await trySignIn(browser, CAST.adele.userPrincipalName)
    expect(page.headers.get('entrada-error')).toBe('membership_unknown')
    expect(await sessionOf(browser)).toBeNull()
  })

  test('without a grace period, the session ends at once', async () => {
    const scene = await aMember({ settings: { ...settings, MEMBERSHIP_GRACE_SECONDS: '0' } })
    scene.sandbox.faults.set('graph.outage')
    expect(await isInAfter(scene, CHECK)).toBe(false)
  })

  test('an outage of the sign-in service has the same effect', async () => {
    const scene = await aMember({ settings })
    scene.sandbox.faults.set('entra.outage')
    // Late enough for the grace period to have ended.
    expect(await isInAfter(scene, 2 * CHECK)).toBe(false)
  })
})
