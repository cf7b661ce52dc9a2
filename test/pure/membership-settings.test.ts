import { describe, expect, test } from 'vitest'
import { readSettings, type Settings } from '../../src/settings/settings.ts'

const BASE = {
  DOMAIN_SERVER: 'https://chat.contoso.example',
  OPENID_ISSUER: 'https://login.microsoftonline.com/a3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a01/v2.0',
  OPENID_CLIENT_ID: '7c1e55a0-30d4-4f0b-9d8a-0e6f5f2f6a11',
  OPENID_CLIENT_SECRET: 'a-secret',
  OPENID_SESSION_SECRET: 'a-key-ring-with-enough-different-letters',
}
const GROUP = '0c1b6f0e-2f6c-4f6e-8a77-000000000001'

function settingsOf(values: Readonly<Record<string, string>>): Settings {
  const result = readSettings({ ...BASE, ...values })
  if (!result.ok) throw new Error(result.problems.map(({ setting }) => setting).join())
  return result.settings
}

function problemsOf(values: Readonly<Record<string, string>>): readonly string[] {
  const result = readSettings({ ...BASE, ...values })
  return result.ok ? [] : result.problems.map(({ setting }) => setting)
}

describe('the default membership settings', () => {
  test('admit everyone whom the tenant signs in, guests included', () => {
    const { access, requiredRole, adminRole, sessions } = settingsOf({})
    expect(access).toEqual({ allowGuests: true, emailDomains: [], helpText: null, helpUrl: null })
    expect([requiredRole, adminRole]).toEqual([null, null])
    expect(sessions).toMatchObject({ membershipCheckSeconds: 3600, membershipGraceSeconds: 900 })
  })
})

describe('a role rule', () => {
  test('matches any name of a list, in the claim roles unless a path is set', () => {
    expect(settingsOf({ OPENID_REQUIRED_ROLE: ' a , b,a,, ' }).requiredRole).toEqual({
      anyOf: ['a', 'b'],
      path: ['roles'],
      source: 'id',
      isAboutGroups: false,
      acceptsTrue: false,
      tenants: null,
    })
  })

  test('uses Graph for groups alone', () => {
    const kind = 'OPENID_REQUIRED_ROLE_TOKEN_KIND'
    const required = { OPENID_REQUIRED_ROLE: GROUP, [kind]: 'auto' }
    const path = { OPENID_REQUIRED_ROLE_PARAMETER_PATH: 'groups' }
    expect(problemsOf({ ...required, ...path })).toEqual([])
    expect(problemsOf(required)).toEqual([kind])
    expect(problemsOf({ ...required, ...path, [kind]: 'userinfo' })).toEqual([kind])
  })

  test('cannot use Graph for another issuer’s users, nor recognise its guests', () => {
    expect(
      problemsOf({
        OPENID_ISSUER: 'https://id.example.com',
        OPENID_REQUIRED_ROLE: 'staff',
        OPENID_REQUIRED_ROLE_PARAMETER_PATH: 'groups',
        OPENID_REQUIRED_ROLE_TOKEN_KIND: 'graph',
        ALLOW_GUESTS: 'false',
      }),
    ).toEqual(['OPENID_REQUIRED_ROLE_TOKEN_KIND', 'ALLOW_GUESTS'])
  })

  test.each([
    [{ OPENID_REQUIRED_ROLE_TOKEN_KIND: 'access' }, 'treated as id'],
    [{ OPENID_REQUIRED_ROLE: 'Chat Users' }, 'GroupMember.Read.All'],
    [{ OPENID_REUSE_TOKENS: 'false' }, 'OPENID_REUSE_TOKENS=false'],
    [{ OPENID_REQUIRED_ROLE_PARAMETER_PATH: 'roles' }, 'group object id'],
  ])('with %j causes a warning', (values, words) => {
    const { warnings } = settingsOf({
      OPENID_REQUIRED_ROLE: GROUP,
      OPENID_REQUIRED_ROLE_PARAMETER_PATH: 'groups',
      ...values,
    })
    expect(warnings.filter((warning) => warning.includes(words))).toHaveLength(1)
  })
})

describe('ALLOWED_EMAIL_DOMAINS', () => {
  test('are domains, with or without the @', () => {
    const list = 'Contoso.com, @sub.partner.example, xn--bcher-kva.example'
    expect(settingsOf({ ALLOWED_EMAIL_DOMAINS: list }).access.emailDomains).toEqual([
      'contoso.com',
      'sub.partner.example',
      'xn--bcher-kva.example',
    ])
  })

  test.each([
    '*',
    '*.contoso.com',
    'me@contoso.com',
    'bücher.example',
    'contoso',
    '.com',
    'a..b',
    '\u212Aontoso.com',
  ])('are not %s', (domain) => {
    expect(problemsOf({ ALLOWED_EMAIL_DOMAINS: domain })).toEqual(['ALLOWED_EMAIL_DOMAINS'])
  })
})

describe('the text for refused people', () => {
  test('is a setting with limits', () => {
    const { access } = settingsOf({
      ACCESS_HELP_TEXT: ' Ask the service desk. ',
      ACCESS_HELP_URL: 'https://desk.example.com/chat',
    })
    expect(access).toMatchObject({
      helpText: 'Ask the service desk.',
      helpUrl: 'https://desk.example.com/chat',
    })
    expect(problemsOf({ ACCESS_HELP_TEXT: 'x'.repeat(601) })).toEqual(['ACCESS_HELP_TEXT'])
    expect(problemsOf({ ACCESS_HELP_URL: 'javascript:alert(1)' })).toEqual(['ACCESS_HELP_URL'])
    expect(problemsOf({ ACCESS_HELP_URL: 'http://desk.example.com' })).toEqual(['ACCESS_HELP_URL'])
  })
})
