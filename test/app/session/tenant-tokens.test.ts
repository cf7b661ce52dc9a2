import { describe, expect, test } from 'vitest'
import { CONTOSO, FABRIKAM } from '../../sandbox/directory/cast.ts'
import { anEntrada } from '../../support/entrada.ts'
import { ScriptedIssuer, type Script } from '../../support/scripted-issuer.ts'
import { without, type Claims } from '../../support/scripted-tokens.ts'
import { withParameters, CLIENT, withClaims } from '../edge/scripted-entrada-fixture.ts'

const LOGIN = 'https://login.microsoftonline.com'
const CONSUMERS = '9188040d-6c67-4c5b-b112-36a304b66dad'
const OID = '0a1b6f0e-2f6c-4f6e-8a77-000000000001'

function issuerOf(tenant: string): string {
  return `${LOGIN}/${tenant}/v2.0`
}

/** The issuer template for many tenants, with braces as in Entra's metadata. */
function manyTenants(claims: Claims, keyIssuer?: string): Script {
  return {
    metadata: (document) => ({
      ...document,
      issuer: issuerOf('{tenantid}'),
      authorization_response_iss_parameter_supported: false,
    }),
    answer: withParameters((parameters) => parameters.delete('iss')),
    idToken: withClaims(claims),
    keys: (keys) =>
      keys.map((key) => (keyIssuer === undefined ? key : { ...key, issuer: keyIssuer })),
  }
}

async function verdict(authority: string, script: Script): Promise<string> {
  const issuer = new ScriptedIssuer({
    issuer: issuerOf(authority),
    ...CLIENT,
    claims: { tid: CONTOSO, oid: OID },
  })
  issuer.script = script
  const entrada = anEntrada({
    settings: {
      OPENID_ISSUER: issuerOf(authority),
      OPENID_ALLOWED_TENANTS: `${CONTOSO},${FABRIKAM}`,
      OPENID_CLIENT_ID: CLIENT.clientId,
      OPENID_CLIENT_SECRET: CLIENT.clientSecret,
    },
    hosts: { [issuer.origin]: issuer.handle },
  })
  const browser = entrada.browser()
  await browser.open('/')
  if (browser.cookies.get('__Host-entrada') === null) {
    return browser.page.headers.get('entrada-error') ?? 'nothing'
  }
  const session = await browser.fetch('/.entrada/session')
  return (await session.json<{ user: { tenantId: string } }>()).user.tenantId
}

describe('an issuer for many tenants', () => {
  test.each([CONTOSO, FABRIKAM])('accepts a token of the tenant %s', async (tenant) => {
    const script = manyTenants({ iss: issuerOf(tenant), tid: tenant })
    expect(await verdict('organizations', script)).toBe(tenant)
  })

  test.each<[string, Claims, string]>([
    [
      'whose tenant is not the issuer’s',
      { iss: issuerOf(CONTOSO), tid: FABRIKAM },
      'identity_rejected',
    ],
    [
      'of the unfilled template',
      { iss: issuerOf('{tenantid}'), tid: CONTOSO },
      'identity_rejected',
    ],
    [
      'of another host',
      { iss: `https://evil.example/${CONTOSO}/v2.0`, tid: CONTOSO },
      'identity_rejected',
    ],
    [
      'of the v1.0 endpoint',
      { iss: `https://sts.windows.net/${CONTOSO}/`, tid: CONTOSO },
      'identity_rejected',
    ],
    ['whose tenant is no id', { iss: issuerOf('common'), tid: 'common' }, 'identity_rejected'],
    ['whose tenant is a path', { iss: issuerOf('x'), tid: '../x' }, 'identity_rejected'],
    [
      'whose tenant is the template',
      { iss: issuerOf('{tenantid}'), tid: '{tenantid}' },
      'identity_rejected',
    ],
    ['whose tenant is a number', { iss: issuerOf(CONTOSO), tid: 7 }, 'identity_rejected'],
    [
      'of a tenant that is not on the list',
      { iss: issuerOf(CONSUMERS), tid: CONSUMERS },
      'wrong_account',
    ],
    [
      'without an object id',
      { iss: issuerOf(CONTOSO), tid: CONTOSO, oid: undefined },
      'identity_rejected',
    ],
  ])('refuses a token %s [requirement 10]', async (_what, claims, code) => {
    expect(await verdict('organizations', manyTenants(claims))).toBe(code)
  })

  test.each([
    ['names the template', issuerOf('{tenantid}'), CONTOSO],
    ['names the token’s tenant', issuerOf(CONTOSO), CONTOSO],
    ['names another tenant', issuerOf(FABRIKAM), 'identity_rejected'],
    ['is for personal accounts', issuerOf(CONSUMERS), 'identity_rejected'],
  ])('signed by a key that %s: %s [requirement 10]', async (_what, keyIssuer, expected) => {
    const script = manyTenants({ iss: issuerOf(CONTOSO), tid: CONTOSO }, keyIssuer)
    expect(await verdict('common', script)).toBe(expected)
  })
})

describe('an issuer for one tenant', () => {
  test.each<[string, Script]>([
    ['of another tenant', { idToken: withClaims({ iss: issuerOf(FABRIKAM), tid: FABRIKAM }) }],
    ['with a tenant other than its issuer’s', { idToken: withClaims({ tid: FABRIKAM }) }],
    ['without a tenant', { idToken: without('tid') }],
    ['without an object id', { idToken: without('oid') }],
  ])('refuses a token %s [requirement 10]', async (_what, script) => {
    expect(await verdict(CONTOSO, script)).toBe('identity_rejected')
  })
})
