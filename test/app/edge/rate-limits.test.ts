import { describe, expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../../sandbox/directory/cast.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada, type Entrada } from '../../support/entrada.ts'
import { aChat, answerTo, authorizeUrl } from '../provider/fixture.ts'
import { HOME } from '../../support/addresses.ts'
import { signedIn } from '../../support/scene.ts'

const PAGE = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', accept: 'text/html' }
const LIMITS = JSON.stringify({
  login: { perMinute: 3 },
  callback: { perMinute: 3 },
  notice: { perMinute: 3 },
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

const AUTHORIZE = authorizeUrl().slice(HOME.length)

describe('before sign-in, requests are counted by address [requirement 95]', () => {
  test.each([
    '/.entrada/login',
    '/.entrada/consent?feature=sign_in',
    '/oauth/openid/callback?state=x',
    '/.entrada/frontchannel-logout?sid=x',
  ])('on %s: the fourth in a minute gets 429 with Retry-After', async (path) => {
    const entrada = anEntrada({ settings: { RATE_LIMITS: LIMITS } })
    const found = await statuses(4, () => entrada.fetch(path, { headers: PAGE }))
    expect(found.slice(0, 3)).not.toContain(429)
    expect(found[3]).toBe(429)
    const refused = await entrada.fetch(path, { headers: PAGE })
    expect(refused.headers.get('entrada-error')).toBe('rate_limited')
    const seconds = Number(refused.headers.get('retry-after'))
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(60)
    await clock.advance(seconds)
    expect((await entrada.fetch(path, { headers: PAGE })).status).not.toBe(429)
  })

  test.each(['x-forwarded-for', 'x-real-ip', 'forwarded', 'true-client-ip'])(
    'whatever a client writes into %s',
    async (header) => {
      const entrada = anEntrada({ settings: { RATE_LIMITS: LIMITS } })
      let address = 0
      const found = await statuses(4, () => {
        address += 1
        const headers = { ...PAGE, [header]: `203.0.113.${address}` }
        return entrada.fetch('/.entrada/login', { headers })
      })
      expect(found).toEqual([302, 302, 302, 429])
    },
  )

  test('one address does not use up another’s limit', async () => {
    const entrada = anEntrada({ settings: { RATE_LIMITS: LIMITS } })
    const flood = entrada.browser('203.0.113.66')
    for (let index = 0; index < 6; index++) await flood.open(`${entrada.origin}/.entrada/login`)
    expect(flood.page.status).toBe(429)
    await entrada.browser('203.0.113.67').signIn(CAST.adele.userPrincipalName)
  })

  test('addresses of one IPv6 network of 64 bits count together, however they are written', async () => {
    const entrada = anEntrada({ settings: { RATE_LIMITS: LIMITS } })
    const statusFrom = async (address: string) =>
      (await entrada.browser(address).open('/.entrada/login')).status
    const one = ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:0DB8:0001:0002:0:0:0:3']
    for (const address of one) expect(await statusFrom(address)).not.toBe(429)
    expect(await statusFrom('2001:db8:1:2:3:4:5:6')).toBe(429)
    expect(await statusFrom('2001:db8:1:3::1')).not.toBe(429)
    expect(await statusFrom('2001:db8::1')).not.toBe(429)
  })
})

describe('requests that begin no sign-in do not use up the limit of an address', () => {
  const IMAGE = { 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image', accept: 'image/*' }
  const FRAME = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe', accept: 'text/html' }

  test.each([
    ['images of the sign-in', '/.entrada/login', IMAGE],
    ['frames of the sign-in', '/.entrada/login', FRAME],
    ['prefetches of the sign-in', '/.entrada/login', { ...PAGE, 'sec-purpose': 'prefetch' }],
    ['programs asking for the sign-in', '/.entrada/login', {}],
    ['images of a consent', '/.entrada/consent?feature=sign_in', IMAGE],
    ['images of the check', '/.entrada/check', IMAGE],
    ['sign-out notices', '/.entrada/frontchannel-logout?sid=x', FRAME],
    ['callbacks without a sign-in', '/oauth/openid/callback?state=x&code=y', PAGE],
    ['authorization requests in frames', AUTHORIZE, FRAME],
    ['silent authorization requests', `${AUTHORIZE}&prompt=none`, PAGE],
    ['authorization requests that lead to the sign-in', AUTHORIZE, PAGE],
  ])('%s', async (_what, path, headers) => {
    const { entrada } = aChat([], { settings: { RATE_LIMITS: LIMITS } })
    await statuses(30, () => entrada.fetch(path, { headers }))
    const page = await entrada.browser().signIn(CAST.adele.userPrincipalName)
    expect(page.url.origin).toBe(HOME)
  })

  test('sign-ins do not use up the limit of sign-outs', async () => {
    const entrada = anEntrada({ settings: { RATE_LIMITS: LIMITS } })
    await statuses(10, () => entrada.fetch('/.entrada/login', { headers: PAGE }))
    const notice = await entrada.fetch('/.entrada/frontchannel-logout?sid=x', { headers: FRAME })
    expect(notice.status).toBe(200)
  })

  test('back-channel notices share the limit of the others', async () => {
    const entrada = anEntrada({ settings: { RATE_LIMITS: LIMITS } })
    const send = () => entrada.fetch('/.entrada/backchannel-logout', { method: 'POST', body: 'x' })
    expect(await statuses(4, send)).toEqual([400, 400, 400, 429])
  })

  test('sixty people sign in at the chat through the provider within one minute', async () => {
    const { entrada } = aChat()
    const people = [CAST.adele, CAST.alex, CAST.megan]
    for (let index = 0; index < 60; index++) {
      const browser = entrada.browser('198.51.100.1')
      await browser.signIn(people[index % 3]?.userPrincipalName ?? '', '/oauth/openid')
      expect(browser.page.status).toBe(200)
    }
  }, 60_000)
})

describe('a rate limit does not invalidate an authorization code', () => {
  test('the callback of a sign-in in progress is served, whatever others send meanwhile', async () => {
    const entrada = anEntrada({ settings: { RATE_LIMITS: LIMITS } })
    const browser = entrada.browser()
    await browser.open('/')
    const bogus = () => entrada.fetch('/oauth/openid/callback?state=x&code=y', { headers: PAGE })
    expect((await statuses(10, bogus)).at(-1)).toBe(429)
    await browser.submit({ button: ['account', CAST.adele.userPrincipalName] })
    if (browser.page.url.origin !== HOME) await browser.submit({ button: ['decision', 'accept'] })
    expect([browser.page.status, browser.page.url.href]).toEqual([200, `${HOME}/`])
  })

  test('a repeated callback is redeemed only as often as the limit allows', async () => {
    const entrada = anEntrada({ settings: { RATE_LIMITS: LIMITS } })
    const browser = entrada.browser()
    await browser.open('/')
    const state = browser.page.url.searchParams.get('state') ?? ''
    const attempt = browser.cookies.all.find(({ name }) => name.startsWith('__Host-entrada-login'))
    const cookie = `${attempt?.name}=${attempt?.value}`
    const callback = `/oauth/openid/callback?state=${state}&code=made-up`
    const send = () => entrada.fetch(callback, { headers: { ...PAGE, cookie } })
    const found = await statuses(10, send)
    expect(found.indexOf(429)).toBe(4)
    expect(entrada.sandbox.journal.redemptions('authorization_code')).toHaveLength(4)
    const refused = await send()
    expect([refused.status, refused.headers.getSetCookie()]).toEqual([429, []])
  })

  test('a late callback redirects a user with a session to the chat', async () => {
    const entrada = anEntrada({ settings: { RATE_LIMITS: LIMITS } })
    const browser = await signedIn(entrada)
    const bogus = '/oauth/openid/callback?state=x&code=y'
    await statuses(10, () => entrada.fetch(bogus, { headers: PAGE }))
    expect((await browser.open(bogus)).status).toBe(200)
  })
})

describe('with the Workers rate-limiting binding', () => {
  function aBinding(limit: (key: string) => boolean | Error) {
    const keys: string[] = []
    return {
      keys,
      limit: async ({ key }: { readonly key: string }) => {
        keys.push(key)
        const success = limit(key)
        if (success instanceof Error) throw success
        return { success }
      },
    }
  }

  test('the binding counts by address, and the isolate does not count', async () => {
    const RATE_LIMIT_LOGIN = aBinding((key) => !key.endsWith('66'))
    const entrada = anEntrada({ settings: { RATE_LIMITS: LIMITS }, bindings: { RATE_LIMIT_LOGIN } })
    const [bad, good] = [entrada.browser('203.0.113.66'), entrada.browser('203.0.113.67')]
    expect((await bad.open('/.entrada/login')).status).toBe(429)
    expect(bad.page.headers.get('retry-after')).toBe('60')
    for (let index = 0; index < 5; index++) {
      expect((await good.open(`${HOME}/.entrada/login`)).status).toBe(200)
    }
    expect(new Set(RATE_LIMIT_LOGIN.keys)).toEqual(
      new Set(['login 203.0.113.66', 'login 203.0.113.67']),
    )
    // Other requests are counted as before.
    const callback = () => entrada.fetch('/oauth/openid/callback?state=x', { headers: PAGE })
    expect((await statuses(4, callback))[3]).toBe(429)
  })

  test('the isolate counts while the binding does not respond', async () => {
    const RATE_LIMIT_LOGIN = aBinding(() => new Error('no answer'))
    const entrada = anEntrada({ settings: { RATE_LIMITS: LIMITS }, bindings: { RATE_LIMIT_LOGIN } })
    const found = await statuses(4, () => entrada.fetch('/.entrada/login', { headers: PAGE }))
    expect(found).toEqual([302, 302, 302, 429])
  })

  test.each([
    ['another kind of binding', {}],
    [
      'one that throws at once',
      {
        limit: () => {
          throw new Error('no answer')
        },
      },
    ],
    ['one that answers something else', { limit: async () => ({}) }],
  ])('the isolate counts beside %s', async (_what, RATE_LIMIT_LOGIN) => {
    const entrada = anEntrada({ settings: { RATE_LIMITS: LIMITS }, bindings: { RATE_LIMIT_LOGIN } })
    const found = await statuses(4, () => entrada.fetch('/.entrada/login', { headers: PAGE }))
    expect(found).toEqual([302, 302, 302, 429])
  })

  test('IPv4 addresses written as IPv6 addresses do not count together', async () => {
    const entrada = anEntrada({ settings: { RATE_LIMITS: LIMITS } })
    const statusFrom = async (address: string) =>
      (await entrada.browser(address).open(`${HOME}/.entrada/login`)).status
    for (let index = 0; index < 3; index++) await statusFrom('::ffff:203.0.113.66')
    expect(await statusFrom('203.0.113.66')).toBe(429)
    expect(await statusFrom('::FFFF:203.0.113.67')).not.toBe(429)
  })
})

describe('after sign-in, requests are counted by user [requirement 95]', () => {
  async function userOf(entrada: Entrada, who: keyof typeof CAST, address: string) {
    const browser = entrada.browser(address)
    await browser.signIn(CAST[who].userPrincipalName)
    return browser
  }

  test.each([
    '/.entrada/people?q=megan',
    `/.entrada/groups/${CAST_GROUPS.chatUsers}/members`,
    '/.entrada/files/b!x/01A',
    '/.entrada/picker/token',
  ])('on %s, wherever they are, and nobody else', async (path) => {
    const entrada = anEntrada({ settings: { RATE_LIMITS: LIMITS } })
    const here = await userOf(entrada, 'adele', '203.0.113.1')
    const there = await userOf(entrada, 'adele', '203.0.113.2')
    const other = await userOf(entrada, 'alex', '203.0.113.1')
    const init = path.endsWith('token') ? { method: 'POST', body: '{}' } : {}
    expect(await statuses(3, () => here.fetch(path, init))).not.toContain(429)
    expect(await statuses(1, () => there.fetch(path, init))).toEqual([429])
    expect(await statuses(1, () => other.fetch(path, init))).not.toContain(429)
  })

  test('on authorization codes for a chat, and not by address', async () => {
    const { entrada } = aChat([], { settings: { RATE_LIMITS: LIMITS } })
    const adele = await userOf(entrada, 'adele', '203.0.113.1')
    const alex = await userOf(entrada, 'alex', '203.0.113.2')
    const stranger = entrada.browser('203.0.113.1')
    for (let index = 0; index < 6; index++) await stranger.open(`${HOME}/.entrada/login`)
    expect(stranger.page.status).toBe(429)
    const codes = async (browser: typeof adele) =>
      (await answerTo(browser, authorizeUrl())).searchParams.has('code')
    const neighbour = entrada.tabOf(alex, '203.0.113.1')
    for (let index = 0; index < 3; index++) expect(await codes(adele)).toBe(true)
    const refused = await adele.fetch(authorizeUrl(), { redirect: 'manual' })
    expect([refused.status, refused.headers.get('entrada-error')]).toEqual([429, 'rate_limited'])
    expect(await codes(neighbour)).toBe(true)
  })

  test('on LibreChat’s own people search path as well', async () => {
    const entrada = anEntrada({ settings: { RATE_LIMITS: LIMITS, ORIGIN_PRESET: 'librechat' } })
    const browser = await userOf(entrada, 'adele', '203.0.113.1')
    const found = await statuses(4, () =>
      browser.fetch('/api/permissions/search-principals?q=megan'),
    )
    expect([found.slice(0, 3).includes(429), found[3]]).toEqual([false, 429])
  })
})
