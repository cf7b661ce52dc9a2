import { expect, test } from 'vitest'
import {
  createSessionKey,
  readSessionKey,
  writeSessionKey,
} from '../../src/session/session-cookie.ts'
import { readSessionCookies } from '../../src/cookies.ts'

test('a thousand session ids have nothing in common but their length [requirement 27]', () => {
  const keys = Array.from({ length: 1000 }, () => createSessionKey())
  expect(new Set(keys.map(({ name }) => name)).size).toBe(1000)
  expect(new Set(keys.map(({ secret }) => secret)).size).toBe(1000)
  const bytes = keys.map(({ name, secret }) => Buffer.from(name + secret, 'base64url'))
  for (let place = 0; place < 50; place++) {
    const column = bytes.map((one) => one[place] ?? -1)
    // A thousand random bytes have about 251 of 256 values; a counter, a time or a version has few.
    expect(new Set(column).size).toBeGreaterThan(225)
    const ones = column.reduce(
      (sum, value) => sum + value.toString(2).replaceAll('0', '').length,
      0,
    )
    expect(Math.abs(ones / 8000 - 0.5)).toBeLessThan(0.05)
  }
})

test('reads only cookies in the form that it writes', () => {
  const key = createSessionKey()
  const cookie = writeSessionKey(key)
  expect(readSessionKey(cookie)).toEqual(key)
  for (const other of [
    '',
    '.',
    cookie.slice(1),
    `${cookie}A`,
    cookie.replace('.', '-'),
    ` ${cookie}`,
  ]) {
    expect(readSessionKey(other)).toBeNull()
  }
})

test.each([
  ['alone', (value: string) => `__Host-entrada=${value}`],
  ['among others', (value: string) => `a=1; __Host-entrada=${value}; b=2`],
  ['without blanks', (value: string) => `a=1;__Host-entrada=${value};b=2`],
])('the cookie is found %s', (_case, header) => {
  const cookie = writeSessionKey(createSessionKey())
  expect(readSessionCookies(header(cookie))).toEqual([cookie])
})

test.each([
  'x__Host-entrada',
  '__Host-entrada-login-abc',
  '__host-entrada',
  'Host-entrada',
  '__Host-entrada ',
])('a cookie named %j is ignored', (name) => {
  const cookie = writeSessionKey(createSessionKey())
  const found = readSessionCookies(`${name}=${cookie}`)
  expect(found).toEqual(name.trim() === '__Host-entrada' ? [cookie] : [])
})
