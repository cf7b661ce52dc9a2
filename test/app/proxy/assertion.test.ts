import { createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { CAST, CONTOSO } from '../../sandbox/directory/cast.ts'
import { CHAT_ORIGIN, aGuardedChat } from '../../support/chat-double.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada, type Entrada, type TestSettings } from '../../support/entrada.ts'
import { signedIn } from '../../support/scene.ts'

const DAY = 86_400

/** Entrada with generated keys. */
function ownKeys(settings: TestSettings = {}) {
  return aGuardedChat({ settings: { SIGNING_KEYS: null, ...settings } })
}

async function keySetOf(entrada: Entrada) {
  const response = await entrada.fetch('/.entrada/jwks.json')
  expect(response.headers.get('content-type')).toBe('application/jwk-set+json')
  return response.json<{ keys: Record<string, unknown>[] }>()
}

function assertionAt({ last }: { readonly last: Request }): string {
  return last.headers.get('entrada-assertion') ?? ''
}

async function verify(entrada: Entrada, assertion: string) {
  return jwtVerify(assertion, createLocalJWKSet(await keySetOf(entrada)), {
    issuer: 'https://chat.contoso.example',
    audience: CHAT_ORIGIN,
    algorithms: ['RS256'],
    currentDate: new Date(),
  })
}

test('the assertion verifies against the published keys and names the person [requirement 63]', async () => {
  const { entrada, chat } = ownKeys()
  const browser = await signedIn(entrada)
  await browser.fetch('/api')
  const { payload, protectedHeader } = await verify(entrada, assertionAt(chat))
  expect(protectedHeader).toMatchObject({ alg: 'RS256', kid: expect.any(String) })
  expect(payload).toMatchObject({
    sub: CAST.adele.id,
    tid: CONTOSO,
    email: 'adele.vance@contoso.example',
    name: 'Adele Vance',
    groups: [],
    roles: [],
    jti: expect.any(String),
  })
  expect((payload.exp ?? Infinity) - (payload.iat ?? 0)).toBeLessThanOrEqual(120)
})

test('the assertion is not valid for another chat [requirement 63]', async () => {
  const { entrada, chat } = ownKeys()
  const browser = await signedIn(entrada)
  await browser.fetch('/api')
  const keys = createLocalJWKSet(await keySetOf(entrada))
  const elsewhere = jwtVerify(assertionAt(chat), keys, { audience: 'https://other.example' })
  await expect(elsewhere).rejects.toMatchObject({ code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' })
})

test('the published key set contains no private key [requirement 63]', async () => {
  const { entrada } = ownKeys()
  const { keys } = await keySetOf(entrada)
  const parts = keys.map((key) => Object.keys(key).sort())
  expect(parts).toEqual([['alg', 'e', 'kid', 'kty', 'n', 'use']])
})

describe('signing', () => {
  test('happens once a minute per session, for any number of requests', async () => {
    const { entrada, chat } = ownKeys()
    const browser = await signedIn(entrada)
    await Promise.all(Array.from({ length: 20 }, async () => browser.fetch('/api')))
    await clock.advance(30)
    await browser.fetch('/api')
    const seen = new Set(chat.requests.map((request) => assertionAt({ last: request })))
    expect(seen.size).toBe(1)
    await clock.advance(31)
    await browser.fetch('/api')
    expect(seen).not.toContain(assertionAt(chat))
  })

  test('happens once when many requests find the assertion too old at the same moment', async () => {
    // The session is still cached, so all requests reach the signer at the same time.
    const { entrada, chat } = ownKeys({ SESSION_CHECK_SECONDS: '300' })
    const browser = await signedIn(entrada)
    await clock.advance(61)
    chat.requests.length = 0
    await Promise.all(Array.from({ length: 20 }, async () => browser.fetch('/api')))
    const seen = new Set(chat.requests.map((request) => assertionAt({ last: request })))
    expect([chat.requests.length, seen.size]).toEqual([20, 1])
  })

  test('leaves every used assertion valid for at least a minute', async () => {
    const { entrada, chat } = ownKeys()
    const browser = await signedIn(entrada)
    for (let second = 0; second < 130; second += 7) {
      await browser.fetch('/api')
      const { payload } = await verify(entrada, assertionAt(chat))
      expect(payload.exp ?? 0).toBeGreaterThanOrEqual(Date.now() / 1000 + 59)
      await clock.advance(7)
    }
  })

  test('never shares an assertion between people or between sessions of one person', async () => {
    const { entrada, chat } = ownKeys()
    const subjects: unknown[] = []
    const ids: unknown[] = []
    for (const person of [CAST.adele, CAST.megan, CAST.adele]) {
      const browser = entrada.browser()
      await browser.signIn(person.userPrincipalName)
      await browser.fetch('/api')
      const { payload } = await verify(entrada, assertionAt(chat))
      subjects.push(payload.sub)
      ids.push(payload.jti)
    }
    expect(subjects).toEqual([CAST.adele.id, CAST.megan.id, CAST.adele.id])
    expect(new Set(ids).size).toBe(3)
  })

  test('calls the key object once in ten minutes, not per signature', async () => {
    const { entrada } = ownKeys()
    const browser = await signedIn(entrada)
    for (let minute = 0; minute < 9; minute++) {
      await browser.fetch('/api')
      await clock.advance(61)
    }
    expect(entrada.platform.count('KEYS')).toBe(1)
  })

  test('forwards nothing without a key [requirement 58]', async () => {
    const { entrada, chat } = ownKeys()
    const browser = entrada.browser()
    entrada.platform.objects.KEYS.bend({ fails: 'unreachable' })
    await browser.signIn(CAST.adele.userPrincipalName).catch(() => undefined)
    const response = await browser.fetch('/api')
    expect(response.status).toBe(500)
    expect(chat.requests).toEqual([])
  })

  test('uses cached keys while the key object does not answer', async () => {
    const { entrada, chat } = ownKeys()
    const browser = await signedIn(entrada)
    await browser.fetch('/api')
    entrada.platform.objects.KEYS.bend({ fails: 'unreachable' })
    await clock.advance(1800)
    expect((await browser.fetch('/api')).status).toBe(200)
    entrada.platform.objects.KEYS.bend({})
    await expect(verify(entrada, assertionAt(chat))).resolves.toBeDefined()
  })
})

describe('generated keys', () => {
  test('rotate, and every signature verifies with the key set of a day ago [requirement 63]', async () => {
    const { entrada, chat } = ownKeys({
      SESSION_MAX_SECONDS: '90 * 86400',
      SESSION_IDLE_SECONDS: '90 * 86400',
    })
    const browser = await signedIn(entrada)
    const kids = new Set<string>()
    let yesterdays = await keySetOf(entrada)
    for (let day = 0; day < 70; day++) {
      await clock.advance(DAY)
      const { status } = await browser.fetch('/api')
      expect(status).toBe(200)
      const verified = await jwtVerify(assertionAt(chat), createLocalJWKSet(yesterdays), {
        currentDate: new Date(),
      })
      kids.add(verified.protectedHeader.kid ?? '')
      yesterdays = await keySetOf(entrada)
    }
    expect(kids.size).toBe(3)
  }, 30_000)

  test('rotate, and an assertion of the old key verifies until it expires [requirement 63]', async () => {
    const { entrada, chat } = ownKeys({
      SESSION_MAX_SECONDS: '90 * 86400',
      SESSION_IDLE_SECONDS: '90 * 86400',
    })
    const browser = await signedIn(entrada)
    await browser.fetch('/api')
    await clock.advance(28 * DAY)
    // Publishes the next key, two days before it signs.
    await keySetOf(entrada)
    await clock.advance(2 * DAY - 30)
    await browser.fetch('/api')
    const last = assertionAt(chat)
    await clock.advance(60)
    await browser.fetch('/api')
    // A data centre without cached keys asks their object.
    const elsewhere = anEntrada({ share: entrada })
    const [before, after] = [
      await verify(elsewhere, last),
      await verify(elsewhere, assertionAt(chat)),
    ].map(({ protectedHeader }) => protectedHeader.kid)
    expect(before).not.toBe(after)
  })

  test('are the same in every data centre', async () => {
    const { entrada, chat } = ownKeys()
    const elsewhere = anEntrada({ share: entrada })
    const browser = await signedIn(entrada)
    await browser.fetch('/api')
    expect(await keySetOf(elsewhere)).toEqual(await keySetOf(entrada))
    await expect(verify(elsewhere, assertionAt(chat))).resolves.toBeDefined()
  })

  test('are generated once when two data centres ask at the same time', async () => {
    const { entrada } = ownKeys()
    const elsewhere = anEntrada({ share: entrada })
    const sets = await Promise.all([keySetOf(entrada), keySetOf(elsewhere)])
    expect(sets[0]).toEqual(sets[1])
  })
})

describe('SIGNING_KEYS', () => {
  const aKey = async (kid: string) => {
    const { privateKey } = await generateKeyPair('RS256', {
      modulusLength: 2048,
      extractable: true,
    })
    return { ...(await exportJWK(privateKey)), kid }
  }

  test('the first key signs, all are published, and no object is called', async () => {
    const keys = [await aKey('2026-11'), await aKey('2026-10')]
    const { entrada, chat } = aGuardedChat({ settings: { SIGNING_KEYS: JSON.stringify({ keys }) } })
    const browser = await signedIn(entrada)
    await browser.fetch('/api')
    const { protectedHeader } = await verify(entrada, assertionAt(chat))
    expect(protectedHeader.kid).toBe('2026-11')
    const published = await keySetOf(entrada)
    expect(published.keys.map(({ kid }) => kid)).toEqual(['2026-11', '2026-10'])
    expect(entrada.platform.count('KEYS')).toBe(0)
  })

  test('an invalid key set stops Entrada and is not shown', async () => {
    const { entrada } = aGuardedChat({ settings: { SIGNING_KEYS: '{"keys":[{"kty":"EC"}]}' } })
    const response = await entrada.fetch('/')
    expect(response.status).toBe(503)
    expect(response.headers.get('entrada-error')).toBe('misconfigured')
    expect(entrada.logs.text).toContain('SIGNING_KEYS: keys.0.kty')
  })
})
