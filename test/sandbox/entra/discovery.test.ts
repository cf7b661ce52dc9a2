import { describe, expect, test } from 'vitest'
import { CONTOSO } from '../directory/cast.ts'
import { CONSUMERS } from './authority.ts'
import { recordOf } from './answers.ts'
import { RelyingParty } from './relying-party.ts'

const LOGIN = 'https://login.microsoftonline.com'

async function metadataOf(authority: string) {
  const party = new RelyingParty({ authority })
  const response = await party.fetch(
    new Request(party.url('v2.0/.well-known/openid-configuration')),
  )
  return { status: response.status, body: recordOf(await response.json()) }
}

async function keysOf(authority: string) {
  const party = new RelyingParty({ authority })
  const response = await party.fetch(new Request(party.url('discovery/v2.0/keys')))
  const { keys } = recordOf(await response.json())
  if (!Array.isArray(keys)) throw new Error('no keys')
  return keys.map(recordOf)
}

describe('metadata', () => {
  test.each([
    ['the GUID', CONTOSO],
    ['the GUID in capitals', CONTOSO.toUpperCase()],
    ['a verified domain', 'contoso.example'],
    ['the initial domain', 'contoso.onmicrosoft.com'],
  ])('of a tenant named by %s contains the GUID in every URL', async (_name, authority) => {
    const { body } = await metadataOf(authority)
    expect(body).toMatchObject({
      issuer: `${LOGIN}/${CONTOSO}/v2.0`,
      authorization_endpoint: `${LOGIN}/${CONTOSO}/oauth2/v2.0/authorize`,
      token_endpoint: `${LOGIN}/${CONTOSO}/oauth2/v2.0/token`,
      jwks_uri: `${LOGIN}/${CONTOSO}/discovery/v2.0/keys`,
      end_session_endpoint: `${LOGIN}/${CONTOSO}/oauth2/v2.0/logout`,
      userinfo_endpoint: 'https://graph.microsoft.com/oidc/userinfo',
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
    })
  })

  test.each(['organizations', 'common'])('of %s has an issuer template', async (authority) => {
    const { body } = await metadataOf(authority)
    expect(body).toMatchObject({
      issuer: `${LOGIN}/{tenantid}/v2.0`,
      token_endpoint: `${LOGIN}/${authority}/oauth2/v2.0/token`,
    })
  })

  test.each(['consumers', CONSUMERS])(
    'of %s is the metadata of personal accounts',
    async (authority) => {
      expect((await metadataOf(authority)).body).toMatchObject({
        issuer: `${LOGIN}/${CONSUMERS}/v2.0`,
      })
    },
  )

  test('does not announce iss in authorization responses', async () => {
    const { body } = await metadataOf(CONTOSO)
    expect(body).not.toHaveProperty('authorization_response_iss_parameter_supported')
  })

  test('of an unknown tenant answers AADSTS90002', async () => {
    expect(await metadataOf('nobody.example')).toMatchObject({
      status: 400,
      body: { error: 'invalid_request', error_codes: [90002] },
    })
  })
})

describe('keys', () => {
  test('are several, public, and each names the issuer it may sign for', async () => {
    const keys = await keysOf(CONTOSO)
    expect(keys.length).toBeGreaterThanOrEqual(2)
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(keys.length)
    for (const key of keys) {
      expect(Object.keys(key).toSorted()).toEqual(['e', 'issuer', 'kid', 'kty', 'n', 'use', 'x5t'])
      expect(key['issuer']).toBe(`${LOGIN}/${CONTOSO}/v2.0`)
    }
  })

  test('of an app with its own signing key are listed for that app alone', async () => {
    const party = new RelyingParty({ registration: { hasOwnSigningKey: true } })
    const { clientId } = party.world.registration
    const kidsAt = async (url: string) => {
      const { keys } = recordOf(await (await party.fetch(new Request(url))).json())
      return Array.isArray(keys) ? keys.map((key) => recordOf(key)['kid']) : []
    }
    const { kid } = await party.world.entra.keys.ofApp()
    const metadata = party.url('v2.0/.well-known/openid-configuration', { appid: clientId })
    const { jwks_uri: address } = recordOf(await (await party.fetch(new Request(metadata))).json())
    expect(address).toBe(party.url('discovery/v2.0/keys', { appid: clientId }))
    expect(await kidsAt(String(address))).toEqual([kid])
    expect(await kidsAt(party.url('discovery/v2.0/keys'))).not.toContain(kid)
    expect(await kidsAt(party.url('discovery/v2.0/keys', { appid: CONTOSO }))).not.toContain(kid)
  })

  test('of organizations are valid for any tenant', async () => {
    for (const { issuer } of await keysOf('organizations')) {
      expect(issuer).toBe(`${LOGIN}/{tenantid}/v2.0`)
    }
  })

  test('of common include one that is valid for personal accounts only', async () => {
    const issuers = (await keysOf('common')).map(({ issuer }) => issuer)
    expect(issuers).toContain(`${LOGIN}/${CONSUMERS}/v2.0`)
    expect(issuers).toContain(`${LOGIN}/{tenantid}/v2.0`)
  })
})
