import { describe, expect, test } from 'vitest'
import { CAST, CAST_GROUPS, CONTOSO } from '../sandbox/directory/cast.ts'
import { clock } from '../support/clock.ts'
import { removeMember, sessionOf, type Scene } from './membership-fixture.ts'
import { CHECK, GRACE, isInAfter, setAppRoles, signedIn } from './membership-recheck-fixture.ts'

async function endsSessions(scene: Scene): Promise<number> {
  const path = `/.entrada/admin/users/${CONTOSO}:${CAST.megan.id}/end`
  return (await scene.browser.fetch(path, { method: 'POST' })).status
}

describe('an operator', () => {
  test.each([
    ['an app role', { OPENID_ADMIN_ROLE: 'Entrada.Admin' }],
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
      const scene = await signedIn({ settings }, 'alex')
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

  test('is made within the check time as well', async () => {
    const scene = await signedIn({ settings: { OPENID_ADMIN_ROLE: 'Entrada.Admin' } })
    expect(await endsSessions(scene)).toBe(403)
    setAppRoles(scene, 'adele', ['Entrada.Admin'])
    await clock.advance(CHECK)
    expect(await endsSessions(scene)).toBe(200)
  })

  test('is not kept beyond the grace by an outage, and others are not bothered by it', async () => {
    const settings = {
      OPENID_ADMIN_ROLE: CAST_GROUPS.chatAdministrators,
      OPENID_ADMIN_ROLE_PARAMETER_PATH: 'groups',
      OPENID_ADMIN_ROLE_TOKEN_KIND: 'graph',
    }
    const operator = await signedIn({ settings }, 'alex')
    const other = { ...operator, browser: operator.entrada.browser() }
    await other.browser.signIn(CAST.adele.userPrincipalName)
    operator.sandbox.faults.set('graph.outage')
    expect(await isInAfter(operator, CHECK)).toBe(true)
    expect(await isInAfter(operator, GRACE)).toBe(false)
    expect(await isInAfter(other, 0)).toBe(true)
  })
})
