import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { describeProblems } from '../../src/settings/variables.ts'
import { readSettings } from '../../src/settings/settings.ts'

const GOOD = {
  DOMAIN_SERVER: 'https://chat.contoso.example',
  ORIGIN_URL: 'https://chat-origin.contoso.example',
  OPENID_ISSUER: 'https://login.microsoftonline.com/a3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a01/v2.0',
  OPENID_CLIENT_ID: '7c1e55a0-30d4-4f0b-9d8a-0e6f5f2f6a11',
  OPENID_CLIENT_SECRET: 'a-client-secret',
  OPENID_SESSION_SECRET: 'long-enough-and-not-to-be-guessed-by-anyone',
}

type Values = Readonly<Record<string, unknown>>

function problemsOf(values: Values): readonly { setting: string; problem: string; fix: string }[] {
  const result = readSettings({ ...GOOD, ...values })
  return result.ok ? [] : result.problems
}

function settingsOf(values: Values = {}) {
  const result = readSettings({ ...GOOD, ...values })
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.settings
}

test('only the required settings are necessary, and the others have defaults', () => {
  const settings = settingsOf()
  expect(settings.warnings).toEqual([])
  expect(settings.callbackPath).toBe('/oauth/openid/callback')
  expect(settings.sessions).toMatchObject({
    idleSeconds: 86_400,
    maxSeconds: 604_800,
    checkSeconds: 10,
    membershipCheckSeconds: 3600,
  })
  expect(settings.files).toMatchObject({
    enabled: false,
    maxFiles: 10,
    maxFileBytes: 512 * 1024 * 1024,
    graphScope: 'Files.Read.All',
  })
  expect(settings.people).toMatchObject({ enabled: true, includeOwnersAsMembers: false })
  expect(settings.postLogoutRedirectUri).toBe('https://chat.contoso.example/.entrada/signed-out')
  expect(settings.issuer.microsoft?.graph).toBe('https://graph.microsoft.com')
})

/** The placeholder for a tenant id or an app id in documents. */
const NIL = '00000000-0000-0000-0000-000000000000'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const PKCS1 = rsa.export({ type: 'pkcs1', format: 'der' }).toString('base64')
const SEC1 = ec.export({ type: 'sec1', format: 'der' }).toString('base64')
const EC_PKCS8 = ec.export({ type: 'pkcs8', format: 'der' }).toString('base64')

/** A PEM of a key in some form, with a certificate. */
function pem(label: string, base64: string): string {
  return `-----BEGIN ${label}-----\n${base64}\n-----END ${label}-----\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----`
}

/** `OIDC_CLIENTS` with one client that has these members, and further ones. */
function clients(...changes: readonly Readonly<Record<string, unknown>>[]): Record<string, string> {
  const client = {
    client_id: 'librechat',
    client_secret: 'what-only-the-chat-and-Entrada-know',
    redirect_uris: ['https://chat.example.com/oauth/openid/callback'],
  }
  return { OIDC_CLIENTS: JSON.stringify(changes.map((change) => ({ ...client, ...change }))) }
}

const CONTOSO = 'a3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a01'
const FABRIKAM = 'b3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a02'
const STRANGERS = 'c3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a03'
const TWO_TENANTS = {
  OPENID_ISSUER: 'organizations',
  OPENID_ALLOWED_TENANTS: `${CONTOSO},${FABRIKAM}`,
}

function byGroupName(setting: string): Record<string, string> {
  return { [setting]: 'Chat Users', [`${setting}_PARAMETER_PATH`]: 'groups' }
}

const BAD: readonly (readonly [setting: string, values: Values, about: RegExp])[] = [
  ['DOMAIN_SERVER', { DOMAIN_SERVER: undefined }, /missing/],
  ['DOMAIN_SERVER', { DOMAIN_SERVER: '   ' }, /missing/],
  ['DOMAIN_SERVER', { DOMAIN_SERVER: 'chat.contoso.example' }, /not a web address/],
  ['DOMAIN_SERVER', { DOMAIN_SERVER: 'http://chat.contoso.example' }, /plain http/],
  ['DOMAIN_SERVER', { DOMAIN_SERVER: 'ftp://chat.contoso.example' }, /not a web address/],
  ['DOMAIN_SERVER', { DOMAIN_SERVER: 'https://chat.contoso.example/path' }, /path/],
  ['DOMAIN_SERVER', { DOMAIN_SERVER: 'https://user:pass@chat.contoso.example' }, /credentials/],
  ['DOMAIN_SERVER', { DOMAIN_SERVER: { a: 1 } }, /not text/],
  ['ORIGIN_URL', { ORIGIN_URL: 'http://chat-origin.contoso.example' }, /plain http/],
  ['ORIGIN_URL', { ORIGIN_URL: 'https://chat.contoso.example/app' }, /come back to Entrada/],
  ['ORIGIN_PRESET', { ORIGIN_PRESET: 'openwebui' }, /not one of/],
  ['ORIGIN_HEADERS', { ORIGIN_HEADERS: '{not json' }, /JSON/],
  ['ORIGIN_HEADERS', { ORIGIN_HEADERS: '{"X-User":{"claim":"password"}}' }, /form/],
  ['ORIGIN_HEADERS', { ORIGIN_HEADERS: '{"Cookie":"email"}' }, /reserves/],
  ['ORIGIN_HEADERS', { ORIGIN_HEADERS: '{"X Y":"email"}' }, /form/],
  ['SKIP_AUTH_ROUTES', { SKIP_AUTH_ROUTES: '/health' }, /METHOD/],
  ['SKIP_AUTH_ROUTES', { SKIP_AUTH_ROUTES: 'GET /a/../b' }, /METHOD/],
  ['SKIP_AUTH_ROUTES', { SKIP_AUTH_ROUTES: 'GET /%61pi' }, /METHOD/],
  ['SIGNING_KEYS', { SIGNING_KEYS: '{"keys":[]}' }, /./],
  ['SIGNING_KEYS', { SIGNING_KEYS: 'secret' }, /JSON/],
  ['OPENID_ISSUER', { OPENID_ISSUER: undefined }, /missing/],
  ['OPENID_ISSUER', { OPENID_ISSUER: 'contoso' }, /not a web address/],
  ['OPENID_ISSUER', { OPENID_ISSUER: 'http://login.contoso.example/v2.0' }, /plain http/],
  ['OPENID_ISSUER', { OPENID_ISSUER: 'https://login.microsoftonline.com/contoso.example' }, /./],
  ['OPENID_ALLOWED_TENANTS', { OPENID_ISSUER: 'organizations' }, /every organisation in the world/],
  ['OPENID_ALLOWED_TENANTS', { OPENID_ISSUER: 'https://login.microsoftonline.com/common/v2.0' }, /every organisation/],
  ['OPENID_ALLOWED_TENANTS', { OPENID_ALLOWED_TENANTS: 'contoso.example' }, /not a tenant id/],
  ['OPENID_ADMIN_TENANTS', { OPENID_ADMIN_TENANTS: 'contoso.example' }, /not a tenant id/],
  ['OPENID_ADMIN_TENANTS', { OPENID_ADMIN_TENANTS: CONTOSO }, /several tenants/],
  ['OPENID_ADMIN_TENANTS', { ...TWO_TENANTS, OPENID_ADMIN_TENANTS: STRANGERS }, /not in OPENID_ALLOWED_TENANTS/],
  ['OPENID_REQUIRED_ROLE', { ...TWO_TENANTS, ...byGroupName('OPENID_REQUIRED_ROLE') }, /group names/],
  ['OPENID_ADMIN_ROLE', { ...TWO_TENANTS, ...byGroupName('OPENID_ADMIN_ROLE'), OPENID_ADMIN_TENANTS: `${CONTOSO},${FABRIKAM}` }, /group names/],
  ['OPENID_CLIENT_ID', { OPENID_CLIENT_ID: undefined }, /missing/],
  ['OPENID_CLIENT_SECRET', { OPENID_CLIENT_SECRET: undefined }, /missing/],
  ['OPENID_CLIENT_SECRET', { OPENID_CLIENT_SECRET: ' , ' }, /missing/],
  ['OPENID_CLIENT_CERTIFICATE', { OPENID_CLIENT_CERTIFICATE: 'thumbprint' }, /PRIVATE KEY/],
  ['OPENID_SESSION_SECRET', { OPENID_SESSION_SECRET: undefined }, /missing/],
  ['OPENID_SESSION_SECRET', { OPENID_SESSION_SECRET: 'short' }, /shorter than 32/],
  ['OPENID_SESSION_SECRET', { OPENID_SESSION_SECRET: 'a'.repeat(64) }, /guessed/],
  ['OPENID_SESSION_SECRET', { OPENID_SESSION_SECRET: `${GOOD.OPENID_SESSION_SECRET},short` }, /value 2/],
  ['OPENID_SESSION_SECRET', { OPENID_SESSION_SECRET: `${GOOD.OPENID_SESSION_SECRET},${GOOD.OPENID_SESSION_SECRET}` }, /twice/],
  ['OPENID_SCOPE', { OPENID_SCOPE: 'openid "quoted"' }, /not a scope/],
  ['OPENID_CALLBACK_URL', { OPENID_CALLBACK_URL: 'https://elsewhere.example/callback' }, /path/],
  ['OPENID_CALLBACK_URL', { OPENID_CALLBACK_URL: '//evil.example' }, /path/],
  ['OPENID_REUSE_TOKENS', { OPENID_REUSE_TOKENS: 'yes' }, /not one of true, false/],
  ['OPENID_REQUIRED_ROLE_TOKEN_KIND', { OPENID_REQUIRED_ROLE: 'x', OPENID_REQUIRED_ROLE_TOKEN_KIND: 'userinfo' }, /not one of/],
  ['OPENID_REQUIRED_ROLE_PARAMETER_PATH', { OPENID_REQUIRED_ROLE: 'x', OPENID_REQUIRED_ROLE_PARAMETER_PATH: 'a..b' }, /empty step/],
  ['OPENID_POST_LOGOUT_REDIRECT_URI', { OPENID_POST_LOGOUT_REDIRECT_URI: 'javascript:alert(1)' }, /web address/],
  ['OPENID_MAX_LOGOUT_URL_LENGTH', { OPENID_MAX_LOGOUT_URL_LENGTH: '10' }, /is not a whole number from/],
  ['SHAREPOINT_BASE_URL', { SHAREPOINT_BASE_URL: 'contoso.sharepoint.com' }, /web address/],
  ['SHAREPOINT_PICKER_SHAREPOINT_SCOPE', { SHAREPOINT_PICKER_SHAREPOINT_SCOPE: '=https://contoso.sharepoint.com/AllSites.Read' }, /scope/],
  ['SHAREPOINT_PICKER_SHAREPOINT_SCOPE', { SHAREPOINT_PICKER_SHAREPOINT_SCOPE: 'https://contoso.sharepoint.com/sites/x/AllSites.Read' }, /scope/],
  ['SHAREPOINT_PICKER_GRAPH_SCOPE', { SHAREPOINT_PICKER_GRAPH_SCOPE: 'Files.Read.All Sites.Read.All' }, /scope/],
  ['SHAREPOINT_MAX_FILE_BYTES', { SHAREPOINT_MAX_FILE_BYTES: '512MB' }, /whole number/],
  ['SHAREPOINT_MAX_FILES', { SHAREPOINT_MAX_FILES: '0' }, /is not a whole number from/],
  ['SESSION_IDLE_SECONDS', { SESSION_IDLE_SECONDS: '-1' }, /is not a whole number from/],
  ['SESSION_IDLE_SECONDS', { SESSION_IDLE_SECONDS: '86400', SESSION_MAX_SECONDS: '3600' }, /longer than/],
  ['SESSION_CHECK_SECONDS', { SESSION_CHECK_SECONDS: '3600' }, /is not a whole number from/],
  ['RATE_LIMITS', { RATE_LIMITS: '{"login":30}' }, /form/],
  ['RATE_LIMITS', { RATE_LIMITS: '{"logins":{"perMinute":30}}' }, /form/],
  ['MICROSOFT_GRAPH_URL', { MICROSOFT_GRAPH_URL: 'https://graph.evil.example' }, /not the Graph/],
  ['MICROSOFT_GRAPH_URL', { MICROSOFT_GRAPH_URL: 'http://127.0.0.1:4000' }, /not the Graph/],
  ['SHAREPOINT_HOSTS', { SHAREPOINT_HOSTS: 'http://127.0.0.1:4000' }, /loopback/],
  ['SHAREPOINT_HOSTS', { SHAREPOINT_HOSTS: 'contoso.sharepoint.com/sites/x' }, /not a host/],
  ['OPENID_CLINET_ID', { OPENID_CLINET_ID: 'x' }, /not a setting/],
  ['SHAREPOINT_MAX_FILE', { SHAREPOINT_MAX_FILE: '1' }, /not a setting/],
  ['ENTRA_ID_TENANT', { ENTRA_ID_TENANT: 'x' }, /not a setting/],
  ['OIDC_CLIENTS', { OIDC_CLIENTS: '{}' }, /form/],
  ['OIDC_CLIENTS', { OIDC_CLIENTS: 'librechat' }, /JSON/],
  ['OIDC_CLIENTS', clients({ client_secret: 'short' }), /client_secret/],
  ['OIDC_CLIENTS', clients({ client_secret: undefined }), /client_secret/],
  ['OIDC_CLIENTS', clients({ client_secret: `${'x'.repeat(32)},short` }), /client_secret/],
  ['OIDC_CLIENTS', clients({ client_id: 'with space' }), /client_id/],
  ['OIDC_CLIENTS', clients({ redirect_uris: [] }), /redirect_uris/],
  ['OIDC_CLIENTS', clients({ redirect_uris: ['http://chat.example.com/back'] }), /redirect_uris/],
  ['OIDC_CLIENTS', clients({ redirect_uris: ['https://chat.example.com/back#x'] }), /redirect_uris/],
  ['OIDC_CLIENTS', clients({ redirect_uris: ['https://a:b@chat.example.com/back'] }), /redirect_uris/],
  ['OIDC_CLIENTS', clients({ redirect_uris: ['/back'] }), /redirect_uris/],
  ['OIDC_CLIENTS', clients({ resource: 'https://graph.microsoft.com' }), /resource/],
  ['OIDC_CLIENTS', clients({ resources: ['https://graph.microsoft.com/.default'] }), /not Microsoft/],
  ['OIDC_CLIENTS', clients({ resources: ['https://evil.example'] }), /not Microsoft/],
  ['OIDC_CLIENTS', clients({ email_verified: 'true' }), /form/],
  ['OPENID_EMAIL_CLAIM', { OPENID_EMAIL_CLAIM: 'e mail' }, /not the name/],
  ['OIDC_CLIENTS', clients({ resources: ['https://contoso.sharepoint.com/sites/x'] }), /not Microsoft/],
  ['OIDC_CLIENTS', clients({ resources: ['http://contoso.sharepoint.com'] }), /not Microsoft/],
  ['OIDC_CLIENTS', clients({}, {}), /twice/],
  ['DOMAIN_SERVER', { DOMAIN_SERVER: 'https://chat.example.com' }, /example of the README/],
  ['OPENID_ISSUER', { OPENID_ISSUER: 'https://login.microsoftonline.com/<tenant id>/v2.0' }, /placeholder <tenant id>/],
  ['OPENID_ISSUER', { OPENID_ISSUER: 'https://login.microsoftonline.com/{tenant id}/v2.0' }, /placeholder {tenant id}/],
  ['OPENID_ISSUER', { OPENID_ISSUER: 'https://login.microsoftonline.com/{tenantid}/v2.0' }, /names no tenant/],
  ['OPENID_ISSUER', { OPENID_ISSUER: `https://login.microsoftonline.com/${NIL}/v2.0` }, /placeholder 0000/],
  ['OPENID_ALLOWED_TENANTS', { OPENID_ALLOWED_TENANTS: `a3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a01, ${NIL}` }, /placeholder 0000/],
  ['OPENID_CLIENT_ID', { OPENID_CLIENT_ID: '<client id>' }, /placeholder <client id>/],
  ['OPENID_CLIENT_ID', { OPENID_CLIENT_ID: NIL }, /placeholder 0000/],
  ['OPENID_CLIENT_ID', { OPENID_CLIENT_ID: 'entrada' }, /not a GUID/],
  ['OPENID_CLIENT_SECRET', { OPENID_CLIENT_SECRET: '<the same secret>' }, /placeholder/],
  ['OPENID_CLIENT_SECRET', { OPENID_CLIENT_SECRET: 'a-client-secret,5e0c2f3a-30d4-4f0b-9d8a-0e6f5f2f6a11' }, /value 2 is a GUID: the secret’s id/],
  ['ORIGIN_URL', { ORIGIN_URL: 'http://localhost:3080' }, /private/],
  ['ORIGIN_URL', { ORIGIN_URL: 'https://127.0.0.1:3080' }, /private/],
  ['ORIGIN_URL', { ORIGIN_URL: 'https://10.1.2.3' }, /private/],
  ['ORIGIN_URL', { ORIGIN_URL: 'https://172.20.0.3' }, /private/],
  ['ORIGIN_URL', { ORIGIN_URL: 'https://192.168.1.9:8080' }, /private/],
  ['ORIGIN_URL', { ORIGIN_URL: 'https://100.64.0.1' }, /private/],
  ['ORIGIN_URL', { ORIGIN_URL: 'https://[fd00::1]' }, /private/],
  ['ORIGIN_URL', { ORIGIN_URL: 'https://librechat:3080' }, /private/],
  ['ORIGIN_URL', { ORIGIN_URL: 'https://chat.internal' }, /private/],
  ['ORIGIN_URL', { ORIGIN_URL: 'https://chat.local' }, /private/],
  ['OPENID_GRAPH_SCOPES', { OPENID_GRAPH_SCOPES: 'User.Read People.Read' }, /not one scope/],
  ['ENABLE_SHAREPOINT_FILEPICKER', { ENABLE_SHAREPOINT_FILEPICKER: 'true', OPENID_REUSE_TOKENS: 'false' }, /needs stored tokens/],
  ['USE_ENTRA_ID_FOR_PEOPLE_SEARCH', { USE_ENTRA_ID_FOR_PEOPLE_SEARCH: 'true', OPENID_REUSE_TOKENS: 'false' }, /needs stored tokens/],
  ['OIDC_CLIENTS', { ...clients({ resources: ['https://graph.microsoft.com'] }), OPENID_REUSE_TOKENS: 'false' }, /needs stored tokens/],
  ['OIDC_CLIENTS', clients({ resources: ['https://contoso.sharepoint.com:8443'] }), /not Microsoft/],
  ['OIDC_CLIENTS', clients({ resources: ['https://xn--contso-r0a.sharepoint.com'] }), /not Microsoft/],
  ['OIDC_CLIENTS', clients({ client_secret: [] }), /client_secret/],
  ['OIDC_CLIENTS', clients({ client_secret: ['short'] }), /client_secret/],
  ['OPENID_CLIENT_CERTIFICATE', { OPENID_CLIENT_CERTIFICATE: pem('RSA PRIVATE KEY', PKCS1) }, /PKCS#1/],
  ['OPENID_CLIENT_CERTIFICATE', { OPENID_CLIENT_CERTIFICATE: pem('ENCRYPTED PRIVATE KEY', PKCS1) }, /encrypted/],
  ['OPENID_CLIENT_CERTIFICATE', { OPENID_CLIENT_CERTIFICATE: pem('EC PRIVATE KEY', SEC1) }, /not RSA/],
  ['OPENID_CLIENT_CERTIFICATE', { OPENID_CLIENT_CERTIFICATE: pem('PRIVATE KEY', EC_PKCS8) }, /not RSA/],
  ['OPENID_CLIENT_CERTIFICATE', { OPENID_CLIENT_CERTIFICATE: pem('PRIVATE KEY', '%%%') }, /not RSA/],
  ['OPENID_CLIENT_CERTIFICATE', { OPENID_CLIENT_CERTIFICATE: '-----BEGIN PRIVATE KEY-----\n\n-----END PRIVATE KEY-----' }, /CERTIFICATE block/],
  ['OPENID_ISSUER', { OPENID_ISSUER: 'https://contoso.ciamlogin.com' }, /not an address of External ID/],
  ['OPENID_ISSUER', { OPENID_ISSUER: 'https://contoso.ciamlogin.com/contoso.onmicrosoft.com' }, /not an address of External ID/],
  ['OPENID_ISSUER', { OPENID_ISSUER: 'https://contoso.b2clogin.com/contoso.onmicrosoft.com/v2.0' }, /not an address of a B2C policy/],
  ['SKIP_AUTH_ROUTES', { SKIP_AUTH_ROUTES: 'GET /*' }, /every path/],
  ['SKIP_AUTH_ROUTES', { SKIP_AUTH_ROUTES: 'GET /health, POST *' }, /every path/],
  ['CROSS_SITE_ROUTES', { CROSS_SITE_ROUTES: 'POST /*' }, /every path/],
] // prettier-ignore

test('at least thirty mistakes are tested [requirement 98]', () => {
  expect(BAD.length).toBeGreaterThanOrEqual(30)
})

test.each(BAD)(
  '%s %o is reported by name, with the fix [requirement 98]',
  (setting, values, about) => {
    const problems = problemsOf(values)
    expect(problems.map((one) => one.setting)).toEqual([setting])
    expect(problems[0]?.problem).toMatch(about)
    expect(problems[0]?.fix).toMatch(/\w{3}/)
  },
)

test('no report quotes a secret', () => {
  const secret = 'hunter2-hunter2'
  const report = JSON.stringify(
    problemsOf({
      OPENID_SESSION_SECRET: secret,
      SIGNING_KEYS: secret,
      RATE_LIMITS: secret,
      OPENID_CLIENT_CERTIFICATE: secret,
    }),
  )
  expect(report).toContain('OPENID_SESSION_SECRET')
  expect(report).not.toContain('hunter2')
})

test('every problem is reported at once', () => {
  const result = readSettings({
    OPENID_SCOEP: 'x',
    OPENID_SESSION_SECRET: 'weak',
    DOMAIN_SERVER: 'http://chat.example.com',
  })
  const settings = result.ok ? [] : result.problems.map(({ setting }) => setting)
  expect(settings).toEqual(
    expect.arrayContaining([
      'OPENID_SCOEP',
      'OPENID_SESSION_SECRET',
      'DOMAIN_SERVER',
      'OPENID_ISSUER',
      'OPENID_CLIENT_ID',
      'OPENID_CLIENT_SECRET',
    ]),
  )
})

test('a misspelt name is reported with the intended name', () => {
  expect(problemsOf({ OPENID_CLINET_ID: 'x' })[0]?.fix).toContain('OPENID_CLIENT_ID')
  expect(problemsOf({ SHAREPOINT_SOMETHING_ELSE_ENTIRELY: 'x' })[0]?.fix).toBe('Leave it out')
})

test.each([
  ['a secret with a comma', '["one,secret"]', ['one,secret']],
  ['several secrets with commas', '["one,secret", "another"]', ['one,secret', 'another']],
  ['a list that is separated by commas', 'one, another', ['one', 'another']],
  ['a secret in brackets', '[one]', ['[one]']],
])('OPENID_CLIENT_SECRET holds %s', (_what, value, secrets) => {
  expect(settingsOf({ OPENID_CLIENT_SECRET: value }).client.secrets).toEqual(secrets)
})

test('the secret of an OpenID client may contain a comma in a JSON list', () => {
  const secret = 'what-only-the-chat,and-Entrada-know'
  expect(settingsOf(clients({ client_secret: [secret] })).oidcClients[0]?.secrets).toEqual([secret])
})

test('a PKCS#8 RSA key is accepted, with line breaks or with \\n', () => {
  const key = rsa.export({ type: 'pkcs8', format: 'pem' }).toString().trim()
  const certificate = `${key}\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----`
  for (const written of [certificate, certificate.replaceAll('\n', '\\n')]) {
    expect(settingsOf({ OPENID_CLIENT_CERTIFICATE: written }).client.certificate).toBe(written)
  }
})

test.each([
  ['https://contoso.ciamlogin.com', 'https://contoso.ciamlogin.com/{tenant id}/v2.0'],
  [
    'https://contoso.ciamlogin.com/contoso.onmicrosoft.com/',
    'https://contoso.ciamlogin.com/contoso.onmicrosoft.com/v2.0',
  ],
  [
    'https://contoso.b2clogin.com/contoso.onmicrosoft.com/v2.0',
    'https://contoso.b2clogin.com/contoso.onmicrosoft.com/{policy}/v2.0',
  ],
  [
    'https://contoso.b2clogin.com/tfp/contoso.onmicrosoft.com/B2C_1_sign_in',
    'https://contoso.b2clogin.com/tfp/contoso.onmicrosoft.com/B2C_1_sign_in/v2.0',
  ],
])('the issuer %s is reported with the form %s', (written, right) => {
  expect(problemsOf({ OPENID_ISSUER: written })[0]?.fix).toBe(`Write ${right}`)
})

test.each([
  'https://chat-origin.contoso.example',
  'https://local.contoso.example',
  'https://172.32.0.1',
  'https://10.contoso.example',
  'https://fd.contoso.example',
])('%s is a public address of the chat', (address) => {
  expect(problemsOf({ ORIGIN_URL: address })).toEqual([])
})

test('a private ORIGIN_URL is allowed with a DOMAIN_SERVER on loopback', () => {
  const values = { DOMAIN_SERVER: 'http://localhost:8787', ORIGIN_URL: 'http://127.0.0.1:3000' }
  expect(problemsOf(values)).toEqual([])
})

test('with an issuer that is not Entra, ids and secrets may have any form', () => {
  const issuer = { OPENID_ISSUER: 'https://id.contoso.example' }
  expect(
    problemsOf({
      ...issuer,
      OPENID_CLIENT_ID: 'entrada',
      OPENID_CLIENT_SECRET: GOOD.OPENID_CLIENT_ID,
    }),
  ).toEqual([])
  expect(settingsOf({ ...issuer, ENABLE_SHAREPOINT_FILEPICKER: 'true' }).warnings.join()).toContain(
    'ENABLE_SHAREPOINT_FILEPICKER has no effect',
  )
})

test('the report ends each sentence with one mark and lists warnings after problems', () => {
  const result = readSettings({ ...GOOD, OPENID_CLINET_ID: 'x', OPENID_BUTTON_LABEL: 'Sign in' })
  const report = result.ok ? '' : describeProblems(result.problems, result.warnings)
  expect(report.split('\n')).toEqual([
    'OPENID_CLINET_ID: is not a setting of Entrada. Did you mean OPENID_CLIENT_ID?',
    'Warning: OPENID_BUTTON_LABEL has no effect here.',
  ])
})

describe('an .env file of LibreChat', () => {
  test('works, with warnings about settings without effect', () => {
    const settings = settingsOf({
      OPENID_BUTTON_LABEL: 'Sign in',
      OPENID_USE_PKCE: 'true',
      OPENID_SCOPE: 'openid profile email offline_access api://7c1e55a0/access_as_user',
      OPENID_REQUIRED_ROLE: 'chat',
      OPENID_REQUIRED_ROLE_TOKEN_KIND: 'access',
      SESSION_MAX_SECONDS: '60 * 60 * 24 * 7',
      JWT_SECRET: 'LibreChat’s own',
    })
    expect(settings.warnings.join('\n')).toMatch(
      /api:\/\/.*unnecessary[\s\S]*access[\s\S]*OPENID_BUTTON_LABEL/,
    )
    expect(settings.scopes.token).not.toContain('api://7c1e55a0/access_as_user')
    expect(settings.sessions.maxSeconds).toBe(604_800)
  })
})

describe('a group name', () => {
  test.each([
    ['where one tenant signs in', { ...byGroupName('OPENID_REQUIRED_ROLE') }],
    [
      'where one tenant is allowed',
      {
        OPENID_ISSUER: 'common',
        OPENID_ALLOWED_TENANTS: CONTOSO,
        ...byGroupName('OPENID_REQUIRED_ROLE'),
      },
    ],
    [
      'of operators, who come from one tenant',
      { ...TWO_TENANTS, ...byGroupName('OPENID_ADMIN_ROLE') },
    ],
  ])('is accepted %s', (_, values) => {
    expect(settingsOf(values).warnings.join()).toContain('object ids are safer')
  })
})

describe('the issuer', () => {
  test.each([
    [
      'https://login.microsoftonline.com/a3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a01/v2.0/',
      'exact',
      'https://graph.microsoft.com',
    ],
    [
      'https://login.microsoftonline.com/contoso.example/v2.0',
      'tenant',
      'https://graph.microsoft.com',
    ],
    ['organizations', 'template', 'https://graph.microsoft.com'],
    ['common', 'template', 'https://graph.microsoft.com'],
    [
      'https://login.microsoftonline.us/a3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a01/v2.0',
      'exact',
      'https://graph.microsoft.us',
    ],
    [
      'https://login.partner.microsoftonline.cn/a3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a01/v2.0',
      'exact',
      'https://microsoftgraph.chinacloudapi.cn',
    ],
    ['https://idp.example.com/realms/staff', 'exact', undefined],
  ])('%s is of kind %s with Graph at %s', (issuer, kind, graph) => {
    const settings = settingsOf({
      OPENID_ISSUER: issuer,
      OPENID_ALLOWED_TENANTS: 'a3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a01',
    })
    expect(settings.issuer.kind).toBe(kind)
    expect(settings.issuer.microsoft?.graph).toBe(graph)
    expect(settings.issuer.authority.href).not.toMatch(/\/$/)
  })

  test('of the shared host of the US government is distinguished by its Graph URL', () => {
    const settings = settingsOf({
      OPENID_ISSUER: 'https://login.microsoftonline.us/a3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a01/v2.0',
      MICROSOFT_GRAPH_URL: 'https://dod-graph.microsoft.us/v1.0',
    })
    expect(settings.issuer.microsoft?.cloud?.name).toBe('us-government-dod')
  })
})
