import { describe, expect, test } from 'vitest'
import { CAST, FABRIKAM } from '../directory/cast.ts'
import { refused } from './answers.ts'
import { MINUTE, pass, stopTheDate } from './dates.ts'
import { RelyingParty, VERIFIER } from './relying-party.ts'

stopTheDate()

async function codeOf(party: RelyingParty, parameters = {}): Promise<string> {
  return (await party.signIn(CAST.adele, parameters)).get('code') ?? ''
}

describe('a code', () => {
  test('yields an access token for Graph, a refresh token and an id token', async () => {
    const party = new RelyingParty()
    const { body, headers } = await party.redeem(await codeOf(party))
    expect(body).toMatchObject({ token_type: 'Bearer' })
    expect(headers.get('cache-control')).toContain('no-store')
    expect(party.world.accessTokens.find(String(body['access_token']))).toMatchObject({
      audience: 'https://graph.microsoft.com',
      userId: CAST.adele.id,
      tenantId: party.authority,
      scopes: ['openid', 'profile', 'email', 'User.Read'],
      expiresAt: Date.now() + Number(body['expires_in']) * 1000,
    })
    expect(party.world.entra.minted.refreshTokens).toContain(body['refresh_token'])
    expect(party.world.entra.minted.idTokens).toContain(body['id_token'])
  })

  test('works once', async () => {
    const party = new RelyingParty()
    const code = await codeOf(party)
    expect((await party.redeem(code)).status).toBe(200)
    expect(await party.redeem(code)).toMatchObject(refused('invalid_grant', 54005))
  })

  test('works once, also for two requests at the same moment', async () => {
    const party = new RelyingParty()
    const code = await codeOf(party)
    const answers = await Promise.all([party.redeem(code), party.redeem(code)])
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 400]))
  })

  test('expires after ten minutes', async () => {
    const party = new RelyingParty()
    const [late, timely] = [await codeOf(party), await codeOf(party)]
    pass(10 * MINUTE - 1)
    expect((await party.redeem(timely)).status).toBe(200)
    pass(1)
    expect(await party.redeem(late)).toMatchObject(refused('invalid_grant', 70008))
  })

  test('belongs to the client it was issued to', async () => {
    const party = new RelyingParty()
    const code = await codeOf(party)
    const { registration } = party.world
    party.world.registration = {
      ...registration,
      clientId: '7c1e55a0-30d4-4f0b-9d8a-0e6f5f2f6a12',
    }
    expect(await party.redeem(code)).toMatchObject(refused('invalid_grant', 70000))
    party.world.registration = registration
    expect((await party.redeem(code)).status).toBe(200)
  })

  test('belongs to the redirect URI it was sent to', async () => {
    const party = new RelyingParty()
    const code = await codeOf(party)
    const other = 'http://localhost/oauth/openid/callback'
    expect(await party.redeem(code, { redirect_uri: other })).toMatchObject(
      refused('invalid_grant', 500112),
    )
    expect(await party.redeem(code, { redirect_uri: null })).toMatchObject(
      refused('invalid_grant', 500112),
    )
  })

  test('belongs to the tenant path it was issued under, however the tenant is named', async () => {
    const party = new RelyingParty({ registration: { signInAudience: 'AzureADMultipleOrgs' } })
    const code = await codeOf(party)
    for (const authority of ['organizations', 'common', FABRIKAM]) {
      party.authority = authority
      expect(await party.redeem(code)).toMatchObject(refused('invalid_grant', 700005))
    }
    party.authority = 'contoso.example'
    expect((await party.redeem(code)).status).toBe(200)
  })

  test.each([
    ['another verifier', `${VERIFIER}x`],
    ['no verifier', null],
    ['a short verifier', 'short'],
  ])('is refused with %s', async (_situation, verifier) => {
    const party = new RelyingParty()
    const answer = await party.redeem(await codeOf(party), { code_verifier: verifier })
    expect(answer).toMatchObject(refused('invalid_grant', 501481))
  })

  test('accepts a plain challenge when the method is missing', async () => {
    const party = new RelyingParty()
    const plain = { code_challenge: VERIFIER, code_challenge_method: null }
    expect((await party.redeem(await codeOf(party, plain))).status).toBe(200)
  })

  test('without a challenge is refused with a verifier', async () => {
    const party = new RelyingParty()
    const code = await codeOf(party, { code_challenge: null, code_challenge_method: null })
    expect(await party.redeem(code)).toMatchObject(refused('invalid_grant', 501481))
    expect((await party.redeem(code, { code_verifier: null })).status).toBe(200)
  })

  test('may be redeemed for a resource other than the one requested', async () => {
    const party = new RelyingParty()
    party.world.entra.grantAdminConsent(['AllSites.Read'], 'https://contoso.sharepoint.com')
    const { body } = await party.redeem(await codeOf(party), {
      scope: 'offline_access https://contoso.sharepoint.com/.default',
    })
    expect(party.world.accessTokens.find(String(body['access_token']))?.audience).toBe(
      'https://contoso.sharepoint.com',
    )
  })

  test('is invalid after sessions are revoked', async () => {
    const party = new RelyingParty()
    const code = await codeOf(party)
    party.world.entra.revokeSessions(CAST.adele.id)
    expect(await party.redeem(code)).toMatchObject(refused('invalid_grant', 50173))
  })
})
