import { describe, expect, test } from 'vitest'
import { CONTOSO, FABRIKAM } from '../../sandbox/directory/cast.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada, type Entrada, type TestSettings } from '../../support/entrada.ts'
import { ScriptedIssuer, type Script } from '../../support/scripted-issuer.ts'
import { assembled, signedBy, without, type Claims } from '../../support/scripted-tokens.ts'
import { withParameters, CLIENT, withClaims } from '../edge/scripted-entrada-fixture.ts'
import { CHECK, GRACE } from '../membership/recheck-fixture.ts'

/* The identity in the id token of a refresh, compared with that of the session. */

const LOGIN = 'https://login.microsoftonline.com'
const OID = '0a1b6f0e-2f6c-4f6e-8a77-000000000001'
const OTHER_OID = '0a1b6f0e-2f6c-4f6e-8a77-000000000002'
const STRANGERS = 'c3c1d5f0-5b3e-4e6f-9d52-1d1f0c7b8a03'

interface RefreshedScene {
  readonly entrada: Entrada
  readonly issuer: ScriptedIssuer
  readonly browser: Browser
}

/** Signs in at an issuer that conforms to the standard; from then on it follows the script. */
async function aRefreshedSession(
  settings: TestSettings,
  then: Script,
  { authority = CONTOSO, before = {} }: { authority?: string; before?: Script } = {},
): Promise<RefreshedScene> {
  const claims = { tid: CONTOSO, oid: OID, roles: ['Entrada.User', 'Entrada.Admin'] }
  const issuer = new ScriptedIssuer({ issuer: `${LOGIN}/${authority}/v2.0`, ...CLIENT, claims })
  issuer.script = before
  const entrada = anEntrada({
    settings: {
      OPENID_ISSUER: `${LOGIN}/${authority}/v2.0`,
      OPENID_CLIENT_ID: CLIENT.clientId,
      OPENID_CLIENT_SECRET: CLIENT.clientSecret,
      ...settings,
    },
    hosts: { [issuer.origin]: issuer.handle },
  })
  const browser = entrada.browser()
  await browser.open('/')
  issuer.script = { ...before, ...then }
  return { entrada, issuer, browser }
}

/** Requests an endpoint that needs no token, so that only the recheck refreshes. */
async function isIn({ browser }: RefreshedScene): Promise<boolean> {
  return (await browser.fetch('/.entrada/sessions')).status === 200
}

async function isInAfter(scene: RefreshedScene, seconds: number): Promise<boolean> {
  await clock.advance(seconds)
  return clock.runOut(isIn(scene), 60)
}

const RULES: readonly (readonly [string, TestSettings])[] = [
  ['no rule', {}],
  ['a required role', { OPENID_REQUIRED_ROLE: 'Entrada.User' }],
]

describe.each(RULES)('with %s, a refreshed id token', (_, settings) => {
  test('of the same person changes nothing', async () => {
    const scene = await aRefreshedSession(settings, {})
    expect(await isInAfter(scene, CHECK)).toBe(true)
    expect(scene.issuer.count('/token')).toBe(2)
  })

  test.each<[string, Claims]>([
    ['object id', { oid: OTHER_OID }],
    ['tenant', { tid: FABRIKAM }],
    ['subject', { sub: 'person-2' }],
  ])('with another %s ends the session [requirement 45]', async (_what, claims) => {
    const scene = await aRefreshedSession(settings, { refreshedIdToken: withClaims(claims) })
    expect(await isInAfter(scene, CHECK)).toBe(false)
    expect([...scene.entrada.platform.vault.stored()]).toEqual([])
    expect(scene.entrada.logs.events('refresh_refused')).toMatchObject([
      { level: 'audit', kind: 'identity', userId: OID },
    ])
  })

  test('of another person ends the session when a feature renews its token as well [requirement 45]', async () => {
    const scene = await aRefreshedSession(settings, {
      refreshedIdToken: withClaims({ oid: OTHER_OID }),
    })
    await scene.browser.fetch('/.entrada/session')
    expect(await isIn(scene)).toBe(false)
  })

  test('of another person ends the session although no published key signed it [requirement 45]', async () => {
    const scene = await aRefreshedSession(settings, {
      refreshedIdToken: withClaims({ oid: OTHER_OID }),
      sign: async (claims, { unpublished }) => signedBy(unpublished)(claims),
    })
    expect(await isInAfter(scene, CHECK)).toBe(false)
  })

  test.each([
    ['allowed as well', FABRIKAM],
    ['not allowed', STRANGERS],
  ])('of a tenant that is %s ends the session [requirement 10]', async (_what, tid) => {
    const before: Script = {
      metadata: withClaims({
        issuer: `${LOGIN}/{tenantid}/v2.0`,
        authorization_response_iss_parameter_supported: false,
      }),
      answer: withParameters((parameters) => parameters.delete('iss')),
      idToken: withClaims({ iss: `${LOGIN}/${CONTOSO}/v2.0` }),
    }
    const several = { ...settings, OPENID_ALLOWED_TENANTS: `${CONTOSO},${FABRIKAM}` }
    const then = { refreshedIdToken: withClaims({ iss: `${LOGIN}/${tid}/v2.0`, tid }) }
    const scene = await aRefreshedSession(several, then, { authority: 'organizations', before })
    expect(await isIn(scene)).toBe(true)
    expect(await isInAfter(scene, CHECK)).toBe(false)
  })
})

const UNTRUSTED: readonly (readonly [what: string, reason: string, then: Script])[] = [
  ['is missing', 'no_id_token', { tokens: without('id_token') }],
  [
    'is not signed',
    'identity_rejected',
    { sign: async (claims) => assembled({ alg: 'none' }, claims, '') },
  ],
  [
    'is signed with an unknown key',
    'no_id_token',
    { sign: async (claims, { unpublished }) => signedBy(unpublished)(claims) },
  ],
]

describe('a required role', () => {
  const settings = { OPENID_REQUIRED_ROLE: 'Entrada.User' }

  test('that the refreshed id token no longer has ends the session [requirement 82]', async () => {
    const scene = await aRefreshedSession(settings, { refreshedIdToken: withClaims({ roles: [] }) })
    expect(await isInAfter(scene, CHECK)).toBe(false)
  })

  test.each(UNTRUSTED)(
    'counts for the grace period and no longer when that token %s [requirement 82]',
    async (_, reason, then) => {
      const scene = await aRefreshedSession(settings, then)
      expect(await isInAfter(scene, CHECK)).toBe(true)
      expect(scene.entrada.logs.events('membership_unknown')).toMatchObject([
        { level: 'audit', at: 'recheck', reason, ended: false },
      ])
      expect(await isInAfter(scene, GRACE)).toBe(false)
    },
  )
})

describe.each(UNTRUSTED)(
  'when the refreshed id token %s, a rule for operators alone',
  (_, _reason, then) => {
    test('ends an operator’s session after the grace', async () => {
      const scene = await aRefreshedSession({ OPENID_ADMIN_ROLE: 'Entrada.Admin' }, then)
      expect(await isInAfter(scene, CHECK)).toBe(true)
      expect(await isInAfter(scene, GRACE)).toBe(false)
    })

    test('ends no other session', async () => {
      const scene = await aRefreshedSession({ OPENID_ADMIN_ROLE: 'Entrada.Owner' }, then)
      expect(await isInAfter(scene, CHECK + GRACE)).toBe(true)
      expect(await isInAfter(scene, CHECK + GRACE)).toBe(true)
    })
  },
)
