import {
  createLocalJWKSet,
  decodeProtectedHeader,
  exportJWK,
  generateKeyPair,
  jwtVerify,
} from 'jose'
import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { createClientCertificate } from '../../sandbox/entra/client-certificate.ts'
import { createSandbox } from '../../sandbox/sandbox.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { aGuardedChat, type ChatDouble } from '../../support/chat-double.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada, type Entrada, type TestSettings } from '../../support/entrada.ts'
import { signedIn } from '../../support/scene.ts'

/*
 * The runbooks of docs/key-rotation.md and docs/secret-rotation.md, each step a deployment. The previous
 * deployment still answers for a while, so two deployments share storage and objects.
 */

const PAST_EXPIRY = 3 * 3600
const DAY = 86_400
const OLD = 'the-key-that-has-sealed-everything-so-far-0123456789'
const NEW = 'the-key-that-seals-from-now-on-abcdefghijklmnopqrstu'

/** The next deployment. Objects start anew with its settings, as they do when code or secrets change. */
function deploy(before: Entrada, settings: TestSettings): Entrada {
  const next = anEntrada({ share: before, settings })
  before.platform.evict()
  return next
}

/** What the session endpoint says of people search: `on`, `consent_needed`, `unavailable` or the HTTP status. */
async function peopleFeature(tab: Browser): Promise<string> {
  const response = await tab.fetch('/.entrada/session')
  if (response.status !== 200) return String(response.status)
  const { features } = await response.json<{ features: { people: string } }>()
  return features.people
}

async function expectTokens(tab: Browser): Promise<void> {
  expect(await peopleFeature(tab)).toBe('consent_needed')
}

/** Ids of the keys under which anything stored is sealed. */
function sealedUnder(entrada: Entrada): ReadonlySet<string> {
  return new Set(
    [...entrada.platform.dump().matchAll(/\bv1\.([\w-]{8})\.[\w-]{16}\./g)].map(
      ([, id]) => id ?? '',
    ),
  )
}

async function finishSignIn(tab: Browser): Promise<void> {
  await tab.submit({ button: ['account', CAST.adele.userPrincipalName] })
  if (tab.page.url.origin !== 'https://chat.contoso.example') {
    await tab.submit({ button: ['decision', 'accept'] })
  }
}

async function publishedKids(entrada: Entrada): Promise<readonly string[]> {
  const response = await entrada.fetch('/.entrada/jwks.json')
  const { keys } = await response.json<{ keys: { kid: string }[] }>()
  return keys.map(({ kid }) => kid)
}

function assertionAt(chat: ChatDouble): string {
  return chat.last.headers.get('entrada-assertion') ?? ''
}

describe('OPENID_SESSION_SECRET in three deployments', () => {
  const STEPS = [OLD, `${OLD},${NEW}`, `${NEW},${OLD}`, NEW] as const

  test('keep every session, and nothing stays sealed with the old key [requirement 38]', async () => {
    let entrada = anEntrada({ settings: { OPENID_SESSION_SECRET: OLD } })
    const browser = await signedIn(entrada)
    await browser.fetch('/echo')
    const [oldId = ''] = sealedUnder(entrada)
    for (const OPENID_SESSION_SECRET of STEPS.slice(1)) {
      if (OPENID_SESSION_SECRET === NEW) {
        // After the wait of the runbook every earlier session has expired.
        await clock.advance(7 * DAY)
        await entrada.tabOf(browser).signIn(CAST.adele.userPrincipalName)
      }
      entrada = deploy(entrada, { OPENID_SESSION_SECRET })
      const tab = entrada.tabOf(browser)
      expect((await tab.open('/echo')).hops.map(({ status }) => status)).toEqual([200])
      await clock.advance(PAST_EXPIRY)
      await expectTokens(tab)
      await tab.fetch('/echo')
    }
    expect(sealedUnder(entrada)).not.toContain(oldId)
    expect(sealedUnder(entrada).size).toBe(1)
  })

  test.each([
    ['first', 0],
    ['second', 1],
    ['third', 2],
  ] as const)(
    'while the %s is being deployed, a sign-in that begins on one version ends on the other',
    async (_step, index) => {
      const before = anEntrada({ settings: { OPENID_SESSION_SECRET: STEPS[index] } })
      const after = deploy(before, { OPENID_SESSION_SECRET: STEPS[index + 1] ?? '' })
      for (const [here, there] of [
        [before, after],
        [after, before],
      ] as const) {
        const browser = here.browser()
        await browser.open('/echo')
        const elsewhere = there.tabOf(browser)
        const signIn = browser.page.url.href
        await elsewhere.open(signIn)
        await finishSignIn(elsewhere)
        expect([elsewhere.page.status, elsewhere.page.url.pathname]).toEqual([200, '/echo'])
        await expectTokens(here.tabOf(browser))
      }
    },
  )

  test('end no session early if both keys are kept for SESSION_MAX_SECONDS', async () => {
    const before = anEntrada({ settings: { OPENID_SESSION_SECRET: OLD } })
    const browser = await signedIn(before)
    const during = deploy(before, { OPENID_SESSION_SECRET: `${NEW},${OLD}` })
    const tab = during.tabOf(browser)
    for (let hours = 0; hours < 7 * 24; hours += 12) {
      expect((await tab.fetch('/echo')).status).toBe(200)
      await clock.advance(DAY / 2)
    }
    expect((await tab.fetch('/echo')).status).toBe(401)
  })

  test('end only sessions from before the second step if the wait is shorter', async () => {
    const before = anEntrada({ settings: { OPENID_SESSION_SECRET: OLD } })
    const early = await signedIn(before, 'megan')
    const during = deploy(before, { OPENID_SESSION_SECRET: `${NEW},${OLD}` })
    const late = await signedIn(during)
    await clock.advance(PAST_EXPIRY)
    await expectTokens(during.tabOf(late))
    await expectTokens(during.tabOf(early))
    const after = deploy(during, { OPENID_SESSION_SECRET: NEW })
    await clock.advance(PAST_EXPIRY)
    await expectTokens(after.tabOf(late))
    const tab = after.tabOf(early)
    expect((await tab.fetch('/echo')).status).toBe(401)
    expect((await tab.open('/echo')).hops[0]?.status).toBe(302)
  })
})

describe('OPENID_SESSION_SECRET replaced in one step after a leak', () => {
  test('everyone signs in again, and earlier sessions and assertion keys are invalid', async () => {
    const { entrada: before, chat } = aGuardedChat({
      settings: { SIGNING_KEYS: null, OPENID_SESSION_SECRET: OLD },
    })
    const browser = await signedIn(before)
    await browser.fetch('/echo')
    const [leaked] = await publishedKids(before)
    const after = deploy(before, { OPENID_SESSION_SECRET: NEW })
    const tab = after.tabOf(browser)
    expect((await tab.fetch('/echo')).status).toBe(401)
    await tab.signIn(CAST.adele.userPrincipalName)
    await expectTokens(tab)
    expect(await publishedKids(after)).not.toContain(leaked)
    expect(await publishedKids(after)).toContain(decodeProtectedHeader(assertionAt(chat)).kid)
  })
})

describe('SIGNING_KEYS in three deployments', () => {
  const aKey = async (kid: string) => {
    const options = { modulusLength: 2048, extractable: true }
    const { privateKey } = await generateKeyPair('RS256', options)
    return { ...(await exportJWK(privateKey)), kid }
  }

  test('an app that reads the keys once a day can verify every assertion meanwhile', async () => {
    const [old, next] = [await aKey('2026-10'), await aKey('2026-11')]
    const signingKeys = (...keys: readonly object[]) => ({ SIGNING_KEYS: JSON.stringify({ keys }) })
    const { entrada: first, chat } = aGuardedChat({ settings: signingKeys(old) })
    const browser = await signedIn(first)
    const signers: string[] = []
    let entrada = first
    let known = await (await first.fetch('/.entrada/jwks.json')).json<{ keys: [] }>()
    for (const settings of [signingKeys(old, next), signingKeys(next, old), signingKeys(next)]) {
      entrada = deploy(entrada, settings)
      const readAt = clock.now()
      // The runbook requires a day between two deployments.
      while (clock.now() - readAt <= DAY * 1000) {
        expect((await entrada.tabOf(browser).fetch('/api')).status).toBe(200)
        const { protectedHeader } = await jwtVerify(assertionAt(chat), createLocalJWKSet(known), {
          currentDate: new Date(),
        })
        signers.push(protectedHeader.kid ?? '')
        await clock.advance(DAY / 4)
      }
      known = await (await entrada.fetch('/.entrada/jwks.json')).json<{ keys: [] }>()
    }
    expect([...new Set(signers)]).toEqual(['2026-10', '2026-11'])
    expect(await publishedKids(entrada)).toEqual(['2026-11'])
  })
})

describe('a client credential', () => {
  const OLD_SECRET = 'client-secret-about-to-expire-0123456789'
  const NEW_SECRET = 'client-secret-of-the-next-year-0123456789'

  test('OPENID_CLIENT_SECRET is replaced in Entra and then here, without losing a session or a sign-in', async () => {
    const sandbox = createSandbox({ registration: { clientSecrets: [OLD_SECRET] } })
    const first = anEntrada({ sandbox, settings: { OPENID_CLIENT_SECRET: OLD_SECRET } })
    const browser = await signedIn(first)
    const expectAllWell = async (entrada: Entrada) => {
      await clock.advance(PAST_EXPIRY)
      await expectTokens(entrada.tabOf(browser))
      await signedIn(entrada, 'megan')
    }

    sandbox.registration = { ...sandbox.registration, clientSecrets: [OLD_SECRET, NEW_SECRET] }
    await expectAllWell(first)
    const second = deploy(first, { OPENID_CLIENT_SECRET: `${NEW_SECRET},${OLD_SECRET}` })
    await expectAllWell(second)
    sandbox.registration = { ...sandbox.registration, clientSecrets: [NEW_SECRET] }
    await expectAllWell(second)
    const third = deploy(second, { OPENID_CLIENT_SECRET: NEW_SECRET })
    await expectAllWell(third)
    expect(third.logs.text).not.toContain('client_credentials_refused')
  })

  test('an expired OPENID_CLIENT_SECRET is logged, ends no session, and a new one restores features', async () => {
    const sandbox = createSandbox({ registration: { clientSecrets: [OLD_SECRET] } })
    const first = anEntrada({ sandbox, settings: { OPENID_CLIENT_SECRET: OLD_SECRET } })
    const browser = await signedIn(first)
    sandbox.registration = { ...sandbox.registration, clientSecrets: [NEW_SECRET] }
    await clock.advance(PAST_EXPIRY)
    expect(await peopleFeature(browser)).toBe('unavailable')
    expect((await browser.fetch('/echo')).status).toBe(200)
    expect(first.logs.text).toContain('client_credentials_refused')
    const second = deploy(first, { OPENID_CLIENT_SECRET: NEW_SECRET })
    await expectTokens(second.tabOf(browser))
  })

  test('a secret is replaced by a certificate, and that by the next one, without losing a session', async () => {
    const [one, two] = [createClientCertificate(), createClientCertificate()]
    const pem = ({ privateKey, certificate }: typeof one) => `${privateKey}\n${certificate}`
    const sandbox = createSandbox({
      registration: { clientSecrets: [OLD_SECRET], certificates: [one.certificate] },
    })
    const first = anEntrada({ sandbox, settings: { OPENID_CLIENT_SECRET: OLD_SECRET } })
    const browser = await signedIn(first)
    const expectAllWell = async (entrada: Entrada) => {
      await clock.advance(PAST_EXPIRY)
      await expectTokens(entrada.tabOf(browser))
    }

    const second = deploy(first, { OPENID_CLIENT_CERTIFICATE: pem(one) })
    await expectAllWell(second)
    sandbox.registration = {
      ...sandbox.registration,
      clientSecrets: [],
      certificates: [one.certificate, two.certificate],
    }
    const third = deploy(second, { OPENID_CLIENT_SECRET: null })
    await expectAllWell(third)
    const fourth = deploy(third, { OPENID_CLIENT_CERTIFICATE: pem(two) })
    await expectAllWell(fourth)
    sandbox.registration = { ...sandbox.registration, certificates: [two.certificate] }
    await expectAllWell(fourth)
  })
})
