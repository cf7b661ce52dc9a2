import { describe, expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../../sandbox/directory/cast.ts'
import type { TestSettings } from '../../support/entrada.ts'
import {
  aMembershipScene,
  asked,
  byGroup,
  contoso,
  putGroup,
  sessionOf,
  theGroup,
  trySignIn,
  verdictOn,
  type MembershipScene,
} from './fixture.ts'
import { CHECK, GRACE, isInAfter, leaveSales, aMember } from './recheck-fixture.ts'

const SOURCES = ['id', 'auto', 'graph'] as const
const OTHER = '0f1b6f0e-2f6c-4f6e-8a77-00000000f0aa'

describe.each(SOURCES)('a group given by its name, with the source %s', (source) => {
  test('admits its direct and nested members, and the session shows that name [requirement 80]', async () => {
    for (const name of ['Chat Users', 'All Employees', 'all employees']) {
      const scene = aMembershipScene({ settings: byGroup(source, name) })
      expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('admitted')
      expect((await sessionOf(scene.browser))?.user.groups).toEqual([name])
    }
  })

  test('refuses people who are not members [requirement 80]', async () => {
    const scene = aMembershipScene({ settings: byGroup(source, 'Chat Administrators') })
    expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('not_a_member')
  })

  test('refuses the members of two groups that share the name [requirement 80]', async () => {
    for (const who of [CAST.unal, CAST.gustav, CAST.adele]) {
      const scene = aMembershipScene({ settings: byGroup(source, 'Project Phoenix') })
      const { registration } = scene.sandbox
      scene.sandbox.registration = { ...registration, groupMembershipClaims: 'All' }
      expect(await verdictOn(scene, who.userPrincipalName)).toBe('membership_unknown')
    }
  })

  test('may be one of several: an ambiguous name does not hide another match [requirement 80]', async () => {
    const scene = aMembershipScene({ settings: byGroup(source, 'Project Phoenix, Chat Users') })
    expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('admitted')
    expect((await sessionOf(scene.browser))?.user.groups).toEqual(['Chat Users'])
  })

  test('does not match the group that had the name before', async () => {
    const scene = aMembershipScene({ settings: byGroup(source, 'Chat Users') })
    putGroup(scene.sandbox, {
      ...theGroup(scene.sandbox, CAST_GROUPS.chatUsers),
      displayName: 'Former Chat Users',
    })
    expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('not_a_member')
  })

  test('matches the group that has the name now', async () => {
    const scene = aMembershipScene({ settings: byGroup(source, 'Chat Users') })
    contoso(scene.sandbox).removeGroup(CAST_GROUPS.chatUsers)
    putGroup(scene.sandbox, { id: OTHER, displayName: 'Chat Users', memberIds: [CAST.alex.id] })
    expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('not_a_member')
    const browser = scene.entrada.browser()
    expect(await verdictOn({ ...scene, browser }, CAST.alex.userPrincipalName)).toBe('admitted')
  })

  test('of no existing group does not match', async () => {
    const scene = aMembershipScene({ settings: byGroup(source, 'Chat Users') })
    contoso(scene.sandbox).removeGroup(CAST_GROUPS.chatUsers)
    expect(await verdictOn(scene, CAST.adele.userPrincipalName)).not.toBe('admitted')
  })

  test('needs the permission to read groups, and names it if it is missing [requirement 78]', async () => {
    const scene = aMembershipScene({
      settings: byGroup(source, 'Chat Users'),
      mayReadGroups: false,
    })
    const page = await trySignIn(scene.browser, CAST.adele.userPrincipalName)
    expect(page.headers.get('entrada-error')).toBe('membership_unknown')
    expect(page.text).toContain('GroupMember.Read.All')
    expect(scene.entrada.logs.events('membership_unknown')).toMatchObject([
      { reason: 'not_permitted' },
    ])
  })
})

describe('a group name, when a sign-in gets only the scopes that it named', () => {
  function aStingyEntra(settings: TestSettings, mayReadGroups = true): MembershipScene {
    const scene = aMembershipScene({ settings, mayReadGroups })
    scene.sandbox.faults.set('entra.named_scopes_only')
    return scene
  }
  const renewals = ({ sandbox }: MembershipScene) =>
    sandbox.journal.redemptions('refresh_token').length

  test.each(SOURCES)('with the source %s, is looked up with a second token', async (source) => {
    const scene = aStingyEntra(byGroup(source, 'Chat Users'))
    expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('admitted')
    expect((await sessionOf(scene.browser))?.user.groups).toEqual(['Chat Users'])
  })

  test('works for operators as well', async () => {
    const scene = aStingyEntra({
      OPENID_ADMIN_ROLE: 'Chat Administrators',
      OPENID_ADMIN_ROLE_PARAMETER_PATH: 'groups',
      OPENID_ADMIN_ROLE_TOKEN_KIND: 'graph',
    })
    expect(await verdictOn(scene, CAST.alex.userPrincipalName)).toBe('admitted')
    expect((await scene.browser.fetch('/.entrada/check')).status).toBe(200)
  })

  test('costs one redemption, whose refresh token the session keeps', async () => {
    const scene = aStingyEntra(byGroup('graph', 'Chat Users,All Employees'))
    await scene.browser.signIn(CAST.adele.userPrincipalName)
    expect(renewals(scene)).toBe(1)
    const [, second] = scene.sandbox.entra.minted.refreshTokens
    expect(await isInAfter(scene, CHECK)).toBe(true)
    const presented = scene.sandbox.journal.redemptions('refresh_token')[1]
    expect(presented?.form.get('refresh_token')).toBe(second)
  })

  test('costs none where the first token is enough, or rules name object ids', async () => {
    const generous = aMembershipScene({ settings: byGroup('graph', 'Chat Users') })
    await generous.browser.signIn(CAST.adele.userPrincipalName)
    const byId = aStingyEntra(byGroup('graph', CAST_GROUPS.chatUsers))
    await byId.browser.signIn(CAST.adele.userPrincipalName)
    expect([renewals(generous), renewals(byId)]).toEqual([0, 0])
  })

  test('fails without consent, and the page names the permission [requirement 78]', async () => {
    const scene = aStingyEntra(byGroup('graph', 'Chat Users'), false)
    expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('membership_unknown')
    expect(scene.entrada.logs.events('membership_unknown')).toMatchObject([
      { reason: 'not_permitted' },
    ])
  })
})

test('an ambiguous name is logged for the operator and not shown to the refused person', async () => {
  const scene = aMembershipScene({ settings: byGroup('graph', 'Project Phoenix') })
  const page = await trySignIn(scene.browser, CAST.adele.userPrincipalName)
  expect(page.text).toContain('object id')
  expect(page.text).not.toContain('Phoenix')
  expect(scene.entrada.logs.events('membership_unknown')).toMatchObject([
    { reason: 'ambiguous_name' },
  ])
})

test.each([
  `Chat's "Users" & Söhne, GmbH`.replace(',', ''),
  `') or displayName ne ('`,
  'Chat Users%27) or (1 eq 1',
  'Chat/Users?$top=1#x',
  'Ünïcödé ✓ 群組',
])('a name such as %s is matched literally', async (name) => {
  const scene = aMembershipScene({ settings: byGroup('graph', name) })
  putGroup(scene.sandbox, { id: OTHER, displayName: name, memberIds: [CAST.alex.id] })
  expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('not_a_member')
  const browser = scene.entrada.browser()
  expect(await verdictOn({ ...scene, browser }, CAST.alex.userPrincipalName)).toBe('admitted')
})

test('more names than fit into one request are looked up in several', async () => {
  const names = [...Array.from({ length: 24 }, (_, index) => `Team ${index}`), 'Chat Users']
  const scene = aMembershipScene({ settings: byGroup('graph', names.join(',')) })
  expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('admitted')
  expect(asked(scene, 'groups')).toBe(3)
})

test('a rule by group id still matches after a rename, also when another group takes the name', async () => {
  for (const source of SOURCES) {
    const scene = aMembershipScene({ settings: byGroup(source, CAST_GROUPS.chatUsers) })
    const group = theGroup(scene.sandbox, CAST_GROUPS.chatUsers)
    putGroup(scene.sandbox, { ...group, displayName: 'Renamed' })
    putGroup(scene.sandbox, { id: OTHER, displayName: 'Chat Users', memberIds: [CAST.alex.id] })
    expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('admitted')
    const browser = scene.entrada.browser()
    expect(await verdictOn({ ...scene, browser }, CAST.alex.userPrincipalName)).toBe('not_a_member')
  }
})

test('a rule by the id of a deleted group does not match', async () => {
  for (const source of SOURCES) {
    const scene = aMembershipScene({ settings: byGroup(source, CAST_GROUPS.chatUsers) })
    contoso(scene.sandbox).removeGroup(CAST_GROUPS.chatUsers)
    expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('not_a_member')
  }
})

describe('a group by its name', () => {
  test('that is renamed ends its members’ sessions at the next recheck [requirement 80]', async () => {
    for (const source of ['auto', 'graph'] as const) {
      const scene = await aMember({ settings: byGroup(source, 'Chat Users') })
      const group = theGroup(scene.sandbox, CAST_GROUPS.chatUsers)
      putGroup(scene.sandbox, { ...group, displayName: 'Former Chat Users' })
      expect(await isInAfter(scene, CHECK)).toBe(false)
    }
  })

  test('that becomes ambiguous ends the session after the grace period [requirement 80]', async () => {
    const scene = await aMember({ settings: byGroup('graph', 'Chat Users') })
    putGroup(scene.sandbox, {
      id: '0f1b6f0e-2f6c-4f6e-8a77-00000000f0ac',
      displayName: 'Chat Users',
    })
    expect(await isInAfter(scene, CHECK)).toBe(true)
    expect(await isInAfter(scene, GRACE)).toBe(false)
  })

  test('is checked in a new token where tokens list names', async () => {
    const scene = await aMember({ settings: byGroup('id', 'Chat Users') })
    expect(await isInAfter(scene, CHECK)).toBe(true)
    leaveSales(scene)
    expect(await isInAfter(scene, CHECK)).toBe(false)
  })
})
