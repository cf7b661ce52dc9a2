import { describe, expect, test } from 'vitest'
import { CONTOSO } from '../directory/cast.ts'
import { refused } from './answers.ts'
import { type Parameters, RelyingParty, type RelyingPartyOptions } from './relying-party.ts'

const SCOPE = 'https://graph.microsoft.com/.default'
const several = { signInAudience: 'AzureADMultipleOrgs' } as const

function ask(options: RelyingPartyOptions, parameters: Parameters = {}, headers = {}) {
  const party = new RelyingParty(options)
  return party.post({ grant_type: 'client_credentials', scope: SCOPE, ...parameters }, headers)
}

describe('the client credentials grant', () => {
  test('issues only an access token without roles: no refresh token, id token or scope', async () => {
    const { status, body } = await ask({})
    expect([status, Object.keys(body).toSorted()]).toEqual([
      200,
      ['access_token', 'expires_in', 'ext_expires_in', 'token_type'],
    ])
  })

  test.each([
    ['a wrong secret', { client_secret: 'wrong' }, 'invalid_client', 7000215],
    ['no credential', { client_secret: null }, 'invalid_client', 7000218],
    ['an unknown application', { client_id: 'x' }, 'unauthorized_client', 700016],
    ['no scope', { scope: null }, 'invalid_request', 900144],
    ['a delegated scope', { scope: 'User.Read' }, 'invalid_scope', 1002012],
    ['OpenID scopes', { scope: `openid ${SCOPE}` }, 'invalid_scope', 1002012],
  ])('refuses %s', async (_situation, parameters, error, code) => {
    expect(await ask({}, parameters)).toMatchObject(refused(error, code))
  })

  test('refuses a request with an Origin header', async () => {
    const origin = { origin: 'https://chat.contoso.example' }
    expect(await ask({}, {}, origin)).toMatchObject(refused('invalid_request', 9002326))
  })

  test.each(['organizations', 'common'])(
    'refuses the multi-tenant authority %s',
    async (authority) => {
      const answer = await ask({ registration: several, authority })
      expect(answer).toMatchObject(refused('invalid_request', 50059))
    },
  )

  test('works in another tenant after somebody there has consented', async () => {
    const party = new RelyingParty({ registration: several })
    const [, other] = party.world.tenants
    const tenantId = other?.tenantId ?? expect.unreachable()
    expect(tenantId).not.toBe(CONTOSO)
    party.authority = tenantId
    const form = { grant_type: 'client_credentials', scope: SCOPE }
    expect(await party.post(form)).toMatchObject(refused('unauthorized_client', 7000229))
    party.world.entra.grantAdminConsent(['User.Read'], party.world.hosts.graph, tenantId)
    expect((await party.post(form)).status).toBe(200)
  })
})
