import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  readCookies,
  readFirstSessionCookie,
  readOwnCookies,
  readSessionCookies,
  setsOwnCookie,
  withoutOwnCookies,
} from '../../src/cookies.ts'
import { createSessionKey, writeSessionKey } from '../../src/session/session-cookie.ts'

test('reads every cookie, duplicates included, and none in the value of another', () => {
  expect(readCookies('a=1; b = x=y ;a=2, c=; bare; d=; =nameless; , e=5')).toEqual([
    ['a', '1'],
    ['b', 'x=y'],
    ['a', '2'],
    ['d', ''],
    ['', 'nameless'],
  ])
  expect(readCookies(null)).toEqual([])
})

// Browsers refuse a sibling host's cookie with a `__Host-` name. They accept one whose name begins with such a space.
test.each(['\u00a0', '\u2003', '\u3000', '\ufeff', '\u2028', '\u000b', '\u000c'])(
  'takes no name with the white space %j for a name of ours [requirement 24]',
  (space) => {
    const value = writeSessionKey(createSessionKey())
    for (const name of [`${space}__Host-entrada`, `__Host-entrada${space}`]) {
      for (const header of [`${name}=${value}`, `a=1; ${name}=${value}; b=2`]) {
        expect(readSessionCookies(header)).toEqual([])
        expect(readFirstSessionCookie(header)).toBeNull()
        expect(withoutOwnCookies(header)).not.toContain(value)
      }
    }
    const attempt = `${space}__Host-entrada-login-x=y; __Host-entrada-last${space}=z`
    expect([...readOwnCookies(attempt)]).toEqual([])
  },
)

test('reads our cookies besides the session cookie, and only well-formed values', () => {
  const header = 'theme=dark; __Host-entrada=s.t; __Host-entrada-last=ab_-.9, __Host-entrada-x="q"'
  expect([...readOwnCookies(header)]).toEqual([['__Host-entrada-last', 'ab_-.9']])
})

test('finds the same first session cookie with and without reading every cookie', () => {
  const [one, two] = [writeSessionKey(createSessionKey()), writeSessionKey(createSessionKey())]
  const blank = fc.constantFrom('', ' ', '\t ')
  const pair = fc.tuple(
    fc.constantFrom('', ';', ',', '; '),
    blank,
    fc.constantFrom('__Host-entrada', '__Host-entrada', '__Host-entrada-x', 'x', 'x__Host-entrada'),
    blank,
    fc.constantFrom('=', '=', '', '=='),
    blank,
    fc.constantFrom(one, two, `${one}.${one.slice(25)}`, `${two}x`, one.slice(1)),
    blank,
  )
  fc.assert(
    fc.property(fc.array(pair, { maxLength: 5 }), (pairs) => {
      const header = pairs.flat().join('')
      expect(readFirstSessionCookie(header)).toBe(readSessionCookies(header)[0] ?? null)
    }),
    { numRuns: 5000 },
  )
})

test.each([
  ['alone', '__Host-entrada=a.b', ''],
  ['first', '__Host-entrada=a.b; theme=dark', 'theme=dark'],
  ['in the middle', 'theme=dark; __Host-entrada=a.b; draft=1', 'theme=dark; draft=1'],
  ['last', 'theme=dark; __Host-entrada=a.b', 'theme=dark'],
  ['twice', '__Host-entrada=a; a=1; __Host-entrada=b', 'a=1'],
  ['a sign-in attempt', 'a=1; __Host-entrada-login-Xy_1=v1.k.i.c; b=2', 'a=1; b=2'],
  ['without a value', 'a=1; __Host-entrada', 'a=1'],
  ['with spaces', 'a=1;   __Host-entrada = x;b=2', 'a=1;b=2'],
  // The runtime joins several `Cookie` lines by commas (RFC 9110 §5.3).
  ['in a second line', 'theme=dark, __Host-entrada=a.b', 'theme=dark'],
  ['in a first line', '__Host-entrada=a.b, theme=dark', 'theme=dark'],
  ['in the middle of the second', 'a=1; b=2, c=3; __Host-entrada=a.b; d=4', 'a=1; b=2, c=3; d=4'],
  ['in every line', '__Host-entrada=a, __Host-entrada=b,__Host-entrada-login-x=c', ''],
  ['after an empty line', ', __Host-entrada=a.b', ''],
])(
  'removes our cookies before the chat sees them: %s [requirement 60]',
  (_situation, header, forwarded) => {
    expect(withoutOwnCookies(header)).toBe(forwarded)
  },
)

test.each([
  'theme=dark; draft="a,b;c"; empty=; =nameless; bare',
  'theme={"a":1, "b":2}, note=x,__Host-entradas=1; a, b',
  'a=1;b=2;  c=3 ; d="__Host-entrada=x"',
  '__Host-entradas=1; x__Host-entrada=2; note=__Host-entrada',
  '__host-entrada=another-cookie-to-a-server',
])('forwards the chat’s own cookies byte for byte: %s [requirement 60]', (header) => {
  expect(withoutOwnCookies(header)).toBe(header)
})

test.each([
  '__Host-entrada=x; Path=/; Secure',
  '__Host-entrada=; Max-Age=0; Path=/; Secure',
  '__Host-entrada-login-1=x; Path=/; Secure',
  '  __Host-entrada =x',
  '__HOST-ENTRADA=x; Path=/; Secure',
  '=__Host-entrada=x; Path=/; Secure',
  '__Host-entrada',
])('refuses a Set-Cookie line with a name of ours: %s [requirement 62]', (line) => {
  expect(setsOwnCookie(line)).toBe(true)
})

test.each([
  'theme=dark; Path=/',
  '__Host-entradas=1; Path=/; Secure',
  'note=__Host-entrada=x',
  'app=1; Comment=__Host-entrada',
])('accepts a Set-Cookie line of the chat: %s [requirement 62]', (line) => {
  expect(setsOwnCookie(line)).toBe(false)
})
