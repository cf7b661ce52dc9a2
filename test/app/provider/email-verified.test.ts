import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { PERSON } from '../../support/scripted-issuer.ts'
import { aToldChat, behindOtherIssuer, providerClaims } from '../auth/email-address-fixture.ts'
import { trySignIn } from '../membership/fixture.ts'
import { withClaims } from '../edge/scripted-entrada-fixture.ts'

describe('email_verified in the id token and from UserInfo', () => {
  const verdictOf = async (
    scene: ReturnType<typeof aToldChat>,
    who: keyof typeof CAST = 'adele',
  ) => {
    const browser = scene.entrada.browser()
    await trySignIn(browser, CAST[who].userPrincipalName)
    const { idToken, userInfo } = await providerClaims(scene, browser)
    expect(idToken['email_verified']).toBe(userInfo['email_verified'])
    expect(Object.hasOwn(userInfo, 'email_verified')).toBe(userInfo['email_verified'] === true)
    return userInfo['email_verified']
  }

  test('is true where Entra confirms the domain', async () => {
    expect(await verdictOf(aToldChat())).toBe(true)
  })

  test('is true where the issuer confirms the address, in the id token or from UserInfo', async () => {
    for (const script of [
      { idToken: withClaims({ email: PERSON.email, email_verified: true }) },
      { userInfo: withClaims({ email_verified: true }) },
      {
        idToken: withClaims({ email: PERSON.email }),
        userInfo: withClaims({ email_verified: 'true' }),
      },
    ]) {
      expect(await verdictOf(behindOtherIssuer(script))).toBe(true)
    }
  })

  test('is omitted, and never false, where neither source says anything', async () => {
    const silent = aToldChat()
    const { sandbox } = silent.entrada
    sandbox.registration = { ...sandbox.registration, optionalClaims: ['email'] }
    expect(await verdictOf(silent)).toBeUndefined()
    expect(await verdictOf(behindOtherIssuer({}))).toBeUndefined()
  })

  test('is omitted for a sign-in name, and where another address is confirmed', async () => {
    expect(await verdictOf(aToldChat(), 'unal')).toBeUndefined()
    expect(await verdictOf(aToldChat({ OPENID_EMAIL_CLAIM: 'upn' }))).toBeUndefined()
    const script = {
      idToken: withClaims({ email: 'other@op.example' }),
      userInfo: withClaims({ email_verified: true }),
    }
    expect(await verdictOf(behindOtherIssuer(script))).toBeUndefined()
  })

  test('is true where OIDC_CLIENTS says so, for that client only and with an address', async () => {
    const trusting = (client: object, { other = {}, hasEdov = false } = {}) => {
      const scene = aToldChat({}, { client, other })
      const { sandbox } = scene.entrada
      const optionalClaims = hasEdov ? (['email', 'xms_edov'] as const) : (['email'] as const)
      sandbox.registration = { ...sandbox.registration, optionalClaims }
      return scene
    }
    expect(await verdictOf(trusting({ email_verified: true }))).toBe(true)
    expect(await verdictOf(trusting({ email_verified: true }), 'unal')).toBe(true)
    expect(await verdictOf(trusting({ email_verified: false }))).toBeUndefined()
    expect(await verdictOf(trusting({}, { other: { email_verified: true } }))).toBeUndefined()
    // A guest whose address Entra denies has no address that could be confirmed.
    expect(
      await verdictOf(trusting({ email_verified: true }, { hasEdov: true }), 'gustav'),
    ).toBeUndefined()
  })

  test('needs the scope email, and is listed in the metadata', async () => {
    const scene = aToldChat()
    const metadata = await scene.entrada.fetch('/.entrada/oidc/.well-known/openid-configuration')
    const { claims_supported: claims } = await metadata.json<{ claims_supported: string[] }>()
    expect(claims).toContain('email_verified')
    const browser = scene.entrada.browser()
    await trySignIn(browser, CAST.adele.userPrincipalName)
    const { idToken, userInfo } = await providerClaims(scene, browser, { scope: 'openid profile' })
    expect(Object.keys({ ...idToken, ...userInfo }).join()).not.toMatch(/email/)
  })
})
