import { describe, expect, test } from 'vitest'
import { clock } from '../../support/clock.ts'
import { answerOf, aSearcher, OK, TOKEN_LIFE_SECONDS } from './searcher-fixture.ts'
import { problemOf } from '../../support/scene.ts'

describe('a token', () => {
  test('that Graph refuses is renewed once, and the search goes on', async () => {
    const adele = await aSearcher()
    adele.sandbox.faults.set('graph.token_rejected', { times: 1 })
    expect((await adele.search('megan')).status).toEqual(OK)
    expect(adele.roundTrips).toBe(2)
  })

  test('that Graph goes on refusing fails the parts, after one renewal', async () => {
    const adele = await aSearcher()
    const before = adele.sandbox.journal.redemptions('refresh_token').length
    adele.sandbox.faults.set('graph.token_rejected')
    const answer = await adele.search('megan')
    expect(answer.status).toMatchObject({ people: 'failed', users: 'failed', groups: 'failed' })
    expect(adele.roundTrips).toBe(2)
    expect(adele.sandbox.journal.redemptions('refresh_token').length - before).toBeLessThan(3)
  })

  test('that has expired is renewed without anyone noticing', async () => {
    const adele = await aSearcher()
    await adele.search('megan')
    await clock.advance(TOKEN_LIFE_SECONDS)
    expect((await adele.search('alex')).status).toEqual(OK)
  })

  test('that cannot be renewed any more is a matter of signing in', async () => {
    const adele = await aSearcher()
    await clock.advance(TOKEN_LIFE_SECONDS)
    adele.sandbox.faults.set('entra.session_revoked')
    const response = await adele.fetch('/people?q=megan')
    expect(response.status).toBe(401)
    expect(await problemOf(response)).toMatchObject({
      code: 'session_required',
      loginUrl: 'https://chat.contoso.example/.entrada/login?return_to=%2F',
    })
  })

  test('that is no longer good enough for Graph leads to a stronger sign-in', async () => {
    const adele = await aSearcher()
    adele.sandbox.faults.set('graph.claims_challenge')
    adele.sandbox.faults.set('entra.conditional_access')
    const response = await adele.fetch('/people?q=megan')
    expect(response.status).toBe(401)
    expect(await problemOf(response)).toMatchObject({ code: 'interaction_required' })
  })
})

describe('a token that Entra does not renew', () => {
  test.each([
    [65001, 'invalid_grant', 200, 'consent_needed'],
    [90094, 'invalid_grant', 200, 'consent_needed'],
    [700016, 'unauthorized_client', 200, 'failed'],
    [500011, 'invalid_resource', 200, 'failed'],
    [50076, 'interaction_required', 401, 'interaction_required'],
    [500212, 'invalid_grant', 403, 'blocked_by_policy'],
  ] as const)('for AADSTS%i (%s) is answered %i, %s', async (number, error, status, said) => {
    const adele = await aSearcher()
    await clock.advance(TOKEN_LIFE_SECONDS)
    const { handlers, hosts } = adele.sandbox
    adele.entrada.internet.answer(hosts.login, (request) => {
      if (!new URL(request.url).pathname.endsWith('/token')) return handlers.login(request)
      const words = { error, error_description: `AADSTS${number}: raw`, error_codes: [number] }
      return Response.json(words, { status: 400 })
    })
    const response = await adele.fetch('/people?q=megan')
    expect(response.status).toBe(status)
    if (status !== 200) return expect(await problemOf(response)).toMatchObject({ code: said })
    const expected = { people: said, users: said, groups: said, local: 'off' }
    expect(await answerOf(response)).toMatchObject({ results: [], status: expected })
    expect(adele.roundTrips).toBe(0)
  })
})
