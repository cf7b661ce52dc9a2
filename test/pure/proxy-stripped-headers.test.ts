import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { StrippedHeaders } from '../../src/proxy/headers.ts'
import { CLIENT_ADDRESS_HEADERS, PROXY_IDENTITY_HEADERS } from '../data/proxy-identity-headers.ts'

const stripped = new StrippedHeaders(['x-team'])

export const SPOOFED = [
  'X-Forwarded-User',
  'x-forwarded-user',
  'X_Forwarded_User',
  'x_forwarded-user',
  'X-Forwarded_User',
  'X.Forwarded.User',
  'X-Forwarded-Email',
  'X-Forwarded-Preferred-Username',
  'X-Forwarded-Name',
  'X-Forwarded-Groups',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-Forwarded-Uri',
  'X-Forwarded-Access-Token',
  'Forwarded',
  'Entrada-Assertion',
  'entrada_assertion',
  'ENTRADA-ORIGIN-SECRET',
  'Entrada-Anything',
  'X-OpenWebUI-User-Email',
  'x_openwebui_user_role',
  'X-Tenant-Id',
  'X_TENANT_ID',
  'Remote-User',
  'X-Remote-User',
  'X-Auth-Request-Email',
  'X-WebAuth-User',
  'Cf-Access-Authenticated-User-Email',
  'Tailscale-User-Login',
  'X-Amzn-Oidc-Identity',
  'X-Pomerium-Claim-Email',
  'X-MS-Client-Principal-Name',
  'X-Original-URL',
  'X_Original_URL',
  'X-Rewrite-URL',
  'X-Real-IP',
  'X-Team',
  'x_team',
  'Proxy-Authorization',
  'Connection',
  'TE',
]

test.each(SPOOFED)('%s is removed [requirement 59]', (name) => {
  expect(stripped.includes(name.toLowerCase())).toBe(true)
})

describe.each(Object.entries(PROXY_IDENTITY_HEADERS))('%s [requirement 59]', (_proxy, names) => {
  test.each(names)('%s is removed in every spelling', (name) => {
    const lower = name.toLowerCase()
    for (const spelling of [lower, lower.replaceAll('-', '_'), lower.replaceAll('_', '-')]) {
      expect(stripped.includes(spelling)).toBe(true)
      expect(stripped.includesUnauthenticated(spelling)).toBe(true)
    }
  })
})

test.each(CLIENT_ADDRESS_HEADERS)(
  '%s is removed, because apps read the IP address from it',
  (name) => {
    expect(stripped.includes(name.toLowerCase())).toBe(true)
  },
)

test.each([
  'accept',
  'authorization',
  'content-type',
  'cookie',
  'origin',
  'range',
  'user-agent',
  'upgrade',
  'sec-websocket-protocol',
  'x-requested-with',
  'x-forward',
  'x-teams',
  'remote-control',
  'cf-connecting-ip',
  'cf-ipcountry',
  'cf-ray',
  // Credentials of the chats, which check them.
  'x-access-token',
  'x-api-key',
  'x-auth-token',
  'x-user-agent',
  'x-http-method-override',
  'x-csrf-token',
  'x-users',
  'oidcx',
])('%s passes', (name) => {
  expect(stripped.includes(name)).toBe(false)
})

test('method overrides are removed on open routes [requirement 57]', () => {
  expect(stripped.includesUnauthenticated('x-http-method-override')).toBe(true)
  expect(stripped.includesUnauthenticated('x_http_method_override')).toBe(true)
  expect(stripped.includesUnauthenticated('accept')).toBe(false)
})

test('docs/protecting-the-chat.md names every proxy and every address header', () => {
  const page = readFileSync(
    new URL('../../docs/protecting-the-chat.md', import.meta.url),
    'utf8',
  ).toLowerCase()
  const rows = Object.keys(PROXY_IDENTITY_HEADERS).map((proxy) => `\n| ${proxy.toLowerCase()} |`)
  expect(rows.filter((row) => !page.includes(row))).toEqual([])
  const unnamed = CLIENT_ADDRESS_HEADERS.map((name) => name.toLowerCase().replaceAll('_', '-'))
    .filter((name) => !/^(?:cf-connecting-ip|x-original-.*)$/.test(name))
    .filter((name) => !page.includes(`\`${name}\``))
  expect(unnamed).toEqual([])
})
