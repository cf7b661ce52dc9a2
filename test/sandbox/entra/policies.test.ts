import { afterEach, describe, expect, test, vi } from 'vitest'
import { CAST } from '../directory/cast.ts'
import type { FaultName } from '../faults.ts'
import { claimsOf } from './answers.ts'
import { RelyingParty, SIGN_IN_SCOPE } from './relying-party.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('faults of a refresh', () => {
  test.each<[FaultName, number, string, number, string | undefined]>([
    ['entra.session_revoked', 400, 'invalid_grant', 50173, 'bad_token'],
    ['entra.grant_expired', 400, 'invalid_grant', 700082, undefined],
    ['entra.sign_in_frequency', 400, 'invalid_grant', 70043, 'token_expired'],
    ['entra.user_disabled', 400, 'invalid_grant', 50057, undefined],
    ['entra.blocked_by_policy', 400, 'access_denied', 53003, 'message_only'],
    ['entra.conditional_access', 400, 'interaction_required', 50076, 'basic_action'],
    ['entra.loop_detected', 400, 'invalid_grant', 50196, undefined],
    ['entra.wrong_secret', 401, 'invalid_client', 7000215, undefined],
    ['entra.secret_expired', 401, 'invalid_client', 7000222, undefined],
    ['entra.token_throttled', 429, 'temporarily_unavailable', 90055, undefined],
  ])('%s answers %d %s %d', async (fault, status, error, code, suberror) => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    party.world.faults.set(fault, { times: 1 })
    const answer = await party.refresh(body['refresh_token'])
    expect(answer).toMatchObject({ status, body: { error, error_codes: [code] } })
    expect(answer.body['suberror']).toBe(suberror)
    expect((await party.refresh(body['refresh_token'])).status).toBe(200)
  })

  test.each<FaultName>(['entra.session_revoked', 'entra.token_throttled', 'entra.token_malformed'])(
    '%s can be limited to one user',
    async (fault) => {
      const party = new RelyingParty()
      const { body } = await party.tokens(CAST.adele)
      party.world.faults.set(fault, { userId: CAST.alex.id })
      expect((await party.refresh(body['refresh_token'])).status).toBe(200)
    },
  )
})

describe('faults of the token endpoint', () => {
  async function redeemWith(party: RelyingParty, signal?: AbortSignal): Promise<Response> {
    const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x' })
    const init = { method: 'POST', body, ...(signal && { signal }) }
    return party.fetch(new Request(party.url('oauth2/v2.0/token'), init))
  }

  test('send HTML for a server error', async () => {
    const party = new RelyingParty()
    party.world.faults.set('entra.token_server_error')
    const response = await redeemWith(party)
    expect(response.status).toBe(500)
    expect(response.headers.get('content-type')).toBe('text/html')
  })

  test('send a malformed answer as a 200 that is not JSON', async () => {
    const party = new RelyingParty()
    party.world.faults.set('entra.token_malformed')
    const response = await redeemWith(party)
    expect(response.status).toBe(200)
    await expect(response.json()).rejects.toThrow(SyntaxError)
  })

  test('send Retry-After when throttling', async () => {
    const party = new RelyingParty()
    party.world.faults.set('entra.token_throttled', { retryAfterSeconds: 7 })
    expect((await redeemWith(party)).headers.get('retry-after')).toBe('7')
  })

  test('delay a correct answer', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const party = new RelyingParty()
    party.world.faults.set('entra.token_slow', { delayMs: 30_000 })
    const answered = vi.fn<(response: Response) => void>()
    const answer = redeemWith(party).then(answered)
    await vi.advanceTimersByTimeAsync(29_999)
    expect(answered).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await answer
    expect(answered.mock.calls[0]?.[0].status).toBe(400)
  })

  test('end a hanging request when the client aborts', async () => {
    const party = new RelyingParty()
    party.world.faults.set('entra.token_hang')
    const caller = new AbortController()
    const answer = redeemWith(party, caller.signal)
    caller.abort(new Error('enough'))
    await expect(answer).rejects.toThrow('gave up')
  })

  test('leave the token endpoint working when discovery is down', async () => {
    const party = new RelyingParty()
    party.world.faults.set('entra.discovery_outage')
    for (const path of ['v2.0/.well-known/openid-configuration', 'discovery/v2.0/keys']) {
      expect((await party.fetch(new Request(party.url(path)))).status).toBe(503)
    }
    expect((await party.tokens(CAST.adele)).status).toBe(200)
  })
})

describe('faults of the tokens', () => {
  test('leave out the refresh token although it was requested', async () => {
    const party = new RelyingParty()
    party.world.faults.set('entra.no_refresh_token')
    const { status, body } = await party.tokens(CAST.adele)
    expect(status).toBe(200)
    expect(body).not.toHaveProperty('refresh_token')
  })

  test('replace the nonce', async () => {
    const party = new RelyingParty()
    party.world.faults.set('entra.wrong_nonce')
    const { body } = await party.tokens(CAST.adele)
    expect(claimsOf(body['id_token'])['nonce']).toEqual(expect.not.stringMatching(/^nonce-1$/))
  })
})

describe('conditional access', () => {
  test('is satisfied by a sign-in that carries the challenge', async () => {
    const party = new RelyingParty()
    const before = await party.tokens(CAST.adele)
    party.world.faults.set('entra.conditional_access')
    const { body } = await party.refresh(before.body['refresh_token'])
    const claims = String(body['claims'])
    expect(JSON.parse(claims)).toMatchObject({ access_token: { capolids: { essential: true } } })

    const silent = await party.authorize({ prompt: 'none', claims })
    expect(silent.url.searchParams.get('error')).toBe('interaction_required')
    expect(silent.url.searchParams.get('claims')).toBe(claims)

    const page = await party.authorize({ claims })
    expect(page.title).toContain('Sign in')
    const { code } = Object.fromEntries((await party.choose(CAST.adele)).url.searchParams)
    const after = await party.redeem(code ?? '')
    expect(after.status).toBe(200)
    expect((await party.refresh(after.body['refresh_token'])).status).toBe(200)
    expect((await party.refresh(before.body['refresh_token'])).status).toBe(400)

    const again = await party.authorize({ prompt: 'none', claims })
    expect(again.url.searchParams.has('code')).toBe(true)
  })

  test('is not satisfied by a sign-in without the challenge', async () => {
    const party = new RelyingParty()
    party.world.faults.set('entra.conditional_access')
    const { body } = await party.tokens(CAST.adele)
    expect(body).toMatchObject({ error: 'interaction_required', error_codes: [50076] })
  })

  test("needs the person for a resource's challenge, unless it only demands a newer token", async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    const refreshWith = (demand: object) =>
      party.refresh(body['refresh_token'], SIGN_IN_SCOPE, {
        claims: JSON.stringify({ access_token: { ...demand, xms_cc: { values: ['cp1'] } } }),
      })
    expect((await refreshWith({ nbf: { essential: true, value: '1700000000' } })).status).toBe(200)
    const stepUp = await refreshWith({ acrs: { essential: true, value: 'c1' } })
    expect(stepUp.body).toMatchObject({ error: 'interaction_required', suberror: 'basic_action' })
    expect(JSON.parse(String(stepUp.body['claims']))).toHaveProperty(
      'access_token.acrs.value',
      'c1',
    )
  })
})
