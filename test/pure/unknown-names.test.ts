import { describe, expect, test } from 'vitest'
import { readSettings } from '../../src/settings/settings.ts'
import { settingNames } from '../support/setting-names.ts'

/** Problems with these names, beside valid settings. */
function problemsOf(...names: readonly string[]): readonly { setting: string; fix: string }[] {
  const result = readSettings({
    DOMAIN_SERVER: 'https://chat.contoso.example',
    OPENID_ISSUER: 'https://login.microsoftonline.com/a3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a01/v2.0',
    OPENID_CLIENT_ID: '7c1e55a0-30d4-4f0b-9d8a-0e6f5f2f6a11',
    OPENID_CLIENT_SECRET: 'a-client-secret',
    OPENID_SESSION_SECRET: 'long-enough-and-not-to-be-guessed-by-anyone',
    ...Object.fromEntries(names.map((name) => [name, 'x'])),
  })
  return result.ok ? [] : result.problems
}

describe('a name close to that of a setting is reported with the intended name', () => {
  test.each([
    ['ALLOWED_EMAIL_DOMAIN', 'ALLOWED_EMAIL_DOMAINS'],
    ['ALLOWED_DOMAINS', 'ALLOWED_EMAIL_DOMAINS'],
    ['ALLOWED_EMAILS', 'ALLOWED_EMAIL_DOMAINS'],
    ['ALOWED_EMIAL_DOMAINS', 'ALLOWED_EMAIL_DOMAINS'],
    ['ALLOW_GUEST', 'ALLOW_GUESTS'],
    ['ALLOWGUESTS', 'ALLOW_GUESTS'],
    ['allow_guests', 'ALLOW_GUESTS'],
    ['GUESTS_ALLOW', 'ALLOW_GUESTS'],
    ['ORIGIN_SECERT', 'ORIGIN_SECRET'],
    ['ORIGN_PRESET', 'ORIGIN_PRESET'],
    ['ORIGIN_URI', 'ORIGIN_URL'],
    ['SESION_IDLE_SECONDS', 'SESSION_IDLE_SECONDS'],
    ['SESSION_IDLE_SECOND', 'SESSION_IDLE_SECONDS'],
    ['SESSION-MAX-SECONDS', 'SESSION_MAX_SECONDS'],
    ['OIDC_CLIENT', 'OIDC_CLIENTS'],
    ['SIGNING_KEY', 'SIGNING_KEYS'],
    ['WEBSOCKETS_SESSION_BOUND', 'WEBSOCKET_SESSION_BOUND'],
    ['WEB_SOCKET_SESSION_BOUND', 'WEBSOCKET_SESSION_BOUND'],
    ['RATE_LIMIT', 'RATE_LIMITS'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
    ['SKIP_AUTH_ROUTE', 'SKIP_AUTH_ROUTES'],
    ['DOMAIN_SERVERS', 'DOMAIN_SERVER'],
    ['MEMBERSHIP_CHEK_SECONDS', 'MEMBERSHIP_CHECK_SECONDS'],
    ['OPENID_CLINET_ID', 'OPENID_CLIENT_ID'],
    ['OPENID_CLIENT_IDD', 'OPENID_CLIENT_ID'],
    ['OPENID_REQUIRED_ROLES', 'OPENID_REQUIRED_ROLE'],
    ['OPEN_ID_REQUIRED_ROLE', 'OPENID_REQUIRED_ROLE'],
    ['OPENID_ALLOWED_TENANT', 'OPENID_ALLOWED_TENANTS'],
    ['REQUIRED_ROLE', 'OPENID_REQUIRED_ROLE'],
    ['REQUIRED_ROLES', 'OPENID_REQUIRED_ROLE'],
    ['REQUIRE_ROLE', 'OPENID_REQUIRED_ROLE'],
    ['ADMIN_ROLE', 'OPENID_ADMIN_ROLE'],
    ['ALLOWED_TENANTS', 'OPENID_ALLOWED_TENANTS'],
    ['ADMIN_TENANTS', 'OPENID_ADMIN_TENANTS'],
    ['ENABLE_SHAREPOINT_FILE_PICKER', 'ENABLE_SHAREPOINT_FILEPICKER'],
  ])('%s: %s', (name, meant) => {
    expect(problemsOf(name)).toEqual([
      expect.objectContaining({ setting: name, fix: `Did you mean ${meant}?` }),
    ])
  })

  test('every setting: without its last letter, with one more, with two letters swapped', () => {
    const slips = [...settingNames()].flatMap((name) => [
      name.slice(0, -1),
      `${name}S`,
      `${name.slice(0, 2)}${name[3]}${name[2]}${name.slice(4)}`,
    ])
    const wrong = slips.filter((name) => !settingNames().has(name))
    expect(wrong.length).toBeGreaterThan(100)
    expect(wrong.filter((name) => problemsOf(name).length !== 1)).toEqual([])
  })
})

/** Variables of shells, CI, Cloudflare and chat apps. */
const UNRELATED = `
  APP_TITLE HOST PORT MONGO_URI DOMAIN_CLIENT NO_INDEX DEBUG_LOGGING DEBUG_CONSOLE UID GID ENDPOINTS PROXY
  CREDS_KEY CREDS_IV SEARCH MEILI_HOST MEILI_MASTER_KEY BAN_VIOLATIONS BAN_DURATION BAN_INTERVAL
  LOGIN_MAX LOGIN_WINDOW REGISTER_MAX LIMIT_MESSAGE_IP MESSAGE_USER_MAX CHECK_BALANCE CHECK_BALANCE_SECONDS
  ALLOW_EMAIL_LOGIN ALLOW_REGISTRATION ALLOW_SOCIAL_LOGIN ALLOW_SOCIAL_REGISTRATION ALLOW_PASSWORD_RESET
  ALLOW_UNVERIFIED_EMAIL_LOGIN ALLOW_ACCOUNT_DELETION ALLOW_SHARED_LINKS ALLOW_SHARED_LINKS_PUBLIC
  SESSION_EXPIRY REFRESH_TOKEN_EXPIRY JWT_SECRET JWT_REFRESH_SECRET DISCORD_CLIENT_ID DISCORD_CLIENT_SECRET
  GITHUB_CLIENT_ID GOOGLE_CLIENT_ID GOOGLE_CLIENT_SECRET GOOGLE_CALLBACK_URL SAML_SESSION_SECRET SAML_ISSUER
  EMAIL_SERVICE EMAIL_HOST EMAIL_FROM REDIS_URI USE_REDIS NODE_ENV TRUST_PROXY LDAP_URL
  WEBUI_URL WEBUI_SECRET_KEY WEBUI_AUTH WEBUI_NAME ENABLE_SIGNUP ENABLE_OAUTH_SIGNUP OAUTH_CLIENT_ID
  OAUTH_ALLOWED_DOMAINS CORS_ALLOW_ORIGIN CORS_ALLOWED_ORIGINS MICROSOFT_CLIENT_ID MICROSOFT_CLIENT_TENANT_ID
  MICROSOFT_REDIRECT_URI CHAINLIT_AUTH_SECRET AUTH_TYPE VALID_EMAIL_DOMAINS WEB_DOMAIN OAUTH2_PROXY_EMAIL_DOMAINS
  AZURE_CLIENT_ID AZURE_TENANT_ID CLIENT_ID CLIENT_SECRET TENANT_ID ISSUER ORIGIN ORIGINAL SESSION_SECRET
  SESSION_MANAGER SESSION_TIMEOUT SIGNING_SECRET OIDC_CLIENT_ID OIDC_CLIENT_SECRET OIDC_ISSUER RATE_LIMITER
  LOG_LEVEL ENVIRONMENT SENTRY_DSN RELEASE CF_VERSION_METADATA CF_PAGES_URL DB CACHE KV ASSETS ANALYTICS QUEUE AI
  PUBLIC_URL BASE_URL API_URL API_KEY MAX_FILES MAX_FILE_BYTES CACHE_SECONDS TIMEOUT_SECONDS HELP_URL HELP_TEXT
  DEFAULT_USER_ROLE USER_ROLE OAUTH_ADMIN_ROLES AWS_ROLE TENANTS ROLE
  HOME PATH USER SHELL LANG TERM PWD CI XDG_SESSION_ID DESKTOP_SESSION GITHUB_TOKEN npm_config_cache
`
  .trim()
  .split(/\s+/)

test.each(UNRELATED)('%s belongs to another program and passes', (name) => {
  expect(problemsOf(name)).toEqual([])
})

test('an unknown name with one of our prefixes is reported without a guess', () => {
  expect(problemsOf('SHAREPOINT_SOMETHING_ELSE_ENTIRELY')[0]?.fix).toBe('Leave it out')
  expect(problemsOf('OPENID_TENANT_ID')[0]?.fix).toBe('Write the tenant in OPENID_ISSUER')
  expect(problemsOf('ENTRA_ID_TENANT')[0]?.fix).toBe('Write the tenant in OPENID_ISSUER')
})
