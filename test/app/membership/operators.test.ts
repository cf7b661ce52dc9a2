import { describe, expect, test } from 'vitest'
import { CAST, CAST_GROUPS, CONTOSO } from '../../sandbox/directory/cast.ts'
import { clock } from '../../support/clock.ts'
import {
  aMembershipScene,
  byGroup,
  putGroup,
  removeMember,
  sessionOf,
  verdictOn,
  type MembershipScene,
} from './fixture.ts'
import { CHECK, GRACE, isInAfter, setAppRoles, aMember } from './recheck-fixture.ts'

/* The operator rule, at sign-in and during the session. */

const ADMIN_BY_ROLE = { OPENID_ADMIN_ROLE: 'Entrada.Admin' }
const ADMIN_BY_GROUP = {
  OPENID_ADMIN_ROLE: CAST_GROUPS.chatAdministrators,
  OPENID_ADMIN_ROLE_PARAMETER_PATH: 'groups',
  OPENID_ADMIN_ROLE_TOKEN_KIND: 'graph',
}

async function endsSessions(scene: MembershipScene): Promise<number> {
  await scene.entrada.browser('198.51.100.8').signIn(CAST.megan.userPrincipalName)
  const path = `/.entrada/admin/users/${CONTOSO}:${CAST.megan.id}/end`
  return (await scene.browser.fetch(path, { method: 'POST' })).status
}

describe('the operators', () => {
  test.each([
    ['an app role', ADMIN_BY_ROLE],
    ['a group', ADMIN_BY_GROUP],
  ])('are exactly the people with %s', async (_, settings) => {
    for (const [who, status] of [
      [CAST.alex, 200],
      [CAST.adele, 403],
    ] as const) {
      const scene = aMembershipScene({ settings })
      expect(await verdictOn(scene, who.userPrincipalName)).toBe('admitted')
      expect(await endsSessions(scene)).toBe(status)
    }
  })

  test('do not exist without OPENID_ADMIN_ROLE', async () => {
    const scene = aMembershipScene()
    await scene.browser.signIn(CAST.alex.userPrincipalName)
    expect(await endsSessions(scene)).toBe(403)
  })

  test('need to be members as well', async () => {
    const settings = { ...byGroup('auto', CAST_GROUPS.chatUsers), ...ADMIN_BY_ROLE }
    expect(await verdictOn(aMembershipScene({ settings }), CAST.alex.userPrincipalName)).toBe(
      'not_a_member',
    )
  })

  test('are named to the chat in its role header', async () => {
    const settings = { ...ADMIN_BY_ROLE, ORIGIN_PRESET: 'open-webui' }
    for (const [who, role] of [
      [CAST.alex, 'admin'],
      [CAST.adele, 'user'],
    ] as const) {
      const scene = aMembershipScene({ settings })
      await scene.browser.signIn(who.userPrincipalName)
      const [request] = scene.sandbox.journal.to('chat', '/')
      expect([...(request?.headers.values() ?? [])]).toContain(role)
    }
  })

  test('are admitted without operator rights during an outage, which is logged', async () => {
    const scene = aMembershipScene({ settings: ADMIN_BY_GROUP })
    scene.sandbox.faults.set('graph.throttled', { retryAfterSeconds: 60 })
    expect(await verdictOn(scene, CAST.alex.userPrincipalName)).toBe('admitted')
    expect(await endsSessions(scene)).toBe(403)
    expect(scene.entrada.logs.events('membership_unknown')[0]).toMatchObject({
      level: 'audit',
      userId: CAST.alex.id,
      reason: 'graph_throttled',
      rule: 'admin',
    })
  })

  test('by group name need exactly one group of that name', async () => {
    const settings = { ...ADMIN_BY_GROUP, OPENID_ADMIN_ROLE: 'Chat Administrators' }
    const scene = aMembershipScene({ settings })
    putGroup(scene.sandbox, {
      id: '0f1b6f0e-2f6c-4f6e-8a77-00000000f0ab',
      displayName: 'chat administrators',
      memberIds: [CAST.adele.id],
    })
    expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('admitted')
    expect(await endsSessions(scene)).toBe(403)
  })
})

describe('an operator', () => {
  test.each([
    ['an app role', ADMIN_BY_ROLE],
    [
      'a group, by its claim',
      {
        OPENID_ADMIN_ROLE: CAST_GROUPS.chatAdministrators,
        OPENID_ADMIN_ROLE_PARAMETER_PATH: 'groups',
      },
    ],
    [
      'a group, by its name',
      {
        OPENID_ADMIN_ROLE: 'Chat Administrators',
        OPENID_ADMIN_ROLE_PARAMETER_PATH: 'groups',
        OPENID_ADMIN_ROLE_TOKEN_KIND: 'graph',
      },
    ],
  ])(
    'by %s who is demoted loses the operator endpoints within the check time',
    async (_, settings) => {
      const scene = await aMember({ settings }, 'alex')
      expect(await endsSessions(scene)).toBe(200)
      await clock.advance(CHECK)
      expect(await endsSessions(scene)).toBe(200)
      setAppRoles(scene, 'alex', [])
      removeMember(scene.sandbox, CAST_GROUPS.chatAdministrators, CAST.alex.id)
      await clock.advance(CHECK)
      expect(await endsSessions(scene)).toBe(403)
      expect((await sessionOf(scene.browser))?.user).toMatchObject({ roles: [], groups: [] })
    },
  )

  test('gains the rights within the check time as well', async () => {
    const scene = await aMember({ settings: ADMIN_BY_ROLE })
    expect(await endsSessions(scene)).toBe(403)
    setAppRoles(scene, 'adele', ['Entrada.Admin'])
    await clock.advance(CHECK)
    expect(await endsSessions(scene)).toBe(200)
  })

  test('loses the session after the grace period in an outage, and other people keep theirs', async () => {
    const operator = await aMember({ settings: ADMIN_BY_GROUP }, 'alex')
    const other = { ...operator, browser: operator.entrada.browser() }
    await other.browser.signIn(CAST.adele.userPrincipalName)
    operator.sandbox.faults.set('graph.outage')
    expect(await isInAfter(operator, CHECK)).toBe(true)
    expect(await isInAfter(operator, GRACE)).toBe(false)
    expect(await isInAfter(other, 0)).toBe(true)
  })
})
