import { describe, expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../../sandbox/directory/cast.ts'
import {
  putAdeleInGroups,
  aMembershipScene,
  asked,
  byGroup,
  sessionOf,
  trySignIn,
  verdictOn,
  WANTED,
} from './fixture.ts'

const COUNTS = [3, 199, 200, 201, 1000]
const FITS_INTO_A_TOKEN = 200

describe.each(COUNTS)('for a user in %i groups', (count) => {
  describe.each([true, false])('with GroupMember.Read.All granted: %s', (mayReadGroups) => {
    test.each(['auto', 'graph'] as const)(
      'the source %s admits a member three groups deep [requirement 79]',
      async (source) => {
        const scene = aMembershipScene({ settings: byGroup(source), mayReadGroups })
        putAdeleInGroups(scene.sandbox, { count, isMember: true })
        expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('admitted')
        expect((await sessionOf(scene.browser))?.user.groups).toEqual([WANTED])
      },
    )

    test.each(['auto', 'graph'] as const)(
      'the source %s refuses members of other groups [requirement 79]',
      async (source) => {
        const scene = aMembershipScene({ settings: byGroup(source), mayReadGroups })
        putAdeleInGroups(scene.sandbox, { count, isMember: false })
        expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('not_a_member')
      },
    )
  })

  test('the source id admits a member while the groups fit into a token, and refuses beyond [requirement 79]', async () => {
    const scene = aMembershipScene({ settings: byGroup('id'), mayReadGroups: false })
    putAdeleInGroups(scene.sandbox, { count, isMember: true })
    const verdict = await verdictOn(scene, CAST.adele.userPrincipalName)
    expect(verdict).toBe(count <= FITS_INTO_A_TOKEN ? 'admitted' : 'membership_unknown')
    expect(asked(scene, 'me/')).toBe(0)
  })

  test('the source id refuses members of other groups, also beyond that number [requirement 79]', async () => {
    const scene = aMembershipScene({ settings: byGroup('id'), mayReadGroups: false })
    putAdeleInGroups(scene.sandbox, { count, isMember: false })
    const verdict = await verdictOn(scene, CAST.adele.userPrincipalName)
    expect(verdict).toBe(count <= FITS_INTO_A_TOKEN ? 'not_a_member' : 'membership_unknown')
  })
})

test('overage with the source id is an error page that names who can help and what to do [requirement 78]', async () => {
  const scene = aMembershipScene({ settings: byGroup('id', CAST_GROUPS.chatUsers) })
  const page = await trySignIn(scene.browser, CAST.megan.userPrincipalName)
  expect(page.status).toBe(503)
  expect(page.text).toContain('OPENID_REQUIRED_ROLE_TOKEN_KIND to auto')
  expect(scene.entrada.logs.events('membership_unknown')).toMatchObject([
    { level: 'audit', userId: CAST.megan.id, reason: 'overage', at: 'sign_in' },
  ])
})

describe('the URL that an overage claim names', () => {
  test('is never followed: the token goes to Graph alone', async () => {
    const scene = aMembershipScene({ settings: byGroup('auto', CAST_GROUPS.chatUsers) })
    expect(await verdictOn(scene, CAST.megan.userPrincipalName)).toBe('admitted')
    expect(scene.sandbox.journal.to('unknown')).toEqual([])
  })
})

describe('the request to Graph', () => {
  test('names the configured groups alone, where the app has the permission [requirement 81]', async () => {
    const scene = aMembershipScene({ settings: byGroup('graph', CAST_GROUPS.chatUsers) })
    await verdictOn(scene, CAST.megan.userPrincipalName)
    expect(asked(scene, 'me/checkMemberGroups')).toBe(1)
    expect(asked(scene, 'me/transitiveMemberOf')).toBe(0)
  })

  test('is a single one for both rules', async () => {
    const scene = aMembershipScene({
      settings: {
        ...byGroup('graph', CAST_GROUPS.allEmployees),
        OPENID_ADMIN_ROLE: CAST_GROUPS.chatAdministrators,
        OPENID_ADMIN_ROLE_PARAMETER_PATH: 'groups',
        OPENID_ADMIN_ROLE_TOKEN_KIND: 'graph',
      },
    })
    expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('admitted')
    expect(asked(scene, 'me/')).toBe(1)
  })

  test('is split where more groups are configured than one request takes', async () => {
    const others = Array.from(
      { length: 44 },
      (_, index) => `0f1b6f0e-2f6c-4f6e-8a77-0000002${String(index).padStart(5, '0')}`,
    )
    const groups = [...others, CAST_GROUPS.chatUsers].join(',')
    const scene = aMembershipScene({ settings: byGroup('graph', groups) })
    expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('admitted')
    expect(asked(scene, 'me/checkMemberGroups')).toBe(3)
    expect((await sessionOf(scene.browser))?.user.groups).toEqual([CAST_GROUPS.chatUsers])
  })

  test('is not sent while the claim lists the groups', async () => {
    const scene = aMembershipScene({ settings: byGroup('auto', CAST_GROUPS.chatUsers) })
    expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('admitted')
    expect(asked(scene, 'me/')).toBe(0)
  })
})

describe('a registration without a groups claim', () => {
  test('makes the source auto use Graph', async () => {
    const scene = aMembershipScene({ settings: byGroup('auto', CAST_GROUPS.chatUsers) })
    scene.sandbox.registration = { ...scene.sandbox.registration, groupMembershipClaims: 'none' }
    expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('admitted')
    expect(
      await verdictOn({ ...scene, browser: scene.entrada.browser() }, CAST.unal.userPrincipalName),
    ).toBe('not_a_member')
  })

  test('refuses everyone with the source id', async () => {
    const scene = aMembershipScene({ settings: byGroup('id', CAST_GROUPS.chatUsers) })
    scene.sandbox.registration = { ...scene.sandbox.registration, groupMembershipClaims: 'none' }
    expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('not_a_member')
  })
})

describe('any of several', () => {
  test('is enough, and the session shows the matches in the spelling of the settings [requirement 81]', async () => {
    const groups = [
      CAST_GROUPS.chatAdministrators,
      CAST_GROUPS.everyoneInSales.toUpperCase(),
      CAST_GROUPS.allEmployees,
    ]
    for (const source of ['id', 'auto', 'graph'] as const) {
      const scene = aMembershipScene({ settings: byGroup(source, groups.join(', ')) })
      expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('admitted')
      expect((await sessionOf(scene.browser))?.user.groups).toEqual(groups.slice(1))
    }
  })
})

describe('only configured groups go on', () => {
  test('to the session, the headers and the assertion [requirement 81]', async () => {
    const scene = aMembershipScene({ settings: byGroup('auto', CAST_GROUPS.allEmployees) })
    expect(await verdictOn(scene, CAST.megan.userPrincipalName)).toBe('admitted')
    const session = JSON.stringify(await sessionOf(scene.browser))
    await scene.browser.fetch('/api/anything')
    const [request] = scene.sandbox.journal.to('chat', '/api/anything')
    const sentHeaders = [...(request?.headers ?? [])].join('\n')
    const assertion = request?.headers.get('entrada-assertion')?.split('.')[1] ?? ''
    expect(request?.headers.get('x-forwarded-groups')).toBe(CAST_GROUPS.allEmployees)
    expect(JSON.parse(atob(assertion.replaceAll('-', '+').replaceAll('_', '/')))).toMatchObject({
      groups: [CAST_GROUPS.allEmployees],
      roles: [],
    })
    for (const other of [CAST_GROUPS.chatUsers, CAST_GROUPS.everyoneInSales, '0d1b6f0e-']) {
      expect(session).not.toContain(other)
      expect(sentHeaders).not.toContain(other)
    }
  })
})
