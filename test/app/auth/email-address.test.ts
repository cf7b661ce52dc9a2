import { describe, expect, test } from 'vitest'
import { CAST, CONTOSO, FABRIKAM } from '../../sandbox/directory/cast.ts'
import { createSandbox, type Sandbox } from '../../sandbox/sandbox.ts'
import { PERSON, type Script } from '../../support/scripted-issuer.ts'
import {
  aToldChat,
  behindOtherIssuer,
  everywhere,
  NOWHERE,
  providerClaims,
  put,
  SPELLINGS,
  told,
  toldOf,
} from './email-address-fixture.ts'
import { trySignIn } from '../membership/fixture.ts'
import { aChat, found } from '../people/librechat-fixture.ts'
import { withClaims } from '../edge/scripted-entrada-fixture.ts'

const SEVERAL = {
  OPENID_ISSUER: 'organizations',
  OPENID_ALLOWED_TENANTS: `${CONTOSO},${FABRIKAM}`,
}

function severalTenants(): Sandbox {
  return createSandbox({
    people: 5,
    groups: 2,
    registration: { signInAudience: 'AzureADMultipleOrgs' },
  })
}

const DENIALS = [false, 'false', null, 0, '0', '', 'no'] as const
const AFFIRMATIONS = [true, 'true', 1, '1'] as const

describe('an address that Entra denies', () => {
  test.each(SPELLINGS)(
    'is used nowhere, whatever form the denial has (%s) [requirement 83]',
    async (fault) => {
      const scene = aToldChat()
      const { sandbox } = scene.entrada
      if (fault !== null) sandbox.faults.set(fault)
      put(sandbox, 'adele', { mail: 'adele@fabrikam.example' })
      expect(await toldOf(scene)).toEqual(NOWHERE)
    },
  )

  test.each(SPELLINGS)('is distinguished from a confirmed one (%s)', async (fault) => {
    const scene = aToldChat()
    const { sandbox } = scene.entrada
    if (fault !== null) sandbox.faults.set(fault)
    put(sandbox, 'adele', { mail: 'a.vance@contoso.example' })
    expect(await toldOf(scene)).toEqual(everywhere('a.vance@contoso.example'))
  })

  test('of a guest is not replaced by a sign-in name', async () => {
    expect(await toldOf(aToldChat(), 'gustav')).toEqual(NOWHERE)
  })
})

describe('an address that another issuer denies', () => {
  const sources: readonly (readonly [string, (denial: unknown) => Script])[] = [
    ['the id token', (denial) => ({ idToken: withClaims({ email_verified: denial }) })],
    ['UserInfo', (denial) => ({ userInfo: withClaims({ email_verified: denial }) })],
    [
      'UserInfo, against the id token',
      (denial) => ({
        idToken: withClaims({ email: PERSON.email, email_verified: true }),
        userInfo: withClaims({ email_verified: denial }),
      }),
    ],
    [
      'the id token, against UserInfo',
      (denial) => ({
        idToken: withClaims({ email_verified: denial }),
        userInfo: withClaims({ email_verified: true }),
      }),
    ],
    ['xms_edov', (denial) => ({ idToken: withClaims({ xms_edov: denial }) })],
  ]
  const cases = sources.flatMap(([name, script]) =>
    DENIALS.map((denial) => [name, denial, script(denial)] as const),
  )

  test.each(cases)(
    'is used nowhere: %s says %j [requirement 83]',
    async (_name, _denial, script) => {
      const scene = behindOtherIssuer(script)
      const browser = scene.entrada.browser()
      await browser.open('/')
      expect(await told(scene, browser)).toEqual(NOWHERE)
    },
  )

  test.each(AFFIRMATIONS)('is distinguished from one confirmed with %j', async (email_verified) => {
    const scene = behindOtherIssuer({ userInfo: withClaims({ email_verified }) })
    const browser = scene.entrada.browser()
    await browser.open('/')
    expect(await told(scene, browser)).toEqual(everywhere(PERSON.email))
  })

  test('matches no domain rule and no rule about the claim', async () => {
    for (const settings of [
      { ALLOWED_EMAIL_DOMAINS: 'op.example' },
      { OPENID_REQUIRED_ROLE: PERSON.email, OPENID_REQUIRED_ROLE_PARAMETER_PATH: 'email' },
    ]) {
      for (const [email_verified, isIn] of [
        [true, true],
        [false, false],
      ] as const) {
        const scene = behindOtherIssuer(
          { idToken: withClaims({ email: PERSON.email, email_verified }) },
          settings,
        )
        const browser = scene.entrada.browser()
        await browser.open('/')
        expect((await browser.fetch('/.entrada/session')).status).toBe(isIn ? 200 : 401)
      }
    }
  })

  test('is not replaced by a sign-in name that users choose themselves', async () => {
    const ceo = { preferred_username: 'ceo@op.example' }
    const scene = behindOtherIssuer(
      { userInfo: withClaims({ ...ceo, email_verified: false }) },
      { OPENID_EMAIL_CLAIM: 'email' },
    )
    const browser = scene.entrada.browser()
    await browser.open('/')
    expect(await told(scene, browser)).toEqual(NOWHERE)
    expect(scene.chat.last.headers.get('x-forwarded-preferred-username')).toBeNull()
    const { idToken } = await providerClaims(scene, browser)
    expect(idToken).not.toHaveProperty('preferred_username')
  })
})

describe('with several tenants', () => {
  const NOAUTH = CAST.adele.userPrincipalName

  test.each([
    ['denies it', ['email', 'xms_edov'] as const],
    ['says nothing', ['email'] as const],
  ])(
    'another tenant’s administrator cannot impersonate Adele: where Entra %s, the sign-in name counts [requirement 83]',
    async (_, optionalClaims) => {
      const sandbox = severalTenants()
      const scene = aToldChat(SEVERAL, { sandbox })
      sandbox.registration = { ...sandbox.registration, optionalClaims }
      put(sandbox, 'felix', { mail: NOAUTH })
      expect(await toldOf(scene, 'felix')).toEqual(everywhere(CAST.felix.userPrincipalName))
    },
  )

  test('an address that Entra confirms counts', async () => {
    const sandbox = severalTenants()
    const scene = aToldChat(SEVERAL, { sandbox })
    put(sandbox, 'felix', { mail: 'f.henderson@fabrikam.example' })
    expect(await toldOf(scene, 'felix')).toEqual(everywhere('f.henderson@fabrikam.example'))
  })

  test('no other claim counts, because another administrator may have written it', async () => {
    const sandbox = severalTenants()
    const scene = aToldChat({ ...SEVERAL, OPENID_EMAIL_CLAIM: 'name' }, { sandbox })
    put(sandbox, 'felix', { displayName: NOAUTH })
    expect(await toldOf(scene, 'felix')).toEqual(everywhere(CAST.felix.userPrincipalName))
  })

  test('a domain rule uses the sign-in name, too', async () => {
    const sandbox = severalTenants()
    const scene = aToldChat({ ...SEVERAL, ALLOWED_EMAIL_DOMAINS: 'contoso.example' }, { sandbox })
    put(sandbox, 'felix', { mail: NOAUTH })
    const page = await trySignIn(scene.entrada.browser(), CAST.felix.userPrincipalName)
    expect(page.headers.get('entrada-error')).toBe('wrong_account')
  })

  test('a list with one allowed tenant counts as a single tenant', async () => {
    const settings = { ...SEVERAL, OPENID_ALLOWED_TENANTS: CONTOSO }
    const sandbox = severalTenants()
    const scene = aToldChat(settings, { sandbox })
    sandbox.registration = { ...sandbox.registration, optionalClaims: ['email'] }
    put(sandbox, 'adele', { mail: 'a.vance@contoso.example' })
    expect(await toldOf(scene)).toEqual(everywhere('a.vance@contoso.example'))
  })
})

describe('in the lists of LibreChat', () => {
  const emailOf = async (settings: Readonly<Record<string, string>>, q: string) => {
    const { user } = await aChat({ settings, sandbox: severalTenants() })
    put(user.sandbox, 'megan', { mail: 'ceo@elsewhere.example' })
    const { results } = await found(user, { q, types: 'user' })
    return results[0]?.['email']
  }

  test('people without mail are listed with the sign-in name, because LibreChat skips entries without address', async () => {
    expect(await emailOf({}, 'ohara')).toBe(CAST.unal.userPrincipalName)
  })

  test('with several tenants people are listed with sign-in names, because Graph confirms no mail', async () => {
    expect(await emailOf(SEVERAL, 'megan')).toBe(CAST.megan.userPrincipalName)
    expect(await emailOf({}, 'megan')).toBe('ceo@elsewhere.example')
  })

  test('lists use the claim that sign-in uses', async () => {
    expect(await emailOf({ OPENID_EMAIL_CLAIM: 'upn' }, 'megan')).toBe(CAST.megan.userPrincipalName)
  })
})
