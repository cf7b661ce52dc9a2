import { describe, expect, test } from 'vitest'
import { CAST } from '../directory/cast.ts'
import { refused } from './answers.ts'
import { DAY, pass, stopTheDate } from './dates.ts'
import { REDIRECT_URI, RelyingParty } from './relying-party.ts'

stopTheDate()

async function codeOf(party: RelyingParty, parameters = {}): Promise<string> {
  return (await party.signIn(CAST.adele, parameters)).get('code') ?? ''
}

describe('redirect URIs of the single-page platform', () => {
  const registration = { redirectUris: [], spaRedirectUris: [REDIRECT_URI] }
  const origin = { origin: 'https://chat.contoso.example' }

  test('refuse a server that redeems the code, with an explanation', async () => {
    const party = new RelyingParty({ registration })
    expect(await party.redeem(await codeOf(party))).toMatchObject(
      refused('invalid_request', 9002327),
    )
  })

  test('let a browser redeem the code without a credential', async () => {
    const party = new RelyingParty({ registration })
    const code = await codeOf(party)
    expect(await party.redeem(code, {}, origin)).toMatchObject(refused('invalid_client', 700025))
    const answer = await party.redeem(code, { client_secret: null }, origin)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin.origin)
  })

  test('refuse a request without PKCE by an error redirect without a code', async () => {
    const party = new RelyingParty({ registration })
    const answer = await party.signIn(CAST.adele, {
      code_challenge: null,
      code_challenge_method: null,
    })
    expect(answer.get('code')).toBeNull()
    expect(answer.get('error')).toBe('invalid_request')
    expect(answer.get('error_description')).toMatch(/^AADSTS9002325: /)
  })

  test('issue refresh tokens that expire 24 hours after the sign-in, renewed or not', async () => {
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
    expect(await party.refresh(body['refresh_token'])).toMatchObject(
      refused('invalid_request', 9002327),
    )
    pass(DAY - 1)
    const second = await refresh(body['refresh_token'])
    expect(second.status).toBe(200)
    pass(1)
    expect(await refresh(second.body['refresh_token'])).toMatchObject(
      refused('invalid_grant', 700084),
    )
  })

  test('are required for an Origin header; a web redirect URI refuses one', async () => {
    const party = new RelyingParty()
    const answer = await party.redeem(await codeOf(party), {}, origin)
    expect(answer).toMatchObject(refused('invalid_request', 9002326))
  })
})
