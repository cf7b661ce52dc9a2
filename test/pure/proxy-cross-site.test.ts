import { expect, test } from 'vitest'
import { CrossSiteGuard } from '../../src/proxy/cross-site.ts'

const HOME = 'https://chat.example.com'
const guard = new CrossSiteGuard(HOME, {
  corsOrigins: ['https://portal.example.com'],
  crossSiteRoutes: [{ method: 'POST', path: '/saml/acs', isPrefix: false }],
})

function aRequest(method: string, headers: Record<string, string>, path = '/api/chat'): Request {
  const request = new Request(`${HOME}${path}`, { method })
  // The Fetch API refuses some of these header names; a server receives them all.
  const set = new Headers(headers)
  Object.defineProperty(request, 'headers', { value: set })
  return request
}

const COOKIE = { cookie: 'session=1' }

test.each([
  ['a script of ours', { ...COOKIE, origin: HOME, 'sec-fetch-site': 'same-origin' }],
  ['a browser without fetch metadata', { ...COOKIE, origin: HOME }],
  [
    'a named origin',
    { ...COOKIE, origin: 'https://portal.example.com', 'sec-fetch-site': 'same-site' },
  ],
  ['the person’s own doing', { ...COOKIE, 'sec-fetch-site': 'none' }],
  ['a program with a cookie', COOKIE],
  ['a program with a bearer', { authorization: 'Bearer x', origin: 'https://evil.example' }],
])('a write passes from %s [requirement 74]', (_source, headers) => {
  expect(guard.judgeWrite(aRequest('POST', headers))).toEqual({ ok: true })
})

test.each([
  ['another site', { ...COOKIE, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
  [
    'a sibling host',
    { ...COOKIE, origin: 'https://www.example.com', 'sec-fetch-site': 'same-site' },
  ],
  ['a sandboxed frame', { ...COOKIE, origin: 'null', 'sec-fetch-site': 'cross-site' }],
  ['an old browser elsewhere', { ...COOKIE, origin: 'https://evil.example' }],
  ['a hidden source', { ...COOKIE, 'sec-fetch-site': 'cross-site' }],
  ['a hidden sibling', { ...COOKIE, 'sec-fetch-site': 'same-site' }],
  ['our host over plain http', { ...COOKIE, origin: 'http://chat.example.com' }],
  ['our host on another port', { ...COOKIE, origin: 'https://chat.example.com:8443' }],
  ['a host that begins like ours', { ...COOKIE, origin: 'https://chat.example.com.evil.example' }],
])('a write from %s is refused [requirement 74]', (_source, headers) => {
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
    expect(guard.judgeWrite(aRequest(method, headers))).toMatchObject({ ok: false })
  }
})

test('a read passes from any site', () => {
  const foreign = { ...COOKIE, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    expect(guard.judgeWrite(aRequest(method, foreign))).toEqual({ ok: true })
  }
})

test('CROSS_SITE_ROUTES opens a path to other sites, by method and exact path', () => {
  const foreign = { ...COOKIE, origin: 'https://login.example.net', 'sec-fetch-site': 'cross-site' }
  expect(guard.judgeWrite(aRequest('POST', foreign, '/saml/acs'))).toEqual({ ok: true })
  expect(guard.judgeWrite(aRequest('PUT', foreign, '/saml/acs'))).toMatchObject({ ok: false })
  expect(guard.judgeWrite(aRequest('POST', foreign, '/saml/acs/x'))).toMatchObject({ ok: false })
  expect(guard.judgeWrite(aRequest('POST', foreign, '/x?/saml/acs'))).toMatchObject({ ok: false })
})

test.each([
  ['our own page', { ...COOKIE, origin: HOME }, { ok: true }],
  ['a named origin', { ...COOKIE, origin: 'https://portal.example.com' }, { ok: true }],
  ['a program without cookies', {}, { ok: true }],
  [
    'another site',
    { ...COOKIE, origin: 'https://evil.example' },
    { ok: false, reason: 'foreign_source' },
  ],
  ['a sandboxed frame', { ...COOKIE, origin: 'null' }, { ok: false, reason: 'foreign_source' }],
  [
    'a foreign page without cookies',
    { origin: 'https://evil.example' },
    { ok: false, reason: 'foreign_source' },
  ],
  ['cookies and no page', COOKIE, { ok: false, reason: 'unknown_source' }],
])('a WebSocket handshake from %s [requirement 67]', (_source, headers, verdict) => {
  expect(guard.judgeUpgrade(aRequest('GET', { upgrade: 'websocket', ...headers }, '/ws'))).toEqual(
    verdict,
  )
})

test('a write with a WebSocket upgrade is refused [requirement 67]', () => {
  const headers = { ...COOKIE, origin: HOME, upgrade: 'websocket' }
  expect(guard.judgeUpgrade(aRequest('POST', headers))).toMatchObject({ ok: false })
})
