import { describe, expect, test, vi } from 'vitest'
import { CAST, CONTOSO } from '../../sandbox/directory/cast.ts'
import { createSandbox } from '../../sandbox/sandbox.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada, type Entrada } from '../../support/entrada.ts'
import type { KvBends } from '../../support/platform/kv-namespace.ts'
import { SealedBox, type SealContext } from '../../../src/crypto/web-crypto.ts'
import { cookieOf, signedIn } from '../../support/scene.ts'

const PAST_EXPIRY = 3 * 3600
const OLD_KEY = 'the-key-that-has-sealed-everything-so-far-0123456789'
const NEW_KEY = 'the-key-that-seals-from-now-on-abcdefghijklmnopqrstu'

/** Makes the session redeem its refresh token. */
async function refresh(browser: Browser): Promise<string | undefined> {
  await clock.advance(PAST_EXPIRY)
  const response = await browser.fetch('/.entrada/session')
  if (response.status !== 200) return String(response.status)
  return (await response.json<{ features: Record<string, string> }>()).features['people']
}

function lastRefreshTokenSent(entrada: Entrada): string | null | undefined {
  return entrada.sandbox.journal.redemptions('refresh_token').at(-1)?.form.get('refresh_token')
}

function stored(entrada: Entrada): readonly { readonly key: string; readonly text: string }[] {
  return [...entrada.platform.vault.stored()].map(({ key, bytes }) => ({
    key,
    text: Buffer.from(bytes).toString(),
  }))
}

test('the vault contains one sealed value per session, rewritten at every rotation and deleted with the session', async () => {
  const entrada = anEntrada()
  const browser = await signedIn(entrada)
  const [first] = stored(entrada)
  expect(stored(entrada)).toHaveLength(1)
  expect(first?.text).toMatch(/^1:v1\.[\w-]{8}\.[\w-]{16}\.[\w-]+$/)
  await refresh(browser)
  const [second] = stored(entrada)
  expect(second?.key).toBe(first?.key)
  expect(second?.text).toMatch(/^2:v1\./)
  await browser.fetch('/.entrada/logout', { method: 'POST' })
  expect(stored(entrada)).toEqual([])
})

describe('a vault that', () => {
  test.each<[string, KvBends]>([
    ['answers ten-minute-old values', { staleSeconds: 36_000 }],
    ['misses', { misses: true }],
    ['cannot be read', { throws: ['get'] }],
    ['cannot be written', { throws: ['put'] }],
    ['is full', { full: true }],
    ['accepts one write a second', { oneWritePerSecond: true }],
  ])(
    '%s ends no session, and no stale refresh token is sent [requirement 47]',
    async (_what, bends) => {
      const entrada = anEntrada()
      const browser = await signedIn(entrada)
      entrada.platform.vault.bend(bends)
      for (let round = 0; round < 4; round++) {
        const newest = entrada.sandbox.entra.minted.refreshTokens.at(-1)
        entrada.platform.evict()
        expect(await refresh(browser)).toBe('consent_needed')
        expect(lastRefreshTokenSent(entrada)).toBe(newest)
      }
    },
  )
})

test('a rotated refresh token is stored before the access token is used, whenever the object crashes [requirement 45]', async () => {
  const entrada = anEntrada()
  const browser = await signedIn(entrada)
  entrada.sandbox.faults.set('entra.token_slow', { delayMs: 3000, times: 1 })
  await clock.advance(PAST_EXPIRY)
  const asked = browser.fetch('/.entrada/session')
  await clock.advance(1)
  entrada.platform.objects.SESSIONS.crash()
  // The Worker repeats the call; the object restarts from its storage.
  expect((await clock.runOut(asked, 30)).status).toBe(200)
  expect(await refresh(browser)).toBe('consent_needed')
})

test('a refresh that returns no new refresh token keeps the old one [requirement 45]', async () => {
  const entrada = anEntrada()
  const browser = await signedIn(entrada)
  entrada.sandbox.faults.set('entra.no_refresh_token')
  await refresh(browser)
  const sent = lastRefreshTokenSent(entrada)
  expect(await refresh(browser)).toBe('consent_needed')
  expect(lastRefreshTokenSent(entrada)).toBe(sent)
})

test('of two refreshes at once, the one whose refresh token was rotated meanwhile goes on with the newer one [requirement 46]', async () => {
  const sandbox = createSandbox()
  sandbox.entra.grantAdminConsent(['User.Read', 'Files.Read.All', 'Sites.Read.All'])
  sandbox.entra.grantAdminConsent(['AllSites.Read', 'MyFiles.Read'], sandbox.hosts.sharePoint)
  const redeemed = new Set<string>()
  let refusals = 0
  const entrada = anEntrada({
    sandbox,
    hosts: {
      // An issuer that takes each refresh token once.
      [sandbox.hosts.login]: async (request) => {
        const form = new URLSearchParams(await request.clone().text())
        const refreshToken = form.get('refresh_token')
        if (refreshToken === null) return sandbox.handlers.login(request)
        if (redeemed.has(refreshToken)) {
          refusals += 1
          await vi.waitUntil(() => stored(entrada)[0]?.text.startsWith('3:'))
          return Response.json({ error: 'invalid_grant', error_codes: [70_000] }, { status: 400 })
        }
        redeemed.add(refreshToken)
        return sandbox.handlers.login(request)
      },
    },
  })
  const browser = await signedIn(entrada)
  await refresh(browser)
  const tokens = await Promise.all(
    [sandbox.hosts.oneDrive, sandbox.hosts.sharePoint].map((resource) =>
      browser.fetch('/.entrada/picker/token', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ resource }),
      }),
    ),
  )
  expect(tokens.map(({ status }) => status)).toEqual([200, 200])
  expect(refusals).toBe(1)
  expect((await browser.fetch('/.entrada/session')).status).toBe(200)
})

test('a value copied from another session cannot be decrypted, and yields no tokens [requirement 37]', async () => {
  const entrada = anEntrada()
  const adele = await signedIn(entrada)
  const alex = entrada.browser('198.51.100.9')
  await alex.signIn(CAST.alex.userPrincipalName)
  const [first, second] = stored(entrada)
  await entrada.platform.vault.put(first?.key ?? '', second?.text ?? '', { expirationTtl: 3600 })
  await entrada.platform.vault.put(second?.key ?? '', first?.text ?? '', { expirationTtl: 3600 })
  entrada.platform.evict()
  await refresh(adele)
  const response = await adele.fetch('/.entrada/session')
  expect(await response.json()).toMatchObject({ user: { id: CAST.adele.id } })
  expect(lastRefreshTokenSent(entrada)).not.toBeUndefined()
})

test('what is stored of a session opens with the browser’s half of the key and for its owner alone [requirement 37]', async () => {
  const entrada = anEntrada()
  const browser = await signedIn(entrada)
  await refresh(browser)
  const [, secret = ''] = cookieOf(browser).split('.')
  const { sessions } = await (
    await browser.fetch('/.entrada/sessions')
  ).json<{ sessions: { id: string }[] }>()
  const id = sessions[0]?.id ?? ''
  const owner = [CONTOSO, CAST.adele.id, id]
  const sealed = [
    ...stored(entrada).map(({ text }) => text.replace(/^2:/, '')),
    ...entrada.platform.objects.SESSIONS.hosts.flatMap(({ disk }) => [...disk.contents()]),
  ].filter((text) => text.startsWith('v1.'))
  const box = new SealedBox([String(entrada.settings['OPENID_SESSION_SECRET'])])
  const opened = async (context: SealContext) => {
    const texts = await Promise.all(sealed.map((text) => box.open(text, context)))
    return texts.filter((text) => text !== null).length
  }
  const kinds: readonly (readonly [SealContext, number])[] = [
    [{ purpose: 'session-identity', bound: [id] }, 1],
    [{ purpose: 'access-token', bound: [...owner, 'graph'] }, 1],
    // One copy is in KV and one in the object.
    [{ purpose: 'refresh-token', bound: [...owner, '2'] }, 2],
  ]
  for (const [context, count] of kinds) {
    const { purpose, bound } = context
    expect([purpose, await opened({ ...context, secret })]).toEqual([purpose, count])
    expect([purpose, await opened(context)]).toEqual([purpose, 0])
    for (const place of bound.keys()) {
      const other = { purpose, secret, bound: bound.with(place, 'another') }
      expect([purpose, place, await opened(other)]).toEqual([purpose, place, 0])
    }
  }
  expect(sealed).toHaveLength(4)
})

describe('the key ring [requirement 38]', () => {
  test('sessions go on under a new first key and are resealed; without the old key they need a sign-in', async () => {
    const before = anEntrada({ settings: { OPENID_SESSION_SECRET: OLD_KEY } })
    const browser = await signedIn(before)
    const idle = before.browser('198.51.100.9')
    await idle.signIn(CAST.alex.userPrincipalName)
    const oldId = stored(before)[0]?.text.split('.')[1]

    const during = anEntrada({
      share: before,
      settings: { OPENID_SESSION_SECRET: `${NEW_KEY},${OLD_KEY}` },
    })
    before.platform.evict()
    const tab = during.tabOf(browser)
    expect(await refresh(tab)).toBe('consent_needed')
    const newId = stored(during)
      .map(({ text }) => text.split('.')[1])
      .find((id) => id !== oldId)
    expect(newId).toBeDefined()
    // The object of the session in use holds nothing under the old key any more, the other nothing else.
    const ids = before.platform.objects.SESSIONS.hosts.map(({ disk }) => {
      const sealed = [...disk.contents()].filter((text) => text.startsWith('v1.'))
      return [...new Set(sealed.map((text) => text.split('.')[1]))]
    })
    expect(ids).toEqual([[newId], [oldId]])

    const after = anEntrada({ share: before, settings: { OPENID_SESSION_SECRET: NEW_KEY } })
    before.platform.evict()
    // The cookie bears the mark of the old key.
    expect(await refresh(after.tabOf(browser))).toBe('401')
    // Nobody used this one while both keys were there.
    const gone = await after.tabOf(idle).open('https://chat.contoso.example/')
    expect(gone.hops[0]?.status).toBe(302)
    expect(gone.url.origin === before.sandbox.hosts.login || gone.url.origin === after.origin).toBe(
      true,
    )
    expect(gone.status).toBe(200)
  })
})
