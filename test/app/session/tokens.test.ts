import { describe, expect, test } from 'vitest'
import type { FaultName } from '../../sandbox/faults.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada, type Entrada, type TestSettings } from '../../support/entrada.ts'
import { aScene, signedIn, cookieHeaderOf, problemOf } from '../../support/scene.ts'

const PAST_EXPIRY = 3 * 3600

interface SessionAnswer {
  readonly user: { readonly id: string }
  readonly features: Readonly<Record<string, string>>
}

/** Sends a request that needs a Graph token. */
async function features(browser: Browser): Promise<SessionAnswer['features']> {
  const response = await browser.fetch('/.entrada/session')
  expect(response.status).toBe(200)
  return (await response.json<SessionAnswer>()).features
}

async function status(browser: Browser): Promise<number> {
  return (await browser.fetch('/.entrada/session')).status
}

function refreshes(entrada: Entrada) {
  return entrada.sandbox.journal.redemptions('refresh_token')
}

describe('one refresh serves all waiting requests', () => {
  test('100 parallel requests with an expired access token make one token call [requirement 41] [requirement 42]', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    await features(browser)
    await clock.advance(PAST_EXPIRY)
    const before = refreshes(entrada).length
    const answers = await Promise.all(Array.from({ length: 100 }, () => features(browser)))
    expect(refreshes(entrada).length - before).toBe(1)
    expect(new Set(answers.map((one) => JSON.stringify(one))).size).toBe(1)
  })

  test('each of them continues with the new token, and none with the expired one [requirement 42]', async () => {
    const { entrada, browser, sandbox } = await aScene({
      scopes: ['User.Read', 'People.Read', 'User.ReadBasic.All'],
      // A check of the account would renew the token before anybody waits for it.
      settings: { MEMBERSHIP_CHECK_SECONDS: '604800' },
    })
    const search = (text: string) => browser.fetch(`/.entrada/people?q=${text}`)
    expect((await search('adele')).status).toBe(200)
    await clock.advance(PAST_EXPIRY)
    const before = refreshes(entrada).length
    const asked = sandbox.journal.to('graph').length
    const texts = ['megan', 'alex', 'lee', 'nestor', 'isaiah', 'joni', 'pradeep', 'diego']
    const answers = await Promise.all(texts.map(search))
    expect(answers.map((answer) => answer.status)).toEqual(texts.map(() => 200))
    expect(refreshes(entrada).length - before).toBe(1)
    const calls = sandbox.journal.to('graph').slice(asked)
    expect(calls.length).toBeGreaterThanOrEqual(texts.length)
    expect(new Set(calls.map(({ headers }) => headers.get('authorization')))).toEqual(
      new Set([`Bearer ${sandbox.accessTokens.minted.at(-1)}`]),
    )
  })

  test('requests in two data centres share one refresh as well', async () => {
    const here = anEntrada()
    const there = anEntrada({ share: here })
    const browser = await signedIn(here)
    const tab = there.tabOf(browser)
    await clock.advance(PAST_EXPIRY)
    const before = refreshes(here).length
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => features(index % 2 === 0 ? browser : tab)),
    )
    expect(refreshes(here).length - before).toBe(1)
  })

  test('a valid token is not requested again, also after the object was evicted', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    await features(browser)
    const before = refreshes(entrada).length
    for (let minutes = 0; minutes < 50; minutes += 10) {
      await clock.advance(600)
      entrada.platform.evict()
      await features(browser)
    }
    expect(refreshes(entrada).length).toBe(before)
  })
})

test.each<[string, TestSettings]>([
  ['every refresh', {}],
  ['every refresh that sends claims as well', { OPENID_CLIENT_CAPABILITIES: 'cp1' }],
])(
  '%s names the scope of exactly one resource [requirement 44] [requirement 48]',
  async (_, settings) => {
    const entrada = anEntrada({ settings })
    const browser = await signedIn(entrada)
    await features(browser)
    const [refresh] = refreshes(entrada)
    expect(refresh?.form.get('scope')).toBe(
      'https://graph.microsoft.com/.default openid profile offline_access',
    )
  },
)

test('a resource without consent fails alone; the session and its other tokens go on [requirement 48]', async () => {
  const { browser, sandbox } = await aScene({
    scopes: ['User.Read', 'People.Read', 'User.ReadBasic.All', 'Files.Read.All'],
  })
  const response = await browser.fetch('/.entrada/picker/token', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resource: sandbox.hosts.oneDrive }),
  })
  const { code } = await problemOf(response)
  expect(code).toMatch(/consent_required$/)
  expect((await browser.fetch('/.entrada/people?q=megan')).status).toBe(200)
  expect((await features(browser))['people']).toBe('on')
})

test('no request to the token endpoint carries an Origin, which Entra refuses (AADSTS9002326)', async () => {
  const entrada = anEntrada()
  const browser = await signedIn(entrada)
  await features(browser)
  for (const { headers } of entrada.sandbox.journal.redemptions()) {
    expect(headers.get('origin')).toBeNull()
  }
})

test.each<[string, TestSettings]>([
  ['', {}],
  [', also where its account is checked once a week', { MEMBERSHIP_CHECK_SECONDS: '604800' }],
])(
  'a session outlives its access tokens without an interruption%s [requirement 30]',
  async (_, settings) => {
    const entrada = anEntrada({ settings })
    const browser = await signedIn(entrada)
    for (let hours = 0; hours < 20; hours += 2) {
      await clock.advance(2 * 3600)
      expect(await features(browser)).not.toHaveProperty('people', 'unavailable')
    }
    expect(refreshes(entrada).length).toBeGreaterThanOrEqual(9)
  },
)

describe('a token endpoint that', () => {
  test('hangs fails its callers within the time limit and delays no later request [requirement 43]', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    entrada.sandbox.faults.set('entra.token_hang')
    const waiting = Promise.all([features(browser), features(browser)])
    const started = clock.now()
    for (const answer of await clock.runOut(waiting, 60)) {
      expect(answer['people']).toBe('unavailable')
    }
    expect(clock.now() - started).toBeLessThanOrEqual(20_000)
    entrada.sandbox.faults.clear()
    expect((await features(browser))['people']).not.toBe('unavailable')
  })

  test.each([
    'entra.outage',
    'entra.token_server_error',
    'entra.token_malformed',
    'entra.token_throttled',
  ] satisfies FaultName[])(
    'suffers %s ends no session, and valid access tokens stay in use [requirement 46]',
    async (fault) => {
      const entrada = anEntrada()
      const browser = await signedIn(entrada)
      const good = await features(browser)
      // The token is due for renewal but not expired, so the outage causes no error.
      await clock.advance(58 * 60)
      entrada.sandbox.faults.set(fault)
      expect(await features(browser)).toEqual(good)
      await clock.advance(PAST_EXPIRY)
      expect((await features(browser))['people']).toBe('unavailable')
      entrada.sandbox.faults.clear()
      await clock.advance(60)
      expect(await features(browser)).toEqual(good)
    },
  )

  test('sends Retry-After gets no request until then', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    entrada.sandbox.faults.set('entra.token_throttled', { retryAfterSeconds: 120, times: 1 })
    await features(browser)
    const before = refreshes(entrada).length
    for (let seconds = 0; seconds < 110; seconds += 10) {
      await clock.advance(10)
      expect((await features(browser))['people']).toBe('unavailable')
    }
    expect(refreshes(entrada).length).toBe(before)
    await clock.advance(15)
    expect((await features(browser))['people']).not.toBe('unavailable')
  })

  test.each([
    ['10.5 seconds', 10.5, 9, 12],
    ['999999999 seconds, limited to an hour', 999_999_999, 3500, 3600],
  ])('sends a Retry-After of %s', async (_what, retryAfterSeconds, paused, over) => {
    const entrada = anEntrada({ settings: { SESSION_IDLE_SECONDS: '86400' } })
    const browser = await signedIn(entrada)
    entrada.sandbox.faults.set('entra.token_throttled', { retryAfterSeconds, times: 1 })
    await features(browser)
    const before = refreshes(entrada).length
    await clock.advance(paused)
    await features(browser)
    expect(refreshes(entrada).length).toBe(before)
    await clock.advance(over - paused + 1)
    await features(browser)
    expect(refreshes(entrada).length).toBeGreaterThan(before)
  })

  test('detects a loop (AADSTS50196) gets no request until its block has ended', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    entrada.sandbox.faults.set('entra.loop_detected', { times: 1 })
    await features(browser)
    const before = refreshes(entrada).length
    await clock.advance(100)
    await features(browser)
    expect(refreshes(entrada).length).toBe(before)
    await clock.advance(60)
    expect((await features(browser))['people']).not.toBe('unavailable')
    expect(await status(browser)).toBe(200)
  })

  test.each(['entra.wrong_secret', 'entra.secret_expired'] satisfies FaultName[])(
    'refuses our client credentials (%s) ends no session',
    async (fault) => {
      const entrada = anEntrada()
      const browser = await signedIn(entrada)
      entrada.sandbox.faults.set(fault)
      expect((await features(browser))['people']).toBe('unavailable')
      entrada.sandbox.faults.clear()
      expect((await features(browser))['people']).not.toBe('unavailable')
    },
  )
})

test('the second client secret is used when the first is no longer valid', async () => {
  const entrada = anEntrada({
    settings: {
      OPENID_CLIENT_SECRET: 'rotated-out-already,sandbox~client.secret/with+signs%and:colon',
    },
  })
  const browser = await signedIn(entrada)
  expect((await features(browser))['people']).not.toBe('unavailable')
  await clock.advance(PAST_EXPIRY)
  const before = refreshes(entrada).length
  await features(browser)
  // The accepted secret is tried first from then on.
  expect(refreshes(entrada).length - before).toBe(1)
})

describe('the session ends when the refresh token is refused permanently [requirement 46]', () => {
  test.each([
    'entra.session_revoked',
    'entra.grant_expired',
    'entra.sign_in_frequency',
    'entra.user_disabled',
  ] satisfies FaultName[])('%s: out at the next access token', async (fault) => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    await features(browser)
    entrada.sandbox.faults.set(fault)
    expect(await status(browser)).toBe(200)
    await clock.advance(PAST_EXPIRY)
    await browser.fetch('/.entrada/session')
    expect(await status(browser)).toBe(401)
    expect([...entrada.platform.vault.stored()]).toEqual([])
  })
})

describe('an account that is disabled, in a chat that needs no token', () => {
  async function browse(browser: Browser, origin: string, hours: number): Promise<number> {
    let last = 0
    for (let minutes = 0; minutes < hours * 60; minutes += 20) {
      const page = await browser.open(`${origin}/echo?minute=${minutes}`)
      last = page.hops[0]?.status ?? 0
      if (last !== 200) break
      await clock.advance(20 * 60)
    }
    return last
  }

  test.each(['entra.user_disabled', 'entra.session_revoked'] satisfies FaultName[])(
    '%s: is signed out within a token lifetime',
    async (fault) => {
      const entrada = anEntrada()
      const browser = await signedIn(entrada)
      expect(await browse(browser, entrada.origin, 3)).toBe(200)
      entrada.sandbox.faults.set(fault)
      expect(await browse(browser, entrada.origin, 4)).toBe(302)
    },
  )

  test('is rechecked once per check time, not with every page', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    expect(await browse(browser, entrada.origin, 12)).toBe(200)
    // Of 36 pages. If the clock jumps during a recheck, its result is late and the recheck is repeated.
    expect(refreshes(entrada).length).toBeLessThanOrEqual(18)
    expect(refreshes(entrada).length).toBeGreaterThanOrEqual(6)
  })

  test('stays signed in while Microsoft does not answer, and no page waits for long', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    entrada.sandbox.faults.set('entra.token_hang')
    await clock.advance(PAST_EXPIRY)
    const page = await clock.runOut(browser.open(`${entrada.origin}/echo`), 10)
    expect([page.status, page.hops.length]).toEqual([200, 1])
    entrada.sandbox.faults.set('entra.outage')
    await clock.advance(60)
    expect(await browse(browser, entrada.origin, 3)).toBe(200)
  })
})

test('a refresh that ends after a sign-out does not restore the session [requirement 33]', async () => {
  const entrada = anEntrada()
  const browser = await signedIn(entrada)
  entrada.sandbox.faults.set('entra.token_slow', { delayMs: 5000, times: 1 })
  const cookie = cookieHeaderOf(browser)
  const refreshing = entrada.fetch('/.entrada/session', { headers: { cookie } })
  await clock.advance(1)
  await browser.fetch('/.entrada/logout', { method: 'POST' })
  await clock.runOut(refreshing, 30)
  expect((await entrada.fetch('/.entrada/session', { headers: { cookie } })).status).toBe(401)
  expect([...entrada.platform.vault.stored()]).toEqual([])
  const left = entrada.platform.objects.SESSIONS.hosts.flatMap((host) => [...host.disk.contents()])
  expect(left.join('')).not.toMatch(/v1\.[\w-]+\./)
})

test('a refresh token that is written to KV during a sign-out does not stay there [requirement 33]', async () => {
  const entrada = anEntrada()
  const browser = await signedIn(entrada)
  const { vault } = entrada.platform
  const { put } = vault
  const [reached, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  vault.put = async (...args: Parameters<typeof put>) => {
    reached.resolve()
    await go.promise
    await Reflect.apply(put, vault, args)
  }
  const cookie = cookieHeaderOf(browser)
  const refreshing = entrada.fetch('/.entrada/session', { headers: { cookie } })
  await reached.promise
  await browser.fetch('/.entrada/logout', { method: 'POST' })
  go.resolve()
  await refreshing
  expect((await entrada.fetch('/.entrada/session', { headers: { cookie } })).status).toBe(401)
  expect([...vault.stored()]).toEqual([])
})

describe('with OPENID_REUSE_TOKENS off', () => {
  test('no token is stored, and the Microsoft features are off', async () => {
    const entrada = anEntrada({
      settings: { OPENID_REUSE_TOKENS: 'false', ENABLE_SHAREPOINT_FILEPICKER: 'false' },
    })
    const browser = await signedIn(entrada)
    expect(await features(browser)).toEqual({ people: 'off', groups: 'off', files: 'off' })
    expect([...entrada.platform.vault.stored()]).toEqual([])
    expect(refreshes(entrada)).toEqual([])
    expect(entrada.sandbox.entra.minted.refreshTokens).toEqual([])
  })
})
