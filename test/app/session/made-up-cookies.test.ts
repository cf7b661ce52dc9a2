import { describe, expect, test } from 'vitest'
import { clock } from '../../support/clock.ts'
import { anEntrada, type Entrada } from '../../support/entrada.ts'
import { aChat, authorizeUrl } from '../provider/fixture.ts'
import { HOME, SESSION } from '../../support/addresses.ts'
import { cookieOf, signedIn, statusWith } from '../../support/scene.ts'

const PAGE = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' }
const OWN_FORM = { 'sec-fetch-site': 'same-origin', origin: HOME }

function callsOf(entrada: Entrada): number {
  return entrada.platform.count('SESSIONS')
}

/** Three well-formed cookies, the most that Entrada examines. */
function madeUp(seed: number): string {
  const one = (index: number) => {
    const id = String(seed * 3 + index).padStart(24, 'A')
    return `${SESSION}=${id}.${'B'.repeat(42)}A.${'C'.repeat(42)}A`
  }
  return [one(0), one(1), one(2)].join('; ')
}

describe('a forged session cookie costs no object call [requirement 24]', () => {
  const PATHS: readonly (readonly [method: string, path: string, headers: object])[] = [
    ['GET', '/', PAGE],
    ['GET', '/api/messages', {}],
    ['POST', '/api/messages', OWN_FORM],
    ['GET', '/.entrada/login', PAGE],
    ['GET', '/.entrada/consent?feature=people', PAGE],
    ['GET', '/oauth/openid/callback?state=x', PAGE],
    ['POST', '/.entrada/logout', OWN_FORM],
    ['GET', '/.entrada/session', {}],
    ['GET', '/.entrada/sessions', {}],
    ['POST', '/.entrada/sessions/end', OWN_FORM],
    ['GET', '/.entrada/people?q=adele', {}],
    ['POST', '/.entrada/picker/token', OWN_FORM],
    ['GET', '/.entrada/check', {}],
    ['GET', authorizeUrl().slice(HOME.length), PAGE],
    ['GET', '/.entrada/oidc/logout', PAGE],
  ]

  test.each(PATHS)('%s %s', async (method, path, headers) => {
    const { entrada } = aChat()
    const response = await entrada.fetch(path, {
      method,
      headers: { ...headers, cookie: madeUp(1) },
    })
    await response.body?.cancel()
    expect([callsOf(entrada), entrada.platform.count('USERS')]).toEqual([0, 0])
  })

  test('a real one costs none after a change of one character in its mark, secret or id', async () => {
    const entrada = anEntrada()
    const value = cookieOf(await signedIn(entrada))
    const before = callsOf(entrada)
    for (const [index, char] of [...value].entries()) {
      if (char === '.') continue
      const other = char === 'A' ? 'B' : 'A'
      const damaged = value.slice(0, index) + other + value.slice(index + 1)
      expect(await statusWith(entrada, `${SESSION}=${damaged}`)).toBe(401)
    }
    expect(callsOf(entrada)).toBe(before)
    expect(await statusWith(entrada, `${SESSION}=${value}`)).toBe(200)
  })

  test('one made with a key that has left the key ring costs none', async () => {
    const before = anEntrada()
    const cookie = `${SESSION}=${cookieOf(await signedIn(before))}`
    const OPENID_SESSION_SECRET = 'another-key-that-nothing-was-ever-marked-with'
    const after = anEntrada({ share: before, settings: { OPENID_SESSION_SECRET } })
    const calls = callsOf(after)
    expect(await statusWith(after, cookie)).toBe(401)
    expect(callsOf(after)).toBe(calls)
  })
})

describe('a cookie without a mark, from before marks existed', () => {
  const unmarked = (value: string) => value.split('.').slice(0, 2).join('.')

  test('is accepted until it expires', async () => {
    const entrada = anEntrada()
    const value = unmarked(cookieOf(await signedIn(entrada)))
    expect(value).toMatch(/^[\w-]{24}\.[\w-]{43}$/)
    expect(await statusWith(entrada, `${SESSION}=${value}`)).toBe(200)
    await clock.advance(86_400)
    expect(await statusWith(entrada, `${SESSION}=${value}`)).toBe(401)
  })

  test('costs at most 30 calls a minute when forged, and marked cookies are still accepted', async () => {
    const entrada = anEntrada()
    const marked = `${SESSION}=${cookieOf(await signedIn(entrada))}`
    const before = callsOf(entrada)
    for (let index = 0; index < 200; index++) {
      const made = `${String(index).padStart(24, 'A')}.${'B'.repeat(43)}`
      expect(await statusWith(entrada, `${SESSION}=${made}`)).toBe(401)
    }
    expect(callsOf(entrada) - before).toBeLessThanOrEqual(30)
    expect(await statusWith(entrada, marked)).toBe(200)
  })

  test('costs at most 30 calls a minute when 200 made-up ones arrive at once', async () => {
    const entrada = anEntrada()
    const cookies = Array.from(
      { length: 200 },
      (_, index) => `${SESSION}=${String(index).padStart(24, 'A')}.${'B'.repeat(43)}`,
    )
    const statuses = await Promise.all(cookies.map((cookie) => statusWith(entrada, cookie)))
    expect(new Set(statuses)).toEqual(new Set([401]))
    expect(callsOf(entrada)).toBeLessThanOrEqual(30)
  })

  test('is accepted again a minute after a flood of forged ones', async () => {
    const entrada = anEntrada()
    const value = unmarked(cookieOf(await signedIn(entrada)))
    for (let index = 0; index < 40; index++) {
      await statusWith(entrada, `${SESSION}=${String(index).padStart(24, 'A')}.${'B'.repeat(43)}`)
    }
    expect(await statusWith(entrada, `${SESSION}=${value}`)).toBe(401)
    await clock.advance(60)
    expect(await statusWith(entrada, `${SESSION}=${value}`)).toBe(200)
  })
})

describe('GET /.entrada/ready', () => {
  test('checks its dependencies at most once in ten seconds', async () => {
    const entrada = anEntrada()
    const ask = async () => (await entrada.fetch('/.entrada/ready')).status
    expect(await ask()).toBe(200)
    const once = entrada.platform.count()
    expect(once).toBeGreaterThan(0)
    expect(new Set(await Promise.all(Array.from({ length: 50 }, ask)))).toEqual(new Set([200]))
    expect(entrada.platform.count()).toBe(once)
    await clock.advance(10)
    await Promise.all(Array.from({ length: 50 }, ask))
    expect(entrada.platform.count()).toBeGreaterThan(once)
    expect(entrada.platform.count()).toBeLessThanOrEqual(2 * once)
  })

  test('reports within ten seconds that a dependency failed or recovered', async () => {
    const entrada = anEntrada()
    const ask = async () => (await entrada.fetch('/.entrada/ready')).status
    expect(await ask()).toBe(200)
    entrada.platform.objects.USERS.bend({ fails: 'overloaded' })
    await clock.advance(10)
    expect(await ask()).toBe(503)
    entrada.platform.objects.USERS.bend({})
    await clock.advance(10)
    expect(await ask()).toBe(200)
  })
})
