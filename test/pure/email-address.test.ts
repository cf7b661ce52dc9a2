import { describe, expect, test } from 'vitest'
import { emailFromDirectory, emailFromClaims } from '../../src/entra/email-address.ts'
import { readSettings } from '../../src/settings/settings.ts'
import type { IssuerSettings } from '../../src/settings/issuer.ts'

const TENANT = 'a3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a01'
const OTHER = 'b47e2c11-90aa-4c58-8a0e-6a5d3d1f2b02'

function issuer(values: Readonly<Record<string, string>> = {}): IssuerSettings {
  const result = readSettings({
    DOMAIN_SERVER: 'https://chat.contoso.example',
    OPENID_ISSUER: `https://login.microsoftonline.com/${TENANT}/v2.0`,
    OPENID_CLIENT_ID: '7c1e55a0-30d4-4f0b-9d8a-0e6f5f2f6a11',
    OPENID_CLIENT_SECRET: 'a secret',
    OPENID_SESSION_SECRET: 'a-session-secret-of-32-characters-or-more',
    ...values,
  })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.settings.issuer
}

const emailOf = (claims: object, values = {}) =>
  emailFromClaims({ tid: TENANT, ...claims }, {}, issuer(values)).email

const NAME = 'ada@contoso.example'

describe('the sign-in name of a member', () => {
  test.each([
    {},
    { acct: 0 },
    { acct: '0' },
    { idp: `https://sts.windows.net/${TENANT}/` },
    { idp: `https://login.microsoftonline.com/${TENANT}/v2.0` },
  ])('stands in where the token has no address: %j', (claims) => {
    expect(emailOf({ preferred_username: NAME, ...claims })).toBe(NAME)
  })

  test.each([
    { acct: 1 },
    { acct: '1' },
    { idp: `https://sts.windows.net/${OTHER}/` },
    { idp: 'live.com' },
    { idp: 'mail' },
    { idp: null },
    { upn: 'ada_fabrikam.example#EXT#@contoso.example' },
    { upn: 'ada_fabrikam.example#ext#@contoso.example' },
  ])('does not for anything that tells a guest: %j [requirement 83]', (claims) => {
    expect(emailOf({ preferred_username: NAME, ...claims })).toBeNull()
  })

  test.each(['+43 1 23456', 'ada', 'a@b@contoso.example', 'ada @contoso.example', '', 7, null])(
    'is no address: %j',
    (name) => {
      expect(emailOf({ preferred_username: name })).toBeNull()
    },
  )

  test('is upn before preferred_username, unless another claim is wanted first', () => {
    const claims = { upn: 'u@contoso.example', preferred_username: 'p@contoso.example' }
    expect(emailOf(claims)).toBe('u@contoso.example')
    expect(emailOf(claims, { OPENID_EMAIL_CLAIM: 'upn' })).toBe('u@contoso.example')
    expect(emailOf(claims, { OPENID_EMAIL_CLAIM: 'mail' })).toBe('p@contoso.example')
    expect(emailOf({ upn: 'u@contoso.example' }, { OPENID_EMAIL_CLAIM: 'mail' })).toBe(
      'u@contoso.example',
    )
  })
})

test('a claim that is no text is not there', () => {
  for (const email of [['a@contoso.example'], { a: 1 }, 7, true, '']) {
    expect(emailOf({ email, preferred_username: NAME })).toBe(NAME)
  }
  expect(emailOf({ preferred_username: NAME }, { OPENID_EMAIL_CLAIM: 'constructor' })).toBe(NAME)
})

test('with several tenants email_verified confirms nothing: it is no claim of Entra’s', () => {
  const several = {
    OPENID_ISSUER: 'organizations',
    OPENID_ALLOWED_TENANTS: `${TENANT},${OTHER}`,
  }
  const claims = { email: 'ceo@elsewhere.example', preferred_username: NAME }
  expect(emailOf({ ...claims, email_verified: true }, several)).toBe(NAME)
  expect(emailOf({ ...claims, xms_edov: true }, several)).toBe('ceo@elsewhere.example')
})

test('what another issuer denies is not to be had by another claim’s name', () => {
  const other = { OPENID_ISSUER: 'https://op.example', OPENID_EMAIL_CLAIM: 'work_email' }
  const claims = { work_email: NAME, email: NAME }
  expect(emailOf(claims, other)).toBe(NAME)
  expect(emailOf({ ...claims, email_verified: false }, other)).toBeNull()
})

describe('somebody in the directory', () => {
  const guest = { username: 'ada_fabrikam.example#EXT#@contoso.example' }

  test('without mail has the user principal name, but no guest’s', () => {
    expect(emailFromDirectory({ email: null, username: NAME }, issuer())).toBe(NAME)
    expect(emailFromDirectory({ email: '', username: NAME }, issuer())).toBe(NAME)
    expect(emailFromDirectory({ email: null, ...guest }, issuer())).toBeNull()
  })

  test('who is a guest has the mail, where one tenant signs in', () => {
    const email = 'ada@fabrikam.example'
    expect(emailFromDirectory({ email, ...guest }, issuer())).toBe(email)
  })
})
