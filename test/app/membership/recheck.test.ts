import { describe, expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../../sandbox/directory/cast.ts'
import { clock } from '../../support/clock.ts'
import { asked, byGroup, putGroup, sessionOf, theGroup } from './fixture.ts'
import {
  CHECK,
  isIn,
  isInAfter,
  leaveSales,
  sessionAfter,
  setAppRoles,
  aMember,
} from './recheck-fixture.ts'

describe('a recheck', () => {
  test('is one request for all waiting requests, and does not happen early', async () => {
    const scene = await aMember({ settings: byGroup('auto', CAST_GROUPS.chatUsers) })
    await isInAfter(scene, CHECK - 60)
    expect(asked(scene, 'me/')).toBe(0)
    await clock.advance(61)
    await Promise.all(Array.from({ length: 50 }, () => isIn(scene)))
    expect(asked(scene, 'me/')).toBe(1)
    await isInAfter(scene, 600)
    expect(asked(scene, 'me/')).toBe(1)
  })

  test('does not happen without a rule', async () => {
    const scene = await aMember()
    expect(await isInAfter(scene, 3 * CHECK)).toBe(true)
    expect(asked(scene, 'me/')).toBe(0)
  })

  test('happens early when a token is renewed [requirement 82]', async () => {
    const settings = {
      ...byGroup('auto', CAST_GROUPS.chatUsers),
      MEMBERSHIP_CHECK_SECONDS: String(24 * CHECK),
    }
    const scene = await aMember({ settings })
    expect(await sessionOf(scene.browser)).not.toBeNull()
    leaveSales(scene)
    await clock.advance(2 * CHECK)
    const renewals = () => scene.sandbox.journal.redemptions('refresh_token').length
    const before = renewals()
    // The response of `session` names the features, for which a token is renewed.
    await scene.browser.fetch('/.entrada/session')
    expect(renewals()).toBe(before + 1)
    expect(scene.entrada.logs.events('membership_lost')).toHaveLength(1)
    expect(await sessionOf(scene.browser)).toBeNull()
  })

  test('follows MEMBERSHIP_CHECK_SECONDS', async () => {
    const settings = {
      ...byGroup('auto', CAST_GROUPS.chatUsers),
      MEMBERSHIP_CHECK_SECONDS: '60',
    }
    const scene = await aMember({ settings })
    leaveSales(scene)
    expect(await isInAfter(scene, 61)).toBe(false)
  })

  test('updates roles and groups in the session and for the chat', async () => {
    const both = `${CAST_GROUPS.chatUsers},${CAST_GROUPS.chatAdministrators}`
    const scene = await aMember({ settings: byGroup('auto', both) })
    const group = theGroup(scene.sandbox, CAST_GROUPS.chatAdministrators)
    putGroup(scene.sandbox, { ...group, memberIds: [...group.memberIds, CAST.adele.id] })
    leaveSales(scene)
    const session = await sessionAfter(scene, CHECK)
    expect(session?.user.groups).toEqual([CAST_GROUPS.chatAdministrators])
    await scene.browser.fetch('/api/anything')
    const request = scene.sandbox.journal.to('chat', '/api/anything').at(-1)
    expect(request?.headers.get('x-forwarded-groups')).toBe(CAST_GROUPS.chatAdministrators)
  })

  test('survives the eviction of the object', async () => {
    const scene = await aMember({ settings: byGroup('auto', CAST_GROUPS.chatUsers) })
    await clock.advance(CHECK / 2)
    scene.entrada.platform.evict()
    leaveSales(scene)
    expect(await isInAfter(scene, CHECK / 2)).toBe(false)
  })
})

describe('without a stored refresh token (OPENID_REUSE_TOKENS=false)', () => {
  const noReuse = { OPENID_REUSE_TOKENS: 'false', ENABLE_SHAREPOINT_FILEPICKER: 'false' }

  test('a group rule ends the session at the check time, and the next sign-in checks it', async () => {
    const settings = { ...noReuse, ...byGroup('auto', CAST_GROUPS.chatUsers) }
    const scene = await aMember({ settings })
    expect(await isInAfter(scene, CHECK - 60)).toBe(true)
    expect(await isInAfter(scene, 61)).toBe(false)
    // Entra still has a session, so this takes no click.
    const page = await scene.browser.open(`${scene.entrada.origin}/`)
    expect(page.url.href).toBe(`${scene.entrada.origin}/`)
    expect(await sessionOf(scene.browser)).not.toBeNull()
  })

  test('a role is valid until the session ends', async () => {
    const settings = { ...noReuse, OPENID_REQUIRED_ROLE: 'Entrada.Admin' }
    const scene = await aMember({ settings }, 'alex')
    setAppRoles(scene, 'alex', [])
    expect(await isInAfter(scene, 3 * CHECK)).toBe(true)
  })
})
