import { describe, expect, test } from 'vitest'
import { CAST, CAST_GROUPS, CONTOSO } from '../sandbox/directory/cast.ts'
import { clock } from '../support/clock.ts'
import type { TestSettings } from '../support/entrada.ts'
import {
  aScene,
  asked,
  byGroup,
  contoso,
  putGroup,
  removeMember,
  sessionOf,
  theGroup,
  thePerson,
  trySignIn,
  type Scene,
  type SceneOptions,
} from './membership-fixture.ts'

const CHECK = 3600
const GRACE = 900

async function signedIn(
  options: SceneOptions = {},
  who: keyof typeof CAST = 'adele',
): Promise<Scene> {
  const scene = aScene(options)
  await scene.browser.signIn(CAST[who].userPrincipalName)
  return scene
}

/** Asked of an endpoint that needs a session and no token: whatever is asked of Microsoft is about membership. */
async function isIn({ browser }: Scene): Promise<boolean> {
  const { status } = await browser.fetch('/.entrada/sessions')
  if (status !== 200 && status !== 401) throw new Error(`unexpected status ${status}`)
  return status === 200
}

async function isInAfter(scene: Scene, seconds: number): Promise<boolean> {
  await clock.advance(seconds)
  return clock.runOut(isIn(scene), 60)
}

async function sessionAfter(scene: Scene, seconds: number) {
  await clock.advance(seconds)
  return sessionOf(scene.browser)
}

function setAppRoles({ sandbox }: Scene, who: keyof typeof CAST, appRoles: string[]): void {
  contoso(sandbox).putPerson({ ...thePerson(sandbox, CAST[who].id), appRoles })
}

function leaveSales({ sandbox }: Scene): void {
  removeMember(sandbox, CAST_GROUPS.chatUsers, CAST.adele.id)
}

function membershipEvents({ entrada }: Scene) {
  return entrada.logs.events().filter(({ event }) => String(event).includes('membership'))
}

async function endsSessions(scene: Scene): Promise<number> {
  const path = `/.entrada/admin/users/${CONTOSO}:${CAST.megan.id}/end`
  return (await scene.browser.fetch(path, { method: 'POST' })).status
}

describe.each(['id', 'auto', 'graph'] as const)('with the source %s', (source) => {
  const settings = byGroup(source, CAST_GROUPS.allEmployees)

  test('a member stays for as long as the session lasts', async () => {
    const scene = await signedIn({ settings })
    for (let hour = 0; hour < 5; hour++) {
      expect((await sessionAfter(scene, CHECK))?.user.groups).toEqual([CAST_GROUPS.allEmployees])
    }
    expect(membershipEvents(scene)).toEqual([])
  })

  test('who is removed, three groups down, is out within the check time [bar 82]', async () => {
    for (const mayReadGroups of [true, false]) {
      const scene = await signedIn({ settings, mayReadGroups })
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

  test('who comes into more than 200 groups meanwhile stays', async () => {
    const scene = await signedIn({ settings })
    for (let index = 0; index < 250; index++) {
      const id = `0f1b6f0e-2f6c-4f6e-8a77-0000003${String(index).padStart(5, '0')}`
      putGroup(scene.sandbox, { id, memberIds: [CAST.adele.id] })
    }
    expect(await isInAfter(scene, CHECK)).toBe(true)
  })
})

describe('a session that is over', () => {
  test('leaves no token in KV, and is over in every data centre [bar 82]', async () => {
    const scene = await signedIn({ settings: byGroup('auto', CAST_GROUPS.chatUsers) })
    expect(scene.entrada.platform.dump()).toContain('refresh-token/')
    leaveSales(scene)
    expect(await isInAfter(scene, CHECK)).toBe(false)
    expect(scene.entrada.platform.dump()).not.toContain('refresh-token/')
    expect((await scene.browser.fetch('/api/anything')).status).toBe(401)
  })

  test('is over for a request that waits beside the one that finds out', async () => {
    const scene = await signedIn({ settings: byGroup('auto', CAST_GROUPS.chatUsers) })
    leaveSales(scene)
    await clock.advance(CHECK)
    const found = await Promise.all(Array.from({ length: 20 }, () => isIn(scene)))
    expect(new Set(found)).toEqual(new Set([false]))
    expect(asked(scene, 'me/checkMemberGroups')).toBe(1)
    expect(scene.entrada.logs.events('membership_lost')).toHaveLength(1)
  })
})

describe('a recheck', () => {
  test('is one question for everyone who waits, and none before its time', async () => {
    const scene = await signedIn({ settings: byGroup('auto', CAST_GROUPS.chatUsers) })
    await isInAfter(scene, CHECK - 60)
    expect(asked(scene, 'me/')).toBe(0)
    await clock.advance(61)
    await Promise.all(Array.from({ length: 50 }, () => isIn(scene)))
    expect(asked(scene, 'me/')).toBe(1)
    await isInAfter(scene, 600)
    expect(asked(scene, 'me/')).toBe(1)
  })

  test('does not happen where there is no rule', async () => {
    const scene = await signedIn()
    expect(await isInAfter(scene, 3 * CHECK)).toBe(true)
    expect(asked(scene, 'me/')).toBe(0)
  })

  test('goes with the renewal of a token, before its time [bar 82]', async () => {
    const settings = {
      ...byGroup('auto', CAST_GROUPS.chatUsers),
      MEMBERSHIP_CHECK_SECONDS: String(24 * CHECK),
    }
    const scene = await signedIn({ settings })
    expect(await sessionOf(scene.browser)).not.toBeNull()
    leaveSales(scene)
    await clock.advance(2 * CHECK)
    const renewals = () => scene.sandbox.journal.redemptions('refresh_token').length
    const before = renewals()
    // The answer to `session` names the features, for which a token is renewed.
    await scene.browser.fetch('/.entrada/session')
    expect(renewals()).toBe(before + 1)
    expect(scene.entrada.logs.events('membership_lost')).toHaveLength(1)
    expect(await sessionOf(scene.browser)).toBeNull()
  })

  test('keeps to the check time that is set', async () => {
    const settings = {
      ...byGroup('auto', CAST_GROUPS.chatUsers),
      MEMBERSHIP_CHECK_SECONDS: '60',
    }
    const scene = await signedIn({ settings })
    leaveSales(scene)
    expect(await isInAfter(scene, 61)).toBe(false)
  })

  test('brings what is held up to date, in the session and for the chat', async () => {
    const both = `${CAST_GROUPS.chatUsers},${CAST_GROUPS.chatAdministrators}`
    const scene = await signedIn({ settings: byGroup('auto', both) })
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
    const scene = await signedIn({ settings: byGroup('auto', CAST_GROUPS.chatUsers) })
    await clock.advance(CHECK / 2)
    scene.entrada.platform.evict()
    leaveSales(scene)
    expect(await isInAfter(scene, CHECK / 2)).toBe(false)
  })
})

describe('a group by its name', () => {
  test('that is renamed is lost at the next recheck [bar 80]', async () => {
    for (const source of ['auto', 'graph'] as const) {
      const scene = await signedIn({ settings: byGroup(source, 'Chat Users') })
      const group = theGroup(scene.sandbox, CAST_GROUPS.chatUsers)
      putGroup(scene.sandbox, { ...group, displayName: 'Former Chat Users' })
      expect(await isInAfter(scene, CHECK)).toBe(false)
    }
  })

  test('that becomes ambiguous serves for the grace and no longer [bar 80]', async () => {
    const scene = await signedIn({ settings: byGroup('graph', 'Chat Users') })
    putGroup(scene.sandbox, {
      id: '0f1b6f0e-2f6c-4f6e-8a77-00000000f0ac',
      displayName: 'Chat Users',
    })
    expect(await isInAfter(scene, CHECK)).toBe(true)
    expect(await isInAfter(scene, GRACE)).toBe(false)
  })

  test('is looked for in a new token where tokens tell names', async () => {
    const scene = await signedIn({ settings: byGroup('id', 'Chat Users') })
    expect(await isInAfter(scene, CHECK)).toBe(true)
    leaveSales(scene)
    expect(await isInAfter(scene, CHECK)).toBe(false)
  })
})

describe('while it cannot be found out', () => {
  const settings: TestSettings = byGroup('auto', CAST_GROUPS.chatUsers)

  test.each(['graph.outage', 'graph.throttled', 'graph.hang', 'graph.token_rejected'] as const)(
    'because of %s, the last known verdict serves for the grace, with an audit event each time',
    async (fault) => {
      const scene = await signedIn({ settings })
      scene.sandbox.faults.set(fault, { retryAfterSeconds: 30 })
      expect(await isInAfter(scene, CHECK)).toBe(true)
      expect(scene.entrada.logs.events('membership_unknown')).toMatchObject([
        { level: 'audit', userId: CAST.adele.id, at: 'recheck', ended: false },
      ])
      expect(await isInAfter(scene, GRACE)).toBe(false)
      expect(scene.entrada.logs.events('membership_unknown').at(-1)).toMatchObject({ ended: true })
    },
  )

  test('requests in between do not wait for another attempt', async () => {
    const scene = await signedIn({ settings })
    scene.sandbox.faults.set('graph.outage')
    await isInAfter(scene, CHECK)
    const before = scene.sandbox.journal.to('graph').length
    for (let index = 0; index < 20; index++) expect(await isIn(scene)).toBe(true)
    expect(scene.sandbox.journal.to('graph')).toHaveLength(before)
    scene.sandbox.faults.clear()
    leaveSales(scene)
    expect(await isInAfter(scene, 61)).toBe(false)
  })

  test('and is found out again, nothing has happened', async () => {
    const scene = await signedIn({ settings })
    scene.sandbox.faults.set('graph.outage')
    expect(await isInAfter(scene, CHECK)).toBe(true)
    scene.sandbox.faults.clear()
    expect(await isInAfter(scene, 120)).toBe(true)
    scene.sandbox.faults.set('graph.outage')
    expect(await isInAfter(scene, CHECK + GRACE / 2)).toBe(true)
  })

  test('a new sign-in is never served by it [bar 78]', async () => {
    const scene = await signedIn({ settings: byGroup('graph', CAST_GROUPS.chatUsers) })
    scene.sandbox.faults.set('graph.throttled', { retryAfterSeconds: 60 })
    expect(await isInAfter(scene, CHECK)).toBe(true)
    const browser = scene.entrada.browser()
    const page = await trySignIn(browser, CAST.adele.userPrincipalName)
    expect(page.headers.get('entrada-error')).toBe('membership_unknown')
    expect(await sessionOf(browser)).toBeNull()
  })

  test('without a grace, the session ends at once', async () => {
    const scene = await signedIn({ settings: { ...settings, MEMBERSHIP_GRACE_SECONDS: '0' } })
    scene.sandbox.faults.set('graph.outage')
    expect(await isInAfter(scene, CHECK)).toBe(false)
  })

  test('an outage of the sign-in service counts the same', async () => {
    const scene = await signedIn({ settings })
    scene.sandbox.faults.set('entra.outage')
    // So late that the grace is over too.
    expect(await isInAfter(scene, 2 * CHECK)).toBe(false)
  })
})

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

describe('without a stored grant (OPENID_REUSE_TOKENS=false)', () => {
  const noReuse = { OPENID_REUSE_TOKENS: 'false' }

  test('a group rule ends the session at the check time: signing in again is the check', async () => {
    const settings = { ...noReuse, ...byGroup('auto', CAST_GROUPS.chatUsers) }
    const scene = await signedIn({ settings })
    expect(await isInAfter(scene, CHECK - 60)).toBe(true)
    expect(await isInAfter(scene, 61)).toBe(false)
    // Entra still knows the person, so this takes no click.
    const page = await scene.browser.open(`${scene.entrada.origin}/`)
    expect(page.url.href).toBe(`${scene.entrada.origin}/`)
    expect(await sessionOf(scene.browser)).not.toBeNull()
  })

  test('a role holds until the session ends', async () => {
    const settings = { ...noReuse, OPENID_REQUIRED_ROLE: 'Entrada.Admin' }
    const scene = await signedIn({ settings }, 'alex')
    setAppRoles(scene, 'alex', [])
    expect(await isInAfter(scene, 3 * CHECK)).toBe(true)
  })
})
