import { describe, expect, test } from 'vitest'
import type { Browser } from '../../support/browser/browser.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada } from '../../support/entrada.ts'
import { PERSON, ScriptedIssuer, type Script } from '../../support/scripted-issuer.ts'
import { assembled, signedBy, without, type Claims } from '../../support/scripted-tokens.ts'
import {
  withParameters,
  CLIENT,
  signedWithClientSecret,
  ISSUER,
  withClaims,
  aScriptedEntrada,
} from '../edge/scripted-entrada-fixture.ts'
import { HOME } from '../../support/addresses.ts'
import { isSignedIn } from '../../support/scene.ts'

/*
 * The relying party plans of the OpenID Foundation's conformance suite. Each test has the name of its module,
 * scripts an issuer of ours accordingly and expects the result that the suite expects. Modules about
 * dynamic registration, WebFinger, request objects and encrypted or signed UserInfo do not apply and are
 * left out.
 */

async function expectSignedIn(browser: Browser): Promise<void> {
  expect([browser.page.status, browser.page.url.href]).toEqual([200, `${HOME}/`])
  const session = await browser.fetch('/.entrada/session')
  expect(await session.json()).toMatchObject({ user: { id: PERSON.sub, tenantId: ISSUER } })
}

function expectRefused(browser: Browser): void {
  expect([browser.page.status, browser.page.headers.get('entrada-error')]).toEqual([
    502,
    'identity_rejected',
  ])
  expect(isSignedIn(browser)).toBe(false)
}

const accepted: Record<string, Script> = {
  'oidcc-client-test': {},
  'oidcc-client-test-idtoken-sig-rs256': {},
  'oidcc-client-test-kid-absent-single-jwks': {
    sign: (claims, { first }) => signedBy(first, { kid: undefined })(claims),
  },
  'oidcc-client-test-client-secret-basic': { authentication: 'client_secret_basic' },
  'oidcc-client-test-discovery-openid-config': {},
  'oidcc-client-test-discovery-jwks-uri-keys': {
    metadata: withClaims({ jwks_uri: `${ISSUER}/keys` }),
  },
  'fapi2-security-profile-final-client-test-valid-aud-as-array': {
    idToken: withClaims({ aud: [CLIENT.clientId] }),
  },
  'fapi2-security-profile-final-client-test-token-endpoint-response-without-expires_in': {
    tokens: without('expires_in'),
  },
  'fapi2-security-profile-final-client-test-token-type-case-insensitivity': {
    tokens: withClaims({ token_type: 'bEARER' }),
  },
}

describe('a correct response begins a session', () => {
  test.each(Object.entries(accepted))('%s', async (_module, script) => {
    const { entrada } = aScriptedEntrada(script)
    const browser = entrada.browser()
    await browser.open('/')
    await expectSignedIn(browser)
  })

  test('oidcc-client-test-scope-userinfo-claims', async () => {
    const { entrada } = aScriptedEntrada()
    const browser = entrada.browser()
    await browser.open('/')
    const session = await browser.fetch('/.entrada/session')
    expect(await session.json()).toMatchObject({
      user: { name: PERSON.name, email: PERSON.email, username: PERSON.preferred_username },
    })
  })

  test.each([
    'oidcc-client-test-signing-key-rotation',
    'oidcc-client-test-signing-key-rotation-just-before-signing',
  ])('%s [requirement 13]', async (module) => {
    const { entrada, issuer } = aScriptedEntrada()
    await entrada.browser().open('/')
    await clock.advance(61)
    const browser = entrada.browser('198.51.100.9')
    const rotate = () => {
      issuer.published = ['second']
    }
    if (module.endsWith('signing')) {
      issuer.script = {
        idToken: (claims) => {
          rotate()
          return claims
        },
      }
    } else rotate()
    await browser.open('/')
    await expectSignedIn(browser)
    expect(issuer.count('/keys')).toBe(2)
  })
})

const everyAlgorithm = withClaims({
  id_token_signing_alg_values_supported: ['RS256', 'ES256', 'HS256', 'none'],
})

const refused: Record<string, Script> = {
  'oidcc-client-test-nonce-invalid [requirement 4]': { idToken: withClaims({ nonce: 'another' }) },
  'fapi2-security-profile-final-client-test-invalid-missing-nonce [requirement 4]': {
    idToken: without('nonce'),
  },
  'oidcc-client-test-invalid-iss [requirement 11]': {
    idToken: withClaims({ iss: `${ISSUER}/other` }),
  },
  'fapi2-security-profile-final-client-test-invalid-missing-iss [requirement 11]': {
    idToken: without('iss'),
  },
  'oidcc-client-test-invalid-aud [requirement 11]': {
    idToken: withClaims({ aud: 'somebody-else' }),
  },
  'oidcc-client-test-missing-aud [requirement 11]': { idToken: without('aud') },
  'fapi2-security-profile-final-client-test-invalid-secondary-aud [requirement 11]': {
    idToken: withClaims({ aud: [CLIENT.clientId, 'somebody-else'], azp: CLIENT.clientId }),
  },
  'another authorized party [requirement 11]': { idToken: withClaims({ azp: 'somebody-else' }) },
  'oidcc-client-test-missing-sub [requirement 11]': { idToken: without('sub') },
  'oidcc-client-test-missing-iat [requirement 11]': { idToken: without('iat') },
  'fapi2-security-profile-final-client-test-invalid-missing-exp [requirement 11]': {
    idToken: without('exp'),
  },
  'fapi2-security-profile-final-client-test-invalid-expired-exp [requirement 11]': {
    idToken: (claims) => ({ ...claims, exp: Number(claims['iat']) - 120 }),
  },
  'a missing id token [requirement 11]': { tokens: without('id_token') },
  'oidcc-client-test-idtoken-sig-none [requirement 12]': {
    metadata: everyAlgorithm,
    sign: async (claims) => assembled({ alg: 'none' }, claims, ''),
  },
  'oidcc-client-test-idtoken-sig-none, where the issuer does not even offer it [requirement 12]': {
    sign: async (claims) => assembled({ alg: 'none' }, claims, ''),
  },
  'fapi2-security-profile-final-client-test-invalid-null-alg [requirement 12]': {
    sign: async (claims) => assembled({ alg: null, kid: 'first' }, claims, 'AAAA'),
  },
  'no alg at all [requirement 12]': {
    sign: async (claims) => assembled({ kid: 'first' }, claims, 'AAAA'),
  },
  'oidcc-client-test-invalid-sig-hs256 [requirement 12]': {
    metadata: everyAlgorithm,
    sign: async (claims) => signedWithClientSecret({ alg: 'HS256' }, claims),
  },
  'HS256 keyed with the public key’s place in the header [requirement 12]': {
    metadata: everyAlgorithm,
    sign: async (claims) => signedWithClientSecret({ alg: 'HS256', kid: 'first' }, claims),
  },
  'fapi2-security-profile-final-client-test-invalid-alternate-alg, ES256 where it is not configured [requirement 12]':
    {
      keys: (keys) => keys,
      sign: (claims, { elliptic }) => signedBy(elliptic)(claims),
    },
  'oidcc-client-test-invalid-sig-es256 [requirement 13]': {
    metadata: everyAlgorithm,
    sign: async (claims) => assembled({ alg: 'ES256', kid: 'elliptic' }, claims, 'A'.repeat(86)),
  },
  'oidcc-client-test-invalid-sig-rs256 [requirement 13]': {
    sign: (claims, { unpublished }) => signedBy(unpublished, { kid: 'first' })(claims),
  },
  'a key that is not published [requirement 13]': {
    sign: (claims, { unpublished }) => signedBy(unpublished)(claims),
  },
  'a key that the token brings itself [requirement 13]': {
    sign: (claims, { unpublished }) =>
      signedBy(unpublished, { kid: undefined, jwk: unpublished.publicJwk })(claims),
  },
  'oidcc-client-test-userinfo-invalid-sub': { userInfo: withClaims({ sub: 'somebody-else' }) },
  'oidcc-client-test-discovery-issuer-mismatch [requirement 10]': {
    metadata: withClaims({ issuer: 'https://other.example' }),
  },
  'fapi2-security-profile-final-client-test-invalid-authorization-response-iss [requirement 9]': {
    answer: withParameters((parameters) => parameters.set('iss', 'https://other.example')),
  },
  'fapi2-security-profile-final-client-test-remove-authorization-response-iss [requirement 9]': {
    answer: withParameters((parameters) => parameters.delete('iss')),
  },
}

describe('an invalid response begins no session', () => {
  test.each(Object.entries(refused))('%s', async (_module, script) => {
    const { entrada } = aScriptedEntrada(script)
    const browser = entrada.browser()
    await browser.open('/')
    expectRefused(browser)
  })

  test.each([
    'oidcc-client-test-discovery-issuer-mismatch [requirement 10]',
    'fapi2-security-profile-final-client-test-invalid-authorization-response-iss [requirement 9]',
    'fapi2-security-profile-final-client-test-remove-authorization-response-iss [requirement 9]',
  ])('%s: the token endpoint is not called', async (module) => {
    const { entrada, issuer } = aScriptedEntrada(refused[module])
    await entrada.browser().open('/')
    expect(issuer.count('/token')).toBe(0)
  })

  test.each(['a.b.c', 'nothing', '', 7, null])(
    'an id token that reads %j [requirement 11]',
    async (idToken) => {
      const { entrada } = aScriptedEntrada({ tokens: withClaims({ id_token: idToken }) })
      const browser = entrada.browser()
      await browser.open('/')
      expect([browser.page.status >= 500, isSignedIn(browser)]).toEqual([true, false])
    },
  )

  test('oidcc-client-test-kid-absent-multiple-jwks: the sign-in is refused without an internal error [requirement 13]', async () => {
    const { entrada, issuer } = aScriptedEntrada({
      sign: (claims, { first }) => signedBy(first, { kid: undefined })(claims),
    })
    issuer.published = ['first', 'second']
    const browser = entrada.browser()
    await browser.open('/')
    expectRefused(browser)
  })

  test.each([
    [
      'fapi2-security-profile-final-client-test-ensure-authorization-response-with-invalid-state-fails [requirement 8]',
      withParameters((parameters) => parameters.set('state', 'A'.repeat(43))),
    ],
    [
      'fapi2-security-profile-final-client-test-ensure-authorization-response-with-invalid-missing-state-fails [requirement 8]',
      withParameters((parameters) => parameters.delete('state')),
    ],
  ])('%s', async (_module, answer) => {
    const { entrada, issuer } = aScriptedEntrada({ answer })
    const browser = entrada.browser()
    await browser.open('/')
    expect(browser.page.headers.get('entrada-error')).toBe('sign_in_expired')
    expect([isSignedIn(browser), issuer.count('/token')]).toEqual([false, 0])
  })
})

describe('a published elliptic key', () => {
  async function signedInBy(script: Script) {
    const { entrada, issuer } = aScriptedEntrada(script)
    issuer.published = ['first', 'elliptic']
    const browser = entrada.browser()
    await browser.open('/')
    return browser
  }
  const byElliptic: Script = { sign: (claims, { elliptic }) => signedBy(elliptic)(claims) }

  test('counts where the issuer lists ES256', async () => {
    await expectSignedIn(await signedInBy({ ...byElliptic, metadata: everyAlgorithm }))
  })

  test('does not count where the issuer does not list ES256 [requirement 12]', async () => {
    expectRefused(await signedInBy(byElliptic))
  })

  test('does not make a wrong signature count [requirement 13]', async () => {
    const header = { alg: 'ES256', kid: 'elliptic' }
    const sign = async (claims: Claims) => assembled(header, claims, 'A'.repeat(86))
    expectRefused(await signedInBy({ sign, metadata: everyAlgorithm }))
  })
})

describe('UserInfo', () => {
  test.each([
    ['is missing', { metadata: without('userinfo_endpoint') }],
    ['answers with an error', { metadata: withClaims({ userinfo_endpoint: `${ISSUER}/nowhere` }) }],
  ] satisfies [string, Script][])('that %s costs a name, not a sign-in', async (_case, script) => {
    const { entrada } = aScriptedEntrada(script)
    const browser = entrada.browser()
    await browser.open('/')
    await expectSignedIn(browser)
  })

  test('does not overrule the id token', async () => {
    const { entrada } = aScriptedEntrada({ idToken: withClaims({ name: 'As signed' }) })
    const browser = entrada.browser()
    await browser.open('/')
    const session = await browser.fetch('/.entrada/session')
    expect(await session.json()).toMatchObject({ user: { name: 'As signed' } })
  })
})

/** Refresh tokens are redeemed only at Microsoft issuers, because only they have features that need tokens. */
describe('a refresh [requirement 45]', () => {
  const TENANT = 'a3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a01'
  const MICROSOFT = `https://login.microsoftonline.com/${TENANT}/v2.0`

  async function refreshed(refreshedIdToken: (claims: Claims) => Claims) {
    const claims = { tid: TENANT, oid: '0a1b6f0e-2f6c-4f6e-8a77-000000000001' }
    const issuer = new ScriptedIssuer({ issuer: MICROSOFT, ...CLIENT, claims })
    issuer.script = { refreshedIdToken }
    const entrada = anEntrada({
      settings: {
        OPENID_ISSUER: MICROSOFT,
        OPENID_CLIENT_ID: CLIENT.clientId,
        OPENID_CLIENT_SECRET: CLIENT.clientSecret,
      },
      hosts: { [issuer.origin]: issuer.handle },
    })
    const browser = entrada.browser()
    await browser.open('/')
    const response = await browser.fetch('/.entrada/session')
    expect(response.status).toBe(200)
    expect(issuer.count('/token')).toBe(2)
    const { features } = await response.json<{ features: Record<string, string> }>()
    return features['people']
  }

  test('oidcc-client-test-refresh-token', async () => {
    expect(await refreshed((claims) => claims)).toBe('consent_needed')
  })

  test.each([
    ['oidcc-client-test-refresh-token-invalid-issuer', withClaims({ iss: `${MICROSOFT}/other` })],
    ['oidcc-client-test-refresh-token-invalid-sub', withClaims({ sub: 'somebody-else' })],
    ['a refreshed id token for another audience', withClaims({ aud: 'somebody-else' })],
    ['a refreshed id token that has expired', withClaims({ exp: 1 })],
  ])('%s: its tokens are not used', async (_module, change) => {
    expect(await refreshed(change)).toBe('unavailable')
  })
})
