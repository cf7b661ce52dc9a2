import { expect, test } from 'vitest'
import { RouteMatcher } from '../../src/proxy/route-matcher.ts'

const rules = new RouteMatcher([
  { method: 'GET', path: '/health', isPrefix: false },
  { method: 'POST', path: '/webhook', isPrefix: true },
  { method: 'GET', path: '/foo/bar', isPrefix: true },
  { method: 'HEAD', path: '/probe', isPrefix: false },
])

/** Matches as the edge does: by the path of the parsed URL. */
function isSkipped(method: string, target: string): boolean {
  return rules.match(method, new URL(target, 'https://chat.example.com').pathname)
}

test.each([
  ['GET', '/health'],
  ['GET', '/health?probe=1'],
  ['GET', '/health#part'],
  ['GET', '/x/../health'],
  ['POST', '/webhook/teams'],
  ['POST', '/webhook/teams/a@b,c'],
  ['GET', '/foo/bar/baz.png'],
  // HEAD is GET without the content (RFC 9110 §9.3.2).
  ['HEAD', '/health'],
  ['HEAD', '/foo/bar/baz.png'],
  ['HEAD', '/probe'],
])('%s %s needs no sign-in', (method, target) => {
  expect(isSkipped(method, target)).toBe(true)
})

test.each([
  ['another method', 'POST', '/health'],
  ['HEAD of a POST rule', 'HEAD', '/webhook/teams'],
  ['GET of a HEAD rule', 'GET', '/probe'],
  ['HEAD of another path', 'HEAD', '/healthy'],
  ['a method in another case', 'get', '/health'],
  ['another case', 'GET', '/Health'],
  ['a trailing slash', 'GET', '/health/'],
  ['a longer name', 'GET', '/healthy'],
  ['a deeper path', 'GET', '/health/../admin'],
  ['the prefix without its slash', 'POST', '/webhook'],
  ['a longer prefix', 'POST', '/webhooks/x'],
  ['the rule in the query (GHSA-7rh7-c77v-6434)', 'GET', '/admin?/health'],
  ['the rule in the query, encoded', 'GET', '/admin?x=/foo/bar/'],
  ['# in the path (GHSA-pxq7-h93f-9jrg)', 'GET', '/admin#/health'],
  ['%23 in the path (GHSA-pxq7-h93f-9jrg)', 'GET', '/foo/bar/%23/../../admin'],
  ['%23 at the end', 'GET', '/foo/bar/x%23'],
  ['an encoded slash', 'GET', '/foo/bar/..%2f..%2fadmin'],
  ['an encoded slash in capitals', 'GET', '/foo/bar/..%2F..%2Fadmin'],
  ['an encoded backslash', 'GET', '/foo/bar/..%5c..%5cadmin'],
  ['encoded dots', 'GET', '/foo/bar/%2e%2e/%2e%2e/admin'],
  ['dots encoded twice', 'GET', '/foo/bar/%252e%252e/admin'],
  ['path parameters', 'GET', '/foo/bar/..;/admin'],
  ['path parameters behind', 'GET', '/foo/bar/x;jsessionid=1'],
  ['an empty segment', 'GET', '/foo/bar//admin'],
  ['a double slash in front', 'GET', '//health'],
  ['a backslash', 'GET', '/foo/bar/..\\admin'],
  ['a NUL', 'GET', '/foo/bar/x%00'],
  ['a line break', 'GET', '/foo/bar/x%0a'],
  ['a space', 'GET', '/foo/bar/a b'],
  ['another host in the path', 'GET', '/https://evil.example/health'],
])('%s needs a sign-in [requirement 57]', (_situation, method, target) => {
  expect(isSkipped(method, target)).toBe(false)
})

test('dot segments that no parser removed need a sign-in [requirement 57]', () => {
  expect(rules.match('GET', '/foo/bar/../../admin')).toBe(false)
  expect(rules.match('GET', '/foo/bar/./x')).toBe(false)
  expect(rules.match('GET', '/health?x')).toBe(false)
})
