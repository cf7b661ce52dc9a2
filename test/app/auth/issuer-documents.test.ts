import { describe, expect, test } from 'vitest'
import { DocumentCache } from '../../../src/entra/remote-document.ts'
import { CAST, CONTOSO } from '../../sandbox/directory/cast.ts'
import { createSandbox } from '../../sandbox/sandbox.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada, type Entrada, type TestSettings } from '../../support/entrada.ts'

const HOUR = 3600
const UNLIMITED: TestSettings = {
  RATE_LIMITS: '{"login":{"perMinute":10000},"callback":{"perMinute":10000}}',
}

function asked(entrada: Entrada, what: 'openid-configuration' | 'keys'): number {
  return entrada.sandbox.journal.to('login').filter(({ url }) => url.pathname.endsWith(`/${what}`))
    .length
}

let address = 0

/** Signs in with a new browser; returns the code of the failure, if any. */
async function signIn(entrada: Entrada): Promise<string | null> {
  address += 1
  const browser = entrada.browser(`198.51.100.${address % 250}`)
  await browser.open(`${entrada.origin}/`)
  if (browser.page.url.origin === entrada.sandbox.hosts.login) {
    await browser.submit({ button: ['account', CAST.adele.userPrincipalName] })
  }
  if (browser.page.url.origin === entrada.sandbox.hosts.login) {
    await browser.submit({ button: ['decision', 'accept'] })
  }
  return browser.page.headers.get('entrada-error')
}

describe('metadata and keys', () => {
  test('are fetched once per data centre, however many isolates and objects start', async () => {
    const first = anEntrada()
    expect(await signIn(first)).toBeNull()
    for (let isolate = 0; isolate < 3; isolate++) {
      expect(await signIn(anEntrada({ share: first }))).toBeNull()
      first.platform.objects.SESSIONS.evict()
    }
    expect([asked(first, 'openid-configuration'), asked(first, 'keys')]).toEqual([1, 1])
  })

  test('are fresh for one hour', async () => {
    const entrada = anEntrada()
    await signIn(entrada)
    await clock.advance(HOUR - 60)
    await signIn(entrada)
    expect([asked(entrada, 'openid-configuration'), asked(entrada, 'keys')]).toEqual([1, 1])
    await clock.advance(61)
    await signIn(anEntrada({ share: entrada }))
    expect([asked(entrada, 'openid-configuration'), asked(entrada, 'keys')]).toEqual([2, 2])
  })

  test('are fetched by each isolate where there is no cache', async () => {
    const entrada = anEntrada()
    entrada.platform.cache.bend({ throws: true })
    expect(await signIn(entrada)).toBeNull()
    expect(await signIn(anEntrada({ share: entrada }))).toBeNull()
    expect([asked(entrada, 'openid-configuration'), asked(entrada, 'keys')]).toEqual([2, 2])
    entrada.platform.cache.bend({})
    expect(await signIn(anEntrada({ share: entrada }))).toBeNull()
    entrada.platform.cache.bend({ forgets: true })
    expect(await signIn(anEntrada({ share: entrada }))).toBeNull()
    expect([asked(entrada, 'openid-configuration'), asked(entrada, 'keys')]).toEqual([4, 4])
  })

  test('are used for a day while the service is unreachable, without a retry at every sign-in', async () => {
    const entrada = anEntrada()
    await signIn(entrada)
    await clock.advance(5 * HOUR)
    entrada.sandbox.faults.set('entra.discovery_outage')
    for (let sign = 0; sign < 10; sign++) expect(await signIn(entrada)).toBeNull()
    expect([asked(entrada, 'openid-configuration'), asked(entrada, 'keys')]).toEqual([2, 2])
    expect(await signIn(anEntrada({ share: entrada }))).toBeNull()
    await clock.advance(20 * HOUR)
    expect(await signIn(entrada)).toBe('sign_in_unavailable')
    entrada.sandbox.faults.clear()
    expect(await signIn(entrada)).toBeNull()
  })

  test('that were never fetched are fetched again at the next sign-in', async () => {
    const entrada = anEntrada()
    entrada.sandbox.faults.set('entra.discovery_outage', { times: 1 })
    expect(await signIn(entrada)).toBe('sign_in_unavailable')
    expect(await signIn(entrada)).toBeNull()
  })

  test('that are damaged in the cache are fetched again', async () => {
    const entrada = anEntrada()
    await signIn(entrada)
    const shelf = new DocumentCache(() => entrada.platform.cache.open('entrada'), entrada.origin)
    for (const { url } of entrada.sandbox.journal.to('login')) {
      const text = '{"issuer":"https://evil.example","keys":[{}]}'
      await shelf.put(url.href, { text, readAt: clock.now() })
    }
    expect(await signIn(anEntrada({ share: entrada }))).toBeNull()
    expect(asked(entrada, 'openid-configuration')).toBe(2)
  })
})

describe('an unknown signing key [requirement 14]', () => {
  test('is fetched once a minute at most, however many tokens name it', async () => {
    const entrada = anEntrada({ settings: UNLIMITED })
    await signIn(entrada)
    entrada.sandbox.faults.set('entra.bad_signature')
    for (let forged = 0; forged < 100; forged++) {
      expect(await signIn(entrada)).toBe('identity_rejected')
      await clock.advance(2)
    }
    // In two hundred seconds: the first fetch and one more each minute.
    expect(asked(entrada, 'keys')).toBe(4)
  })

  test('is fetched at once when the last fetch is a minute old', async () => {
    const entrada = anEntrada()
    await signIn(entrada)
    await clock.advance(61)
    entrada.sandbox.entra.rollKeys()
    expect(await signIn(entrada)).toBeNull()
  })
})

describe('an app with its own signing key', () => {
  const ownKey = () => createSandbox({ registration: { hasOwnSigningKey: true } })

  test('signs users in, because discovery names the app', async () => {
    const entrada = anEntrada({ sandbox: ownKey() })
    expect(await signIn(entrada)).toBeNull()
    const { clientId } = entrada.sandbox.registration
    const documents = entrada.sandbox.journal
      .to('login')
      .filter(({ url }) => /(?:openid-configuration|keys)$/.test(url.pathname))
    expect(documents.map(({ url }) => url.searchParams.get('appid'))).toEqual([clientId, clientId])
  })

  test('signs users of several tenants in', async () => {
    const registration = { hasOwnSigningKey: true, signInAudience: 'AzureADMultipleOrgs' } as const
    const entrada = anEntrada({
      sandbox: createSandbox({ registration }),
      settings: { OPENID_ISSUER: 'organizations', OPENID_ALLOWED_TENANTS: CONTOSO },
    })
    expect(await signIn(entrada)).toBeNull()
  })

  test('passes its setup check, which counts the keys of the app', async () => {
    const entrada = anEntrada({
      sandbox: ownKey(),
      settings: { DOMAIN_SERVER: 'http://localhost:8787' },
    })
    const response = await entrada.fetch('/.entrada/check', {
      headers: { accept: 'application/json' },
    })
    expect(await response.text()).toContain('publishes 1 keys.')
  })
})

test('a token signed with an unlisted key is named on the page, and the log names the key URL', async () => {
  const entrada = anEntrada()
  entrada.sandbox.faults.set('entra.bad_signature')
  const browser = entrada.browser()
  await expect(browser.signIn(CAST.adele.userPrincipalName)).rejects.toThrow('could not sign in')
  expect(browser.page.headers.get('entrada-error')).toBe('identity_rejected')
  expect(browser.page.text).toContain('signed with a key that its issuer does not list')
  const { kid } = await entrada.sandbox.entra.keys.unpublished()
  const { clientId } = entrada.sandbox.registration
  const sought = {
    kid,
    keysAt: `${entrada.sandbox.hosts.login}/${CONTOSO}/discovery/v2.0/keys?appid=${clientId}`,
  }
  expect(entrada.logs.events('request_failed')).toEqual([expect.objectContaining(sought)])
  expect(entrada.logs.events('sign_in_refused')).toEqual([expect.objectContaining(sought)])
  expect(browser.page.text).not.toContain(kid)
})

test('a withdrawn key stops working within an hour, in every isolate [requirement 14]', async () => {
  const entrada = anEntrada()
  await signIn(entrada)
  const { keys } = entrada.sandbox.entra
  const old = await keys.signing()
  keys.roll()
  keys.retire()
  const signWith = (key: typeof old) => Object.assign(keys, { signing: async () => key })
  signWith(old)
  await clock.advance(HOUR + 1)
  expect(await signIn(entrada)).toBe('identity_rejected')
  expect(await signIn(anEntrada({ share: entrada }))).toBe('identity_rejected')
})
