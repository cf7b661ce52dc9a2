import { describe, expect, test } from 'vitest'
import { accessTo, peopleFeatures, showsFullProfiles } from '../../src/people/access.ts'
import { readSettings, type Settings } from '../../src/settings/settings.ts'

const TENANT = 'a3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a01'

function settingsWith(overrides: Readonly<Record<string, string>> = {}): Settings {
  const result = readSettings({
    DOMAIN_SERVER: 'https://chat.contoso.example',
    OPENID_ISSUER: `https://login.microsoftonline.com/${TENANT}/v2.0`,
    OPENID_CLIENT_ID: '7c1e55a0-30d4-4f0b-9d8a-0e6f5f2f6a11',
    OPENID_CLIENT_SECRET: 'of-a-test',
    OPENID_SESSION_SECRET: 'sealed-with-this-key-in-tests-and-nowhere-else',
    ...overrides,
  })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.settings
}

describe('access to a source', () => {
  test.each([
    ['people', ['People.Read'], 'on'],
    ['people', ['People.Read.All'], 'on'],
    ['people', ['User.ReadBasic.All'], 'consent_needed'],
    ['users', ['User.ReadBasic.All'], 'on'],
    ['users', ['User.Read.All'], 'on'],
    ['users', ['Directory.Read.All'], 'on'],
    ['users', ['https://graph.microsoft.com/User.ReadBasic.All'], 'on'],
    ['users', ['user.readbasic.all'], 'on'],
    ['users', ['User.Read'], 'consent_needed'],
    ['groups', ['GroupMember.Read.All'], 'on'],
    ['groups', ['Group.Read.All'], 'on'],
    ['groups', ['User.Read.All'], 'consent_needed'],
    ['groups', [], 'consent_needed'],
  ] as const)('%s with %j is %s', (source, scopes, access) => {
    expect(accessTo(source, settingsWith(), scopes)).toBe(access)
  })

  test.each([
    ['the operator turns people search off', { USE_ENTRA_ID_FOR_PEOPLE_SEARCH: 'false' }],
    ['no refresh token is stored', { OPENID_REUSE_TOKENS: 'false' }],
    ['the issuer is not Entra', { OPENID_ISSUER: 'https://id.example' }],
  ])('is off when %s', (_why, overrides) => {
    const settings = settingsWith(overrides)
    for (const source of ['people', 'users', 'groups'] as const) {
      expect(accessTo(source, settings, ['Directory.Read.All', 'People.Read'])).toBe('off')
    }
  })

  test('is off for people alone in a cloud without relevant people', () => {
    const settings = settingsWith({
      OPENID_ISSUER: `https://login.partner.microsoftonline.cn/${TENANT}/v2.0`,
    })
    const scopes = ['People.Read', 'User.ReadBasic.All', 'GroupMember.Read.All']
    expect(accessTo('people', settings, scopes)).toBe('off')
    expect(accessTo('users', settings, scopes)).toBe('on')
    expect(accessTo('groups', settings, scopes)).toBe('on')
  })

  test('is off without a scope that the settings request', () => {
    const settings = settingsWith({ OPENID_GRAPH_SCOPES: 'User.Read,User.ReadBasic.All' })
    expect(accessTo('people', settings, [])).toBe('off')
    expect(accessTo('groups', settings, [])).toBe('off')
    expect(accessTo('users', settings, [])).toBe('consent_needed')
  })
})

describe('the features of a session', () => {
  test.each([
    [['People.Read', 'User.ReadBasic.All', 'GroupMember.Read.All'], 'on', 'on'],
    [['People.Read'], 'on', 'consent_needed'],
    [['User.ReadBasic.All'], 'on', 'consent_needed'],
    [['User.Read'], 'consent_needed', 'consent_needed'],
  ])('with %j have people %s and groups %s', (scopes, people, groups) => {
    expect(peopleFeatures(settingsWith(), scopes)).toEqual({ people, groups })
  })

  test('are off when people search is off', () => {
    const settings = settingsWith({ USE_ENTRA_ID_FOR_PEOPLE_SEARCH: 'false' })
    expect(peopleFeatures(settings, ['Directory.Read.All'])).toEqual({
      people: 'off',
      groups: 'off',
    })
  })
})

test.each([
  [['User.ReadBasic.All'], false],
  [['User.ReadBasic.All', 'User.Read.All'], true],
  [['Directory.Read.All'], true],
  [['User.Read'], false],
])('%j shows full profiles: %s', (scopes, shown) => {
  expect(showsFullProfiles(scopes)).toBe(shown)
})
