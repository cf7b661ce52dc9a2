import { expect, test } from 'vitest'
import { setsOwnCookie, withoutOwnCookies } from '../../src/http/cookies.ts'

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
])('our cookies are withheld: %s [requirement 60]', (_situation, header, forwarded) => {
  expect(withoutOwnCookies(header)).toBe(forwarded)
})

test.each([
  'theme=dark; draft="a,b;c"; empty=; =nameless; bare',
  'theme={"a":1, "b":2}, note=x,__Host-entradas=1; a, b',
  'a=1;b=2;  c=3 ; d="__Host-entrada=x"',
  '__Host-entradas=1; x__Host-entrada=2; note=__Host-entrada',
  '__host-entrada=another-cookie-to-a-server',
])('the chat’s own cookies pass byte for byte: %s [requirement 60]', (header) => {
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
])('the chat cannot set ours: %s [requirement 62]', (line) => {
  expect(setsOwnCookie(line)).toBe(true)
})

test.each([
  'theme=dark; Path=/',
  '__Host-entradas=1; Path=/; Secure',
  'note=__Host-entrada=x',
  'app=1; Comment=__Host-entrada',
])('the chat sets its own: %s [requirement 62]', (line) => {
  expect(setsOwnCookie(line)).toBe(false)
})
