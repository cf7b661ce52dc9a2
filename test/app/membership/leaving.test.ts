import { describe, expect, test } from 'vitest'
import { CAST, CAST_GROUPS, CONTOSO } from '../../sandbox/directory/cast.ts'
import { clock } from '../../support/clock.ts'
import { asked, byGroup, putGroup, trySignIn, type MembershipScene } from './fixture.ts'
import { CHECK, isIn, isInAfter, leaveSales, sessionAfter, aMember } from './recheck-fixture.ts'

/* The session of a person who leaves the group ends at the next recheck, everywhere and with all stored data. */

function membershipEvents({ entrada }: MembershipScene) {
  return entrada.logs.events().filter(({ event }) => String(event).includes('membership'))
}

describe.each(['id', 'auto', 'graph'] as const)('with the source %s', (source) => {
  const settings = byGroup(source, CAST_GROUPS.allEmployees)

  test('a member keeps the session until it expires', async () => {
    const scene = await aMember({ settings })
    for (let hour = 0; hour < 5; hour++) {
      expect((await sessionAfter(scene, CHECK))?.user.groups).toEqual([CAST_GROUPS.allEmployees])
    }
    expect(membershipEvents(scene)).toEqual([])
  })

  test('a person removed from a nested group loses the session within the check time, with one audit event [requirement 82] [requirement 100]', async () => {
    for (const mayReadGroups of [true, false]) {
      const scene = await aMember({ settings, mayReadGroups })
      leaveSales(scene)
      expect(await isInAfter(scene, CHECK - 60)).toBe(true)
      expect(await isInAfter(scene, 61)).toBe(false)
      expect(scene.entrada.logs.events('membership_lost')).toMatchObject([
        { level: 'audit', userId: CAST.adele.id, tenantId: CONTOSO },
      ])
      const page = await trySignIn(scene.browser, CAST.adele.userPrincipalName)
      expect(page.headers.get('entrada-error')).toBe('not_a_member')
      scene.entrada.logs.clear()
    }
  })

  test('a person added to more than 200 groups keeps the session', async () => {
    const scene = await aMember({ settings })
    for (let index = 0; index < 250; index++) {
      const id = `0f1b6f0e-2f6c-4f6e-8a77-0000003${String(index).padStart(5, '0')}`
      putGroup(scene.sandbox, { id, memberIds: [CAST.adele.id] })
    }
    expect(await isInAfter(scene, CHECK)).toBe(true)
  })
})

describe('a session that membership ended', () => {
  test('leaves no token in KV, and has ended in every data centre [requirement 82]', async () => {
    const scene = await aMember({ settings: byGroup('auto', CAST_GROUPS.chatUsers) })
    expect(scene.entrada.platform.dump()).toContain('refresh-token/')
    leaveSales(scene)
    expect(await isInAfter(scene, CHECK)).toBe(false)
    expect(scene.entrada.platform.dump()).not.toContain('refresh-token/')
    expect((await scene.browser.fetch('/api/anything')).status).toBe(401)
  })

  test('refuses every request that waits for the same recheck', async () => {
    const scene = await aMember({ settings: byGroup('auto', CAST_GROUPS.chatUsers) })
    leaveSales(scene)
    await clock.advance(CHECK)
    const found = await Promise.all(Array.from({ length: 20 }, () => isIn(scene)))
    expect(new Set(found)).toEqual(new Set([false]))
    expect(asked(scene, 'me/checkMemberGroups')).toBe(1)
    expect(scene.entrada.logs.events('membership_lost')).toHaveLength(1)
  })
})
