import { describe, expect, test } from 'vitest'
import { CAST, CONTOSO } from '../../sandbox/directory/cast.ts'
import {
  aMembershipScene,
  contoso,
  sessionOf,
  thePerson,
  verdictOn,
  type MembershipScene,
} from './fixture.ts'
import { CHECK, GRACE, isInAfter, sessionAfter, setAppRoles } from './recheck-fixture.ts'

describe('a required app role', () => {
  const settings = { OPENID_REQUIRED_ROLE: 'Entrada.User, Entrada.Admin' }

  test('admits people with one of the named roles, and shows that role alone', async () => {
    const scene = aMembershipScene({ settings })
    const alex = thePerson(scene.sandbox, CAST.alex.id)
    contoso(scene.sandbox).putPerson({ ...alex, appRoles: ['Other.Role', 'Entrada.Admin'] })
    expect(await verdictOn(scene, CAST.alex.userPrincipalName)).toBe('admitted')
    expect((await sessionOf(scene.browser))?.user).toMatchObject({
      roles: ['Entrada.Admin'],
      groups: [],
    })
  })

  test('refuses people without one, whatever groups they are in', async () => {
    expect(await verdictOn(aMembershipScene({ settings }), CAST.megan.userPrincipalName)).toBe(
      'not_a_member',
    )
  })

  test('is compared as a whole and case-sensitively', async () => {
    for (const role of ['entrada.admin', 'Entrada.Admi', 'Entrada.Admins', 'Entrada']) {
      const scene = aMembershipScene({ settings: { OPENID_REQUIRED_ROLE: role } })
      expect(await verdictOn(scene, CAST.alex.userPrincipalName)).toBe('not_a_member')
    }
  })

  test('can be any claim', async () => {
    const scene = aMembershipScene({
      settings: { OPENID_REQUIRED_ROLE: CONTOSO, OPENID_REQUIRED_ROLE_PARAMETER_PATH: 'tid' },
    })
    expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('admitted')
    expect((await sessionOf(scene.browser))?.user.roles).toEqual([CONTOSO])
  })

  async function aUser(): Promise<MembershipScene> {
    const scene = aMembershipScene({ settings: { OPENID_REQUIRED_ROLE: 'Entrada.User' } })
    setAppRoles(scene, 'adele', ['Entrada.User'])
    await scene.browser.signIn(CAST.adele.userPrincipalName)
    return scene
  }

  test('ends the session at the next recheck after it is taken away [requirement 82]', async () => {
    const scene = await aUser()
    expect(await isInAfter(scene, CHECK)).toBe(true)
    setAppRoles(scene, 'adele', [])
    expect(await isInAfter(scene, CHECK)).toBe(false)
  })

  test('counts for the grace period without a trusted id token [requirement 82]', async () => {
    const scene = await aUser()
    setAppRoles(scene, 'adele', [])
    scene.sandbox.faults.set('entra.bad_signature')
    expect((await sessionAfter(scene, CHECK))?.user.roles).toEqual(['Entrada.User'])
    expect(await isInAfter(scene, GRACE)).toBe(false)
  })

  test('counts for the grace period while the sign-in service is down', async () => {
    const scene = await aUser()
    scene.sandbox.faults.set('entra.token_throttled', { retryAfterSeconds: 5 })
    expect(await isInAfter(scene, CHECK)).toBe(true)
    expect(scene.entrada.logs.events('membership_unknown')).toMatchObject([
      { at: 'recheck', reason: 'sign_in_unavailable', ended: false },
    ])
    expect(await isInAfter(scene, GRACE)).toBe(false)
  })

  test('ends the session at once when the refresh token is revoked', async () => {
    const scene = await aUser()
    scene.sandbox.entra.revokeSessions(CAST.adele.id)
    expect(await isInAfter(scene, CHECK)).toBe(false)
  })
})
