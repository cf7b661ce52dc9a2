import { describe, expect, test } from 'vitest'
import { CAST, FABRIKAM } from '../directory/cast.ts'
import { refused } from './answers.ts'
import { DAY, MINUTE, pass, stopTheDate } from './dates.ts'
import { RelyingParty } from './relying-party.ts'

stopTheDate()

describe('a refresh token', () => {
  test('is replaced at redemption and stays valid', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    const second = await party.refresh(body['refresh_token'])
    expect(second.body['refresh_token']).not.toBe(body['refresh_token'])
    expect((await party.refresh(body['refresh_token'])).status).toBe(200)
    expect((await party.refresh(second.body['refresh_token'])).status).toBe(200)
  })

  test('works for the client it was issued to, and for no other', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    const { registration } = party.world
    party.world.registration = {
      ...registration,
      clientId: '7c1e55a0-30d4-4f0b-9d8a-0e6f5f2f6a12',
    }
    expect(await party.refresh(body['refresh_token'])).toMatchObject(
      refused('invalid_grant', 70000),
    )
    party.world.registration = registration
    expect((await party.refresh(body['refresh_token'])).status).toBe(200)
  })

  test('works for every resource the person has consented to', async () => {
    const party = new RelyingParty()
    const hosts = ['https://contoso.sharepoint.com', 'https://contoso-my.sharepoint.com']
    party.world.entra.grantAdminConsent(['MyFiles.Read', 'AllSites.Read'], hosts[0])
    const { body } = await party.tokens(CAST.adele)
    for (const host of hosts) {
      const answer = await party.refresh(body['refresh_token'], `${host}/.default`)
      const grant = party.world.accessTokens.find(String(answer.body['access_token']))
      expect(grant).toMatchObject({ audience: host, scopes: ['MyFiles.Read', 'AllSites.Read'] })
      expect(answer.body['scope']).toBe(
        `${host}/MyFiles.Read ${host}/AllSites.Read ${host}/.default`,
      )
    }
  })

  test('works at its tenant or a multi-tenant authority, not at another tenant', async () => {
    const party = new RelyingParty({ registration: { signInAudience: 'AzureADMultipleOrgs' } })
    const { body } = await party.tokens(CAST.adele)
    party.authority = 'organizations'
    expect((await party.refresh(body['refresh_token'])).status).toBe(200)
    party.authority = FABRIKAM
    expect(await party.refresh(body['refresh_token'])).toMatchObject(
      refused('invalid_grant', 50020),
    )
  })

  test('expires after 90 days without use, and every use restarts that period', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    pass(90 * DAY - 1)
    const second = await party.refresh(body['refresh_token'])
    expect(second.status).toBe(200)
    pass(90 * DAY - 1)
    expect(await party.refresh(body['refresh_token'])).toMatchObject(
      refused('invalid_grant', 700082),
    )
    expect((await party.refresh(second.body['refresh_token'])).status).toBe(200)
  })

  test.each([
    ['no scope', null, 'invalid_request', 90009],
    ['an empty scope', ' ', 'invalid_request', 90009],
    [
      'two resources',
      'User.Read https://contoso.sharepoint.com/AllSites.Read',
      'invalid_request',
      28000,
    ],
    [
      'two SharePoint hosts',
      'https://contoso.sharepoint.com/AllSites.Read https://contoso-my.sharepoint.com/MyFiles.Read',
      'invalid_request',
      28000,
    ],
    [
      '.default beside a named scope',
      'https://graph.microsoft.com/.default User.Read',
      'invalid_scope',
      70011,
    ],
    ['a malformed scope', 'https://graph.microsoft.com/', 'invalid_scope', 70011],
    ['an unknown resource', 'api://something/access_as_user', 'invalid_resource', 500011],
    ['a permission without consent', 'People.Read', 'invalid_grant', 65001],
    [
      '.default without any consent',
      'https://contoso.sharepoint.com/.default',
      'invalid_grant',
      65001,
    ],
    ['a permission that does not exist', 'wl.basic', 'invalid_grant', 65001],
  ])('is refused with %s', async (_situation, scope, error, code) => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    expect(await party.refresh(body['refresh_token'], scope)).toMatchObject(refused(error, code))
  })

  test('reports consent_required as suberror when consent is missing', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    const answer = await party.refresh(body['refresh_token'], 'People.Read')
    expect(answer.body['suberror']).toBe('consent_required')
  })

  test('is refused for the SharePoint host of another tenant', async () => {
    const party = new RelyingParty({ registration: { signInAudience: 'AzureADMultipleOrgs' } })
    party.authority = FABRIKAM
    const { body } = await party.tokens(CAST.felix)
    const answer = await party.refresh(
      body['refresh_token'],
      'https://contoso.sharepoint.com/AllSites.Read',
    )
    expect(answer).toMatchObject(refused('invalid_resource', 500011))
  })

  test('is invalid after sessions are revoked and valid after single sign-out', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    party.world.entra.signOutEverywhere()
    expect((await party.authorize({ prompt: 'none' })).url.searchParams.get('error')).toBe(
      'login_required',
    )
    expect((await party.refresh(body['refresh_token'])).status).toBe(200)
    party.world.entra.revokeSessions(CAST.adele.id)
    expect(await party.refresh(body['refresh_token'])).toMatchObject(
      refused('invalid_grant', 50173),
    )
    const again = await party.tokens(CAST.adele)
    expect((await party.refresh(again.body['refresh_token'])).status).toBe(200)
  })

  test('is invalid when the account is deleted or disabled', async () => {
    const party = new RelyingParty()
    const [contoso] = party.world.tenants
    const { body } = await party.tokens(CAST.adele)
    const adele = contoso?.person(CAST.adele.id)
    if (contoso === undefined || adele == null) throw new Error('no Adele')
    contoso.putPerson({ ...adele, accountEnabled: false })
    expect(await party.refresh(body['refresh_token'])).toMatchObject(
      refused('invalid_grant', 50057),
    )
    contoso.removePerson(adele.id)
    expect(await party.refresh(body['refresh_token'])).toMatchObject(
      refused('invalid_grant', 500341),
    )
  })

  test('is refused when a client redeems it again and again', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    const redeem = () => party.refresh(body['refresh_token'], 'User.Read')
    for (let times = 0; times < 15; times++) expect((await redeem()).status).toBe(200)
    expect(await redeem()).toMatchObject(refused('invalid_grant', 50196))
    expect((await party.refresh(body['refresh_token'], 'openid User.Read')).status).toBe(200)
    pass(MINUTE)
    expect(await redeem()).toMatchObject(refused('invalid_grant', 50196))
    pass(MINUTE)
    expect((await redeem()).status).toBe(200)
  })
})
