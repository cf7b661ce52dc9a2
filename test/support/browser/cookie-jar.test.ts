import { afterEach, beforeEach, expect, test } from 'vitest'
import { clock, installClock } from '../clock.ts'
import { CookieJar, type CookieContext } from './cookie-jar.ts'

let restoreClock: () => void
beforeEach(() => {
  restoreClock = installClock()
})
afterEach(() => restoreClock())

function aContext(url: string, context: Partial<CookieContext> = {}): CookieContext {
  return {
    url: new URL(url),
    method: 'GET',
    isTopLevelNavigation: true,
    isSameSite: true,
    ...context,
  }
}

const HERE = aContext('https://chat.contoso.example/')

test('a cookie is sent to its own host only', () => {
  const jar = new CookieJar()
  jar.store('__Host-a=1; Path=/; Secure; HttpOnly', HERE)
  expect(jar.header(HERE)).toBe('__Host-a=1')
  expect(jar.header(aContext('https://sub.chat.contoso.example/'))).toBeNull()
  expect(jar.header(aContext('http://chat.contoso.example/'))).toBeNull()
})

test('a domain cookie is sent to subdomains, and longer paths come first', () => {
  const jar = new CookieJar()
  jar.store('a=1; Domain=contoso.example; Path=/', HERE)
  jar.store('b=2; Path=/deep', HERE)
  expect(jar.header(aContext('https://other.contoso.example/'))).toBe('a=1')
  expect(jar.header(aContext('https://chat.contoso.example/deep/er'))).toBe('b=2; a=1')
  expect(jar.header(aContext('https://chat.contoso.example/deeper'))).toBe('a=1')
})

test('Max-Age uses the clock and overrides Expires', async () => {
  const jar = new CookieJar()
  jar.store('a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT', HERE)
  await clock.advance(59)
  expect(jar.get('a')?.value).toBe('1')
  await clock.advance(1.1)
  expect(jar.get('a')).toBeNull()
})

test('an expired cookie deletes the stored one', () => {
  const jar = new CookieJar()
  jar.store('a=1', HERE)
  jar.store('a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT', HERE)
  expect(jar.all).toEqual([])
})

test.each([
  ['a link on another site', { isSameSite: false }, 'lax=1; none=1'],
  ['a form on another site', { isSameSite: false, method: 'POST' }, 'none=1'],
  ['an image on another site', { isSameSite: false, isTopLevelNavigation: false }, 'none=1'],
  ['its own page', { isTopLevelNavigation: false }, 'strict=1; lax=1; none=1'],
])('%s sends the cookies that SameSite allows', (_situation, context, header) => {
  const jar = new CookieJar()
  jar.store('strict=1; SameSite=Strict', HERE)
  jar.store('lax=1', HERE)
  jar.store('none=1; SameSite=None; Secure', HERE)
  expect(jar.header(aContext('https://chat.contoso.example/', context))).toBe(header)
})

test('a cross-site subresource response cannot set a SameSite cookie', () => {
  const jar = new CookieJar()
  jar.store('a=1', { ...HERE, isSameSite: false, isTopLevelNavigation: false })
  expect(jar.all).toEqual([])
})

test.each([
  ['__Host-a=1; Path=/', /needs Secure/],
  ['__Host-a=1; Secure; Path=/; Domain=contoso.example', /forbids Domain/],
  ['__Host-a=1; Secure; Path=/deep', /needs Path=\//],
  ['__Host-Http-a=1; Secure; Path=/', /needs HttpOnly/],
  ['a=1; SameSite=None', /needs Secure/],
  ['a=1; Domain=fabrikam.example', /another host/],
  [`a=${'x'.repeat(4096)}`, /4096/],
])('%s throws, because a browser would drop it', (header, reason) => {
  expect(() => new CookieJar().store(header, HERE)).toThrow(reason)
})

test('loopback counts as secure', () => {
  const jar = new CookieJar()
  const loopback = aContext('http://localhost:8787/')
  jar.store('__Host-a=1; Secure; Path=/', loopback)
  expect(jar.header(loopback)).toBe('__Host-a=1')
})
