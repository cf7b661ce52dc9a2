import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CAST, FABRIKAM } from '../directory/cast.ts'
import { REDIRECT_URI, RelyingParty, type TokenAnswer, VERIFIER } from './relying-party.ts'

const MINUTE = 60 * 1000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function pass(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds)
}

async function codeOf(party: RelyingParty, parameters = {}): Promise<string> {
  return (await party.signIn(CAST.adele, parameters)).get('code') ?? ''
}

function refusal(error: string, code: number) {
  return { status: 400, body: { error, error_codes: [code] } }
}

function expectRefusal(answer: TokenAnswer, error: string, code: number): void {
  expect(answer).toMatchObject({
    ...refusal(error, code),
    status: error === 'invalid_client' ? 401 : 400,
  })
}

describe('a refusal', () => {
  test('has the members of a real one', async () => {
    const { body, headers } = await new RelyingParty().redeem('unknown')
    expect(Object.keys(body).toSorted()).toEqual([
      'correlation_id',
      'error',
      'error_codes',
      'error_description',
      'error_uri',
      'timestamp',
      'trace_id',
    ])
    const { correlation_id: correlationId, timestamp, trace_id: traceId } = body
    expect(body).toMatchObject({
      error: 'invalid_grant',
      error_codes: [70000],
      error_uri: 'https://login.microsoftonline.com/error?code=70000',
    })
    expect(timestamp).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/)
    expect(body['error_description']).toMatch(/^AADSTS70000: /)
    expect(body['error_description']).toContain(
      ` Trace ID: ${String(traceId)} Correlation ID: ${String(correlationId)} Timestamp: ${String(timestamp)}`,
    )
    expect(headers.get('cache-control')).toContain('no-store')
  })

  test('repeats the correlation id of the client', async () => {
    const { body } = await new RelyingParty().redeem('unknown', {}, { 'client-request-id': 'mine' })
    expect(body['correlation_id']).toBe('mine')
  })

  test.each([
    ['no grant type', { grant_type: null }, 'invalid_request', 900144],
    ['another grant type', { grant_type: 'password' }, 'unsupported_grant_type', 70003],
    [
      'On-Behalf-Of',
      { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' },
      'unsupported_grant_type',
      70003,
    ],
    ['no client', { client_id: null }, 'invalid_request', 900144],
    ['an unknown client', { client_id: 'x' }, 'unauthorized_client', 700016],
    ['no code', { code: null }, 'invalid_request', 900144],
    ['a v1 resource', { resource: 'https://graph.microsoft.com' }, 'invalid_request', 901002],
  ])('answers %s', async (_situation, parameters, error, code) => {
    expectRefusal(await new RelyingParty().redeem('c', parameters), error, code)
  })

  test('answers a GET', async () => {
    const party = new RelyingParty()
    const response = await party.fetch(new Request(party.url('oauth2/v2.0/token')))
    expect(await response.json()).toMatchObject({ error_codes: [900561] })
  })

  test('answers a body that is not a form', async () => {
    const answer = await new RelyingParty().redeem('c', {}, { 'content-type': 'application/json' })
    expectRefusal(answer, 'invalid_request', 900144)
  })

  test('answers an unknown tenant', async () => {
    const party = new RelyingParty({ authority: 'nobody.example' })
    expectRefusal(await party.redeem('c'), 'invalid_request', 90002)
  })
})

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
    expectRefusal(await party.redeem(code), 'invalid_grant', 54005)
  })

  test('works once, also for two requests at the same moment', async () => {
    const party = new RelyingParty()
    const code = await codeOf(party)
    const answers = await Promise.all([party.redeem(code), party.redeem(code)])
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 400]))
  })

  test('lives ten minutes', async () => {
    const party = new RelyingParty()
    const [late, timely] = [await codeOf(party), await codeOf(party)]
    pass(10 * MINUTE - 1)
    expect((await party.redeem(timely)).status).toBe(200)
    pass(1)
    expectRefusal(await party.redeem(late), 'invalid_grant', 70008)
  })

  test('belongs to the redirect URI it was sent to', async () => {
    const party = new RelyingParty()
    const code = await codeOf(party)
    const other = 'http://localhost/oauth/openid/callback'
    expectRefusal(await party.redeem(code, { redirect_uri: other }), 'invalid_grant', 500112)
    expectRefusal(await party.redeem(code, { redirect_uri: null }), 'invalid_grant', 500112)
  })

  test('belongs to the tenant path it was issued under, however the tenant is named', async () => {
    const party = new RelyingParty({ registration: { signInAudience: 'AzureADMultipleOrgs' } })
    const code = await codeOf(party)
    for (const authority of ['organizations', 'common', FABRIKAM]) {
      party.authority = authority
      expectRefusal(await party.redeem(code), 'invalid_grant', 700005)
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
    expectRefusal(answer, 'invalid_grant', 501481)
  })

  test('takes a plain challenge, which is what no method means', async () => {
    const party = new RelyingParty()
    const plain = { code_challenge: VERIFIER, code_challenge_method: null }
    expect((await party.redeem(await codeOf(party, plain))).status).toBe(200)
  })

  test('without a challenge is refused with a verifier', async () => {
    const party = new RelyingParty()
    const code = await codeOf(party, { code_challenge: null, code_challenge_method: null })
    expectRefusal(await party.redeem(code), 'invalid_grant', 501481)
    expect((await party.redeem(code, { code_verifier: null })).status).toBe(200)
  })

  test('may be redeemed for another resource than it was asked with', async () => {
    const party = new RelyingParty()
    party.world.entra.grantAdminConsent(['AllSites.Read'], 'https://contoso.sharepoint.com')
    const { body } = await party.redeem(await codeOf(party), {
      scope: 'offline_access https://contoso.sharepoint.com/.default',
    })
    expect(party.world.accessTokens.find(String(body['access_token']))?.audience).toBe(
      'https://contoso.sharepoint.com',
    )
  })

  test('is void once sessions are revoked', async () => {
    const party = new RelyingParty()
    const code = await codeOf(party)
    party.world.entra.revokeSessions(CAST.adele.id)
    expectRefusal(await party.redeem(code), 'invalid_grant', 50173)
  })
})

describe('what a token answer holds', () => {
  test('no refresh token without offline_access, no id token without openid', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele, { scope: 'User.Read' })
    expect(Object.keys(body).toSorted()).toEqual([
      'access_token',
      'expires_in',
      'ext_expires_in',
      'scope',
      'token_type',
    ])
  })

  test.each([
    ['openid offline_access User.Read', 'openid profile email User.Read'],
    ['openid', 'openid profile email User.Read'],
    [
      'openid https://graph.microsoft.com/User.Read',
      'openid profile email https://graph.microsoft.com/User.Read',
    ],
    [
      'https://graph.microsoft.com/.default',
      'openid profile email https://graph.microsoft.com/User.Read https://graph.microsoft.com/.default',
    ],
  ])('scopes in the form they were asked for: %s', async (asked, answered) => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    const answer = await party.refresh(body['refresh_token'], asked)
    expect(answer.body['scope']).toBe(answered)
  })

  test('everything consented for the resource, not only what was asked', async () => {
    const party = new RelyingParty()
    party.world.entra.grantAdminConsent(['People.Read', 'GroupMember.Read.All'])
    const { body } = await party.tokens(CAST.adele)
    expect(String(body['scope']).split(' ')).toEqual(
      expect.arrayContaining(['People.Read', 'GroupMember.Read.All']),
    )
  })

  test('lifetimes between 60 and 90 minutes that vary, the same way in every run', async () => {
    const lifetimes = async () => {
      const party = new RelyingParty()
      const { body } = await party.tokens(CAST.adele)
      const all = [body['expires_in']]
      for (let more = 0; more < 4; more++) {
        all.push((await party.refresh(body['refresh_token'])).body['expires_in'])
      }
      return all.map(Number)
    }
    const first = await lifetimes()
    expect(new Set(first).size).toBeGreaterThan(2)
    for (const seconds of first) expect(seconds >= 3600 && seconds < 5400).toBe(true)
    expect(await lifetimes()).toEqual(first)
  })

  test('a day for a client that announces cp1', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    const claims = JSON.stringify({ access_token: { xms_cc: { values: ['cp1'] } } })
    const answer = await party.refresh(body['refresh_token'], 'User.Read', { claims })
    expect(answer.body['expires_in']).toBe(24 * 60 * 60)
  })
})

describe('a refresh token', () => {
  test('is replaced and stays alive', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    const second = await party.refresh(body['refresh_token'])
    expect(second.body['refresh_token']).not.toBe(body['refresh_token'])
    expect((await party.refresh(body['refresh_token'])).status).toBe(200)
    expect((await party.refresh(second.body['refresh_token'])).status).toBe(200)
  })

  test('serves every resource the person has consented to', async () => {
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

  test('answers in the tenant path or a multi-tenant one, not at another tenant', async () => {
    const party = new RelyingParty({ registration: { signInAudience: 'AzureADMultipleOrgs' } })
    const { body } = await party.tokens(CAST.adele)
    party.authority = 'organizations'
    expect((await party.refresh(body['refresh_token'])).status).toBe(200)
    party.authority = FABRIKAM
    expectRefusal(await party.refresh(body['refresh_token']), 'invalid_grant', 50020)
  })

  test('dies after 90 days without use, and every use starts anew', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    pass(90 * DAY - 1)
    const second = await party.refresh(body['refresh_token'])
    expect(second.status).toBe(200)
    pass(90 * DAY - 1)
    expectRefusal(await party.refresh(body['refresh_token']), 'invalid_grant', 700082)
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
    expectRefusal(await party.refresh(body['refresh_token'], scope), error, code)
  })

  test('says consent_required as suberror when consent is missing', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    const answer = await party.refresh(body['refresh_token'], 'People.Read')
    expect(answer.body['suberror']).toBe('consent_required')
  })

  test('a tenant does not know the SharePoint of another', async () => {
    const party = new RelyingParty({ registration: { signInAudience: 'AzureADMultipleOrgs' } })
    party.authority = FABRIKAM
    const { body } = await party.tokens(CAST.felix)
    const answer = await party.refresh(
      body['refresh_token'],
      'https://contoso.sharepoint.com/AllSites.Read',
    )
    expectRefusal(answer, 'invalid_resource', 500011)
  })

  test('dies when sessions are revoked, and lives on after single sign-out', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    party.world.entra.signOutEverywhere()
    expect((await party.authorize({ prompt: 'none' })).url.searchParams.get('error')).toBe(
      'login_required',
    )
    expect((await party.refresh(body['refresh_token'])).status).toBe(200)
    party.world.entra.revokeSessions(CAST.adele.id)
    expectRefusal(await party.refresh(body['refresh_token']), 'invalid_grant', 50173)
    const again = await party.tokens(CAST.adele)
    expect((await party.refresh(again.body['refresh_token'])).status).toBe(200)
  })

  test('dies with the account', async () => {
    const party = new RelyingParty()
    const [contoso] = party.world.tenants
    const { body } = await party.tokens(CAST.adele)
    const adele = contoso?.person(CAST.adele.id)
    if (contoso === undefined || adele == null) throw new Error('no Adele')
    contoso.putPerson({ ...adele, accountEnabled: false })
    expectRefusal(await party.refresh(body['refresh_token']), 'invalid_grant', 50057)
    contoso.removePerson(adele.id)
    expectRefusal(await party.refresh(body['refresh_token']), 'invalid_grant', 500341)
  })

  test('is stopped when a client redeems it over and over', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    const redeem = () => party.refresh(body['refresh_token'], 'User.Read')
    for (let times = 0; times < 15; times++) expect((await redeem()).status).toBe(200)
    expectRefusal(await redeem(), 'invalid_grant', 50196)
    expect((await party.refresh(body['refresh_token'], 'openid User.Read')).status).toBe(200)
    pass(MINUTE)
    expectRefusal(await redeem(), 'invalid_grant', 50196)
    pass(MINUTE)
    expect((await redeem()).status).toBe(200)
  })
})

describe('redirect URIs of the single-page platform', () => {
  const registration = { redirectUris: [], spaRedirectUris: [REDIRECT_URI] }
  const origin = { origin: 'https://chat.contoso.example' }

  test('a server that redeems such a code is told so', async () => {
    const party = new RelyingParty({ registration })
    expectRefusal(await party.redeem(await codeOf(party)), 'invalid_request', 9002327)
  })

  test('a browser redeems it without a credential', async () => {
    const party = new RelyingParty({ registration })
    const code = await codeOf(party)
    expectRefusal(await party.redeem(code, {}, origin), 'invalid_client', 700025)
    const answer = await party.redeem(code, { client_secret: null }, origin)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin.origin)
  })

  test('a browser needs PKCE', async () => {
    const party = new RelyingParty({ registration })
    const code = await codeOf(party, { code_challenge: null, code_challenge_method: null })
    const answer = await party.redeem(code, { client_secret: null, code_verifier: null }, origin)
    expectRefusal(answer, 'invalid_request', 9002325)
  })

  test('its refresh tokens die 24 hours after the sign-in, whatever happens in between', async () => {
    const party = new RelyingParty({ registration })
    const code = await codeOf(party)
    const { body } = await party.redeem(code, { client_secret: null }, origin)
    const refresh = (token: unknown) =>
      party.post(
        {
          grant_type: 'refresh_token',
          refresh_token: String(token),
          scope: 'offline_access User.Read',
          client_secret: null,
        },
        origin,
      )
    expectRefusal(await party.refresh(body['refresh_token']), 'invalid_request', 9002327)
    pass(DAY - 1)
    const second = await refresh(body['refresh_token'])
    expect(second.status).toBe(200)
    pass(1)
    expectRefusal(await refresh(second.body['refresh_token']), 'invalid_grant', 700084)
  })

  test('a web redirect URI does not want an Origin', async () => {
    const party = new RelyingParty()
    const answer = await party.redeem(await codeOf(party), {}, origin)
    expectRefusal(answer, 'invalid_request', 9002326)
  })
})
