import { describe, expect, test } from 'vitest'
import { readReturnTo } from '../../src/auth/login-attempts.ts'
import { readReturnPaths, returnPaths } from '../data/return-paths.ts'

const HOME = 'https://chat.contoso.example'
const CALLBACK = '/oauth/openid/callback'

function landing(value: string | null | undefined): string {
  return readReturnTo(value, HOME, CALLBACK)
}

/** The URLs that browsers load for this `Location`, with each treatment of backslashes and white space. */
function destinations(location: string): readonly string[] {
  const readings = [location, location.trim(), location.replaceAll('\\', '/')]
  return readings.map((reading) => new URL(reading, `${HOME}/.entrada/login`).origin)
}

test('the corpus is what its techniques generate', () => {
  expect(readReturnPaths()).toEqual(returnPaths())
  expect(readReturnPaths().length).toBeGreaterThanOrEqual(560)
})

test.each(readReturnPaths().map((value, line) => [line + 1, value.slice(0, 80), value] as const))(
  'line %i, %j, ends on our own origin [requirement 75]',
  (_line, _shown, value) => {
    const location = landing(value)
    expect(destinations(location)).toEqual([HOME, HOME, HOME])
    expect(location).toMatch(/^\/(?![/\\])[\x21-\x7e]*$/)
    expect(location.length).toBeLessThanOrEqual(6200)
  },
)

describe('kept unchanged', () => {
  test.each([
    '/',
    '/c/1',
    '/c/1?model=x&temperature=0.5',
    '/c/1#message-7',
    '/c/1?next=https%3A%2F%2Felsewhere.example',
    '/c/1?next=https://elsewhere.example/',
    '/search?q=a%20b+c',
    '/a//b',
    '/a;v=1/b',
    '/~user/@me/(a)/b,c/$d!',
    '/c/%E2%82%AC',
    '/c/1?emoji=%F0%9F%92%A9',
    '/.well-known/thing',
    '/.entrada',
    '/.entrada/renewed',
    '/.entrada/picker',
    '/oauth/openid',
    '/oauth/openid/callback/other',
    `/${'a'.repeat(2047)}`,
  ])('%s', (value) => {
    expect(landing(value)).toBe(value)
  })
})

describe('kept in the normal form of a URL', () => {
  test.each([
    ['/ünal', '/%C3%BCnal'],
    ['/a b', '/a%20b'],
    ['/c/1?q=ü', '/c/1?q=%C3%BC'],
    ['/c/1?', '/c/1'],
    ['/c/1#', '/c/1'],
    ['/a/../b', '/b'],
    ['/a/./b', '/a/b'],
    ['/a/%2e%2e/b', '/b'],
    ['/c/"<x>"', '/c/%22%3Cx%3E%22'],
    ['/\u2044evil.example', '/%E2%81%84evil.example'],
    ['/\uff0fevil.example', '/%EF%BC%8Fevil.example'],
  ])('%s', (value, kept) => {
    expect(landing(value)).toBe(kept)
  })
})

describe('replaced by the start page', () => {
  test.each<[string, string | null | undefined]>([
    ['nothing', null],
    ['nothing said', undefined],
    ['an empty value', ''],
    ['a relative path', 'c/1'],
    ['a query', '?a=b'],
    ['a fragment', '#a'],
    ['an address of ours in full', `${HOME}/c/1`],
    ['two slashes', '//evil.example'],
    ['a slash and a backslash', '/\\evil.example'],
    ['a backslash anywhere', '/c\\1'],
    ['a tab', '/\t/evil.example'],
    ['a line break', '/c\n1'],
    ['NUL', '/c\u00001'],
    ['DEL', '/c\u007f1'],
    ['a C1 control', '/c\u00851'],
    ['dots that leave two slashes', '/.//evil.example'],
    ['escaped dots that do', '/%2e%2e//evil.example'],
    ['2 KB and one', `/${'a'.repeat(2048)}`],
    ['64 KB', `/${'a'.repeat(65_536)}`],
    ['the start of sign-in', '/.entrada/login'],
    ['the start of sign-in with more', '/.entrada/login?return_to=/c'],
    ['sign-out', '/.entrada/logout'],
    ['the signed-out page', '/.entrada/signed-out'],
    ['consent', '/.entrada/consent?feature=files'],
    ['the callback', `${CALLBACK}?code=a&state=b`],
    ['sign-in in disguise', '/c/../.entrada/login'],
  ])('%s', (_what, value) => {
    expect(landing(value)).toBe('/')
  })
})

test('of a value over 2 KB only the path is kept, and it is not truncated', () => {
  for (let length = 2040; length < 2060; length++) {
    const value = `/c?q=${'a'.repeat(length - 5)}`
    expect(landing(value)).toBe(length <= 2048 ? value : '/c')
    expect(landing(value.replace('?', '#'))).toBe(length <= 2048 ? value.replace('?', '#') : '/c')
    expect(landing(value.replace('?', '/'))).toBe(length <= 2048 ? value.replace('?', '/') : '/')
  }
})
