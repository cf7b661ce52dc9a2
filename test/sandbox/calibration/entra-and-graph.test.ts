import { expect, test } from 'vitest'
import { CAST } from '../directory/cast.ts'
import { claimsOf, recordOf } from '../entra/answers.ts'
import { RelyingParty, SIGN_IN_SCOPE } from '../entra/relying-party.ts'
import { createSandbox } from '../sandbox.ts'

test("Graph accepts the sign-in service's tokens and returns the same person", async () => {
  const sandbox = createSandbox({ people: 5, groups: 2 })
  const party = new RelyingParty({ sandbox })
  const { body } = await party.tokens(CAST.adele)
  const ask = async (path: string) => {
    const headers = { authorization: `Bearer ${String(body['access_token'])}` }
    const request = new Request(`${sandbox.hosts.graph}${path}`, { headers })
    return recordOf(await (await sandbox.fetch(request)).json())
  }
  expect(await ask('/v1.0/me')).toMatchObject({ id: CAST.adele.id })
  expect(await ask('/oidc/userinfo')).toMatchObject({ sub: claimsOf(body['id_token'])['sub'] })
})

test('the journal records redemptions, and the registration can change at any time', async () => {
  const sandbox = createSandbox({ people: 5, groups: 2 })
  const party = new RelyingParty({ sandbox })
  const { body } = await party.tokens(CAST.adele)
  sandbox.registration = { ...sandbox.registration, clientSecrets: ['another'] }
  const refused = await party.refresh(body['refresh_token'], SIGN_IN_SCOPE, { client_secret: 'x' })
  expect(refused.body['error_codes']).toEqual([7000215])
  expect((await party.refresh(body['refresh_token'])).status).toBe(200)
  const scopes = sandbox.journal.redemptions('refresh_token').map(({ form }) => form.get('scope'))
  expect(scopes).toEqual([SIGN_IN_SCOPE, SIGN_IN_SCOPE])
})
