import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { createSandbox } from '../../sandbox/sandbox.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada, type Entrada } from '../../support/entrada.ts'
import { aScene, signedIn } from '../../support/scene.ts'

const PAST_EXPIRY = 3 * 3600

const MOMENTS = [
  'before the vault is read',
  'after the vault is read',
  'when the token endpoint is called',
  'when the token endpoint has responded',
  'before the vault is written',
  'when a write to the vault is lost',
  'after the vault is written',
] as const

type Moment = (typeof MOMENTS)[number]

/** An Entrada whose session objects die once, at the given moment of a refresh. */
function interrupted(moment: Moment): { entrada: Entrada; arm(): void; hits(): number } {
  const sandbox = createSandbox()
  let armed = false
  let hits = 0
  const at = (now: Moment) => {
    if (!armed || now !== moment) return false
    armed = false
    hits += 1
    entrada.platform.objects.SESSIONS.crash()
    return true
  }
  const entrada = anEntrada({
    sandbox,
    hosts: {
      [sandbox.hosts.login]: async (request) => {
        const isToken = request.url.endsWith('/token')
        if (isToken) at('when the token endpoint is called')
        const response = await sandbox.handlers.login(request)
        if (isToken) at('when the token endpoint has responded')
        return response
      },
    },
  })
  const { vault } = entrada.platform
  const { get, put } = vault
  vault.get = async (...args: Parameters<typeof get>) => {
    at('before the vault is read')
    const value = await Reflect.apply(get, vault, args)
    at('after the vault is read')
    return value
  }
  vault.put = async (...args: Parameters<typeof put>) => {
    at('before the vault is written')
    if (at('when a write to the vault is lost')) return
    await Reflect.apply(put, vault, args)
    at('after the vault is written')
  }
  return {
    entrada,
    arm: () => {
      armed = true
    },
    hits: () => hits,
  }
}

async function people(browser: Browser): Promise<string | undefined> {
  const response = await browser.fetch('/.entrada/session')
  expect(response.status).toBe(200)
  return (await response.json<{ features: Record<string, string> }>()).features['people']
}

describe('an object that crashes', () => {
  test.each(MOMENTS)(
    '%s loses neither the session nor the grant [requirement 45]',
    async (moment) => {
      const { entrada, arm, hits } = interrupted(moment)
      const browser = await signedIn(entrada)
      for (let round = 0; round < 3; round++) {
        await clock.advance(PAST_EXPIRY)
        arm()
        expect(await people(browser)).toBe('consent_needed')
        expect(hits()).toBe(round + 1)
        // The answer arrived before the vault was written, so its refresh token is the next one sent.
        const { journal, entra } = entrada.sandbox
        const sent = journal.redemptions('refresh_token').at(-1)?.form.get('refresh_token')
        const given = entra.minted.refreshTokens.at(-2)
        if (moment.includes('writ')) expect(sent).toBe(given)
        await clock.advance(PAST_EXPIRY)
        expect(await people(browser)).toBe('consent_needed')
      }
    },
  )

  test('lets the waiting requests share the next attempt', async () => {
    const { entrada, arm } = interrupted('when the token endpoint has responded')
    const browser = await signedIn(entrada)
    await clock.advance(PAST_EXPIRY)
    arm()
    const answers = await Promise.all(Array.from({ length: 20 }, () => people(browser)))
    expect(new Set(answers)).toEqual(new Set(['consent_needed']))
    expect(entrada.sandbox.journal.redemptions('refresh_token')).toHaveLength(2)
  })
})

test('a vault that hangs delays no request for long', async () => {
  const entrada = anEntrada()
  const browser = await signedIn(entrada)
  entrada.platform.vault.bend({ hangs: ['get', 'put'] })
  await clock.advance(PAST_EXPIRY)
  const started = clock.now()
  expect(await clock.runOut(people(browser), 30)).toBe('consent_needed')
  expect(clock.now() - started).toBeLessThan(10_000)
})

test('a Retry-After for one session applies to the user’s other sessions', async () => {
  const entrada = anEntrada()
  const [first, second, other] = [
    entrada.browser(),
    entrada.browser('198.51.100.8'),
    entrada.browser('198.51.100.9'),
  ]
  await first.signIn(CAST.adele.userPrincipalName)
  await second.signIn(CAST.adele.userPrincipalName)
  await other.signIn(CAST.alex.userPrincipalName)
  entrada.sandbox.faults.set('entra.loop_detected', { times: 1 })
  expect(await people(first)).toBe('unavailable')
  const before = entrada.sandbox.journal.redemptions('refresh_token').length
  expect(await people(second)).toBe('unavailable')
  expect(entrada.sandbox.journal.redemptions('refresh_token').length).toBe(before)
  expect(await people(other)).toBe('consent_needed')
  await clock.advance(160)
  expect(await people(second)).toBe('consent_needed')
})

describe('a failed refresh is logged for the operator [requirement 100]', () => {
  test.each([
    ['entra.session_revoked', 'refresh_refused', 50173],
    ['entra.conditional_access', 'refresh_refused', 50076],
    ['entra.wrong_secret', 'client_credentials_refused', 7000215],
  ] as const)(
    '%s as %s, with Microsoft’s number and correlation id',
    async (fault, event, aadsts) => {
      const entrada = anEntrada()
      const browser = await signedIn(entrada)
      entrada.sandbox.faults.set(fault)
      await browser.fetch('/.entrada/session')
      expect(entrada.logs.events()).toContainEqual(
        expect.objectContaining({
          event,
          aadsts,
          userId: CAST.adele.id,
          correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        }),
      )
    },
  )
})

test('storage and logs contain no token, code, name or address after a visit with every feature [requirement 36] [requirement 39]', async () => {
  const entrada = anEntrada()
  entrada.sandbox.entra.grantAdminConsent([
    'User.Read',
    'People.Read',
    'User.ReadBasic.All',
    'Files.Read.All',
  ])
  const browser = entrada.browser()
  await browser.open('/.entrada/login?login_hint=adele.vance%40contoso.example')
  await browser.submit({ button: ['account', CAST.adele.userPrincipalName] })
  if (browser.page.url.origin !== entrada.origin) {
    await browser.submit({ button: ['decision', 'accept'] })
  }
  await browser.fetch('/.entrada/people?q=megan')
  await browser.fetch('/.entrada/session')
  await browser.fetch('/echo?question=what')
  // What was found is stored after the answer.
  expect(await entrada.platform.settle()).toEqual([])
  const found = entrada.platform.objects.LOOKUPS.hosts.flatMap(({ disk }) => [...disk.contents()])
  expect(found.some((text) => text.startsWith('v1.'))).toBe(true)
  const { codes, refreshTokens, idTokens } = entrada.sandbox.entra.minted
  const canaries = [
    ...codes,
    ...refreshTokens,
    ...idTokens,
    ...entrada.sandbox.accessTokens.minted,
    ...entrada.sandbox.registration.clientSecrets,
    browser.cookies.get('__Host-entrada')?.value ?? '-',
    'adele.vance',
    'Adele Vance',
    'Megan Bowen',
    'megan',
    'what',
  ]
  expect(canaries.length).toBeGreaterThan(12)
  const places = { storage: entrada.platform.dump(), log: entrada.logs.text }
  for (const [place, text] of Object.entries(places)) {
    expect(text.length).toBeGreaterThan(100)
    for (const canary of canaries) {
      expect([place, canary, text.includes(canary)]).toEqual([place, canary, false])
    }
  }
  for (const line of entrada.logs.text.trim().split('\n')) {
    expect(JSON.parse(line)).toHaveProperty('event')
  }
})

test('of an error the log has the class alone, because messages quote their input [requirement 39]', async () => {
  const { entrada, browser } = await aScene({
    chat: ({ url }) => {
      if (!url.includes('/c/7')) return new Response('hello')
      throw new TypeError('cannot reach /c/7?code=a-code', { cause: new Error('a-cause') })
    },
  })
  const response = await browser.fetch('/c/7?code=a-code')
  expect(response.headers.get('entrada-error')).toBe('origin_unreachable')
  expect(entrada.logs.events('request_failed')).toMatchObject([{ cause: 'TypeError' }])
  await entrada.fetch('/oauth/openid/callback?code=a-code&state=a-state')
  expect(entrada.logs.events('request_refused')).toMatchObject([{ code: 'sign_in_expired' }])
  expect(entrada.logs.text).not.toMatch(/a-code|a-state|a-cause/)
})
