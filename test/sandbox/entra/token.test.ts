import { describe, expect, test } from 'vitest'
import { CAST } from '../directory/cast.ts'
import { refused } from './answers.ts'
import { RelyingParty } from './relying-party.ts'

describe('a token error', () => {
  test("has the same members as Entra's", async () => {
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
    expect(await new RelyingParty().redeem('c', parameters)).toMatchObject(refused(error, code))
  })

  test('is returned for a GET', async () => {
    const party = new RelyingParty()
    const response = await party.fetch(new Request(party.url('oauth2/v2.0/token')))
    expect(await response.json()).toMatchObject({ error_codes: [900561] })
  })

  test('is returned for a body that is not a form', async () => {
    const answer = await new RelyingParty().redeem('c', {}, { 'content-type': 'application/json' })
    expect(answer).toMatchObject(refused('invalid_request', 900144))
  })

  test('is returned for an unknown tenant', async () => {
    const party = new RelyingParty({ authority: 'nobody.example' })
    expect(await party.redeem('c')).toMatchObject(refused('invalid_request', 90002))
  })
})

describe('a token response', () => {
  test('has no refresh token without offline_access and no id token without openid', async () => {
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
  ])('lists scopes in the requested form: %s', async (asked, answered) => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    const answer = await party.refresh(body['refresh_token'], asked)
    expect(answer.body['scope']).toBe(answered)
  })

  test('covers everything consented for the resource, not only the requested scopes', async () => {
    const party = new RelyingParty()
    party.world.entra.grantAdminConsent(['People.Read', 'GroupMember.Read.All'])
    const { body } = await party.tokens(CAST.adele)
    expect(String(body['scope']).split(' ')).toEqual(
      expect.arrayContaining(['People.Read', 'GroupMember.Read.All']),
    )
  })

  test('has a lifetime between 60 and 90 minutes that varies in the same way in every run', async () => {
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

  test('has a lifetime of a day for a client that declares cp1', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    const claims = JSON.stringify({ access_token: { xms_cc: { values: ['cp1'] } } })
    const answer = await party.refresh(body['refresh_token'], 'User.Read', { claims })
    expect(answer.body['expires_in']).toBe(24 * 60 * 60)
  })
})
