import { describe, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { clock } from '../support/clock.ts'
import { anEntrada, type Entrada } from '../support/entrada.ts'

const PAGE = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' }
const LIMITS = JSON.stringify({
  login: { perMinute: 3 },
  callback: { perMinute: 3 },
  search: { perMinute: 3 },
  download: { perMinute: 3 },
  picker: { perMinute: 3 },
})

async function statuses(times: number, ask: () => Promise<Response>): Promise<readonly number[]> {
  const found: number[] = []
  for (let index = 0; index < times; index++) {
    const response = await ask()
    found.push(response.status)
    await response.body?.cancel()
  }
  return found
}

describe('before sign-in an address is counted [bar 95]', () => {
  test.each([
    '/.entrada/login',
    '/oauth/openid/callback?state=x',
    '/.entrada/frontchannel-logout?sid=x',
    '/.entrada/oidc/authorize',
  ])('on %s: the fourth in a minute waits, and says how long', async (path) => {
    const entrada = anEntrada({ settings: { RATE_LIMITS: LIMITS } })
    const found = await statuses(4, () => entrada.fetch(path, { headers: PAGE }))
    expect(found.slice(0, 3)).not.toContain(429)
    expect(found[3]).toBe(429)
    const refused = await entrada.fetch(path, { headers: { accept: 'application/json' } })
    expect(refused.headers.get('entrada-error')).toBe('rate_limited')
    const seconds = Number(refused.headers.get('retry-after'))
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(60)
    await clock.advance(seconds)
    expect((await entrada.fetch(path, { headers: PAGE })).status).not.toBe(429)
  })

  test('one address does not use up another’s', async () => {
    const entrada = anEntrada({ settings: { RATE_LIMITS: LIMITS } })
    const flood = entrada.browser('203.0.113.66')
    for (let index = 0; index < 6; index++) await flood.open(`${entrada.origin}/.entrada/login`)
    expect(flood.page.status).toBe(429)
    await entrada.browser('203.0.113.67').signIn(CAST.adele.userPrincipalName)
  })
})

describe('after sign-in a user is counted [bar 95]', () => {
  async function userOf(entrada: Entrada, who: keyof typeof CAST, address: string) {
    const browser = entrada.browser(address)
    await browser.signIn(CAST[who].userPrincipalName)
    return browser
  }

  test.each(['/.entrada/people?q=megan', '/.entrada/files/b!x/01A', '/.entrada/picker/token'])(
    'on %s, wherever they are, and nobody else',
    async (path) => {
      const entrada = anEntrada({ settings: { RATE_LIMITS: LIMITS } })
      const here = await userOf(entrada, 'adele', '203.0.113.1')
      const there = await userOf(entrada, 'adele', '203.0.113.2')
      const other = await userOf(entrada, 'alex', '203.0.113.1')
      const init = path.endsWith('token') ? { method: 'POST', body: '{}' } : {}
      expect(await statuses(3, () => here.fetch(path, init))).not.toContain(429)
      expect(await statuses(1, () => there.fetch(path, init))).toEqual([429])
      expect(await statuses(1, () => other.fetch(path, init))).not.toContain(429)
    },
  )

  test('on LibreChat’s own path to people as well', async () => {
    const entrada = anEntrada({ settings: { RATE_LIMITS: LIMITS, ORIGIN_PRESET: 'librechat' } })
    const browser = await userOf(entrada, 'adele', '203.0.113.1')
    const found = await statuses(4, () =>
      browser.fetch('/api/permissions/search-principals?q=megan'),
    )
    expect([found.slice(0, 3).includes(429), found[3]]).toEqual([false, 429])
  })
})
