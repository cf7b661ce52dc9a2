import { describe, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { aScene, type Scene } from './membership-fixture.ts'
import { CHECK, GRACE, isInAfter, sessionAfter, setAppRoles } from './membership-recheck-fixture.ts'

describe('a required app role', () => {
  const settings = { OPENID_REQUIRED_ROLE: 'Entrada.User' }

  async function aUser(): Promise<Scene> {
    const scene = aScene({ settings })
    setAppRoles(scene, 'adele', ['Entrada.User'])
    await scene.browser.signIn(CAST.adele.userPrincipalName)
    return scene
  }

  test('that is taken away ends the session at the next recheck [bar 82]', async () => {
    const scene = await aUser()
    expect(await isInAfter(scene, CHECK)).toBe(true)
    setAppRoles(scene, 'adele', [])
    expect(await isInAfter(scene, CHECK)).toBe(false)
  })

  test('holds while no id token tells otherwise that can be trusted', async () => {
    const scene = await aUser()
    setAppRoles(scene, 'adele', [])
    scene.sandbox.faults.set('entra.bad_signature')
    expect((await sessionAfter(scene, CHECK))?.user.roles).toEqual(['Entrada.User'])
    scene.sandbox.faults.clear()
    expect(await isInAfter(scene, CHECK)).toBe(false)
  })

  test('serves for the grace while the sign-in service is down', async () => {
    const scene = await aUser()
    scene.sandbox.faults.set('entra.token_throttled', { retryAfterSeconds: 5 })
    expect(await isInAfter(scene, CHECK)).toBe(true)
    expect(scene.entrada.logs.events('membership_unknown')).toMatchObject([
      { at: 'recheck', reason: 'sign_in_unavailable', ended: false },
    ])
    expect(await isInAfter(scene, GRACE)).toBe(false)
  })

  test('and a revoked grant end the session at once', async () => {
    const scene = await aUser()
    scene.sandbox.entra.revokeSessions(CAST.adele.id)
    expect(await isInAfter(scene, CHECK)).toBe(false)
  })
})
