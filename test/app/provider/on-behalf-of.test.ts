import { describe, expect, test } from 'vitest'
import { clock } from '../../support/clock.ts'
import { aChat, CLIENT_ID, redeem, signedInAtChat, type ProviderScene } from './fixture.ts'

/* LibreChat's server requests Microsoft tokens by Entra's on-behalf-of flow; Entrada returns the session's tokens. */

const GRAPH = 'https://graph.microsoft.com'
const SHAREPOINT = 'https://contoso.sharepoint.com'

async function aReadyChat(resources: readonly string[]): Promise<ProviderScene> {
  const scene = aChat(resources)
  const { entra } = scene.entrada.sandbox
  entra.grantAdminConsent(['People.Read'])
  entra.grantAdminConsent(['AllSites.Read'], SHAREPOINT)
  await signedInAtChat(scene)
  return scene
}

function exchange(
  scene: ProviderScene,
  fields: Readonly<Record<string, string | null>>,
): Promise<Response> {
  return redeem(scene, {
    grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
    requested_token_use: 'on_behalf_of',
    assertion: scene.chat.tokens.access_token,
    scope: `${GRAPH}/.default`,
    redirect_uri: null,
    ...fields,
  })
}

async function errorOf(response: Response): Promise<unknown> {
  const { error } = await response.json<{ error: string }>()
  return [response.status, error]
}

test.each([
  `${GRAPH}/User.Read ${GRAPH}/People.Read`,
  'User.Read People.Read offline_access',
  `${GRAPH}/.default`,
])('a client with Graph as resource gets a token that Graph accepts, for “%s”', async (scope) => {
  const scene = await aReadyChat([GRAPH])
  const token = await scene.chat.onBehalfOf(scope)
  expect(token.expires_in).toBeGreaterThan(60)
  expect(token.scope?.split(' ')).toEqual(expect.arrayContaining(['User.Read', 'People.Read']))
  const headers = { authorization: `Bearer ${token.access_token}` }
  const me = await scene.entrada.internet.fetch(new Request(`${GRAPH}/v1.0/me`, { headers }))
  expect(await me.json()).toMatchObject({ displayName: 'Adele Vance' })
  expect(scene.entrada.logs.text).toContain('oidc_resource_token_issued')
})

test('a client with a SharePoint host gets a token for that host and for no other', async () => {
  const scene = await aReadyChat([SHAREPOINT])
  const token = await scene.chat.onBehalfOf(`${SHAREPOINT}/AllSites.Read`)
  expect(token.scope?.split(' ')).toContain('AllSites.Read')
  const headers = { authorization: `Bearer ${token.access_token}` }
  const me = await scene.entrada.internet.fetch(new Request(`${GRAPH}/v1.0/me`, { headers }))
  expect(me.status).toBe(401)
})

describe('a resource that OIDC_CLIENTS does not give the client', () => {
  test.each([
    ['any resource, by default', [], `${GRAPH}/User.Read`],
    ['Graph, for a client that has SharePoint', [SHAREPOINT], 'User.Read'],
    ['another SharePoint host', [SHAREPOINT], 'https://fabrikam.sharepoint.com/.default'],
    ['a host that begins with the same name', [SHAREPOINT], `${SHAREPOINT}.evil.example/.default`],
    ['Graph over http', [GRAPH], 'http://graph.microsoft.com/.default'],
  ])('is refused: %s', async (_, resources, scope) => {
    const scene = await aReadyChat(resources)
    expect(await errorOf(await exchange(scene, { scope }))).toEqual([400, 'invalid_target'])
  })

  test('is not offered in the metadata', async () => {
    const grants = async (resources: readonly string[]) =>
      (await aChat(resources).chat.config()).serverMetadata().grant_types_supported
    expect(await grants([])).toEqual(['authorization_code', 'refresh_token'])
    expect(await grants([GRAPH])).toHaveLength(3)
  })
})

describe('an invalid on-behalf-of request', () => {
  test.each([
    [
      'for two resources at once',
      { scope: `${GRAPH}/User.Read ${SHAREPOINT}/.default` },
      'invalid_scope',
    ],
    ['for sign-in scopes only', { scope: 'openid offline_access' }, 'invalid_scope'],
    ['without a scope', { scope: null }, 'invalid_request'],
    ['without an assertion', { assertion: null }, 'invalid_request'],
    ['with another requested_token_use', { requested_token_use: 'elsewhere' }, 'invalid_request'],
    ['with an invalid assertion', { assertion: 'eyJ.eyJ.x' }, 'invalid_grant'],
  ])('%s', async (_, fields, error) => {
    const scene = await aReadyChat([GRAPH])
    expect(await errorOf(await exchange(scene, fields))).toEqual([400, error])
  })

  test('with an id token, which the chat’s page can read', async () => {
    const scene = await aReadyChat([GRAPH])
    const assertion = scene.chat.tokens.id_token ?? ''
    expect(await errorOf(await exchange(scene, { assertion }))).toEqual([400, 'invalid_grant'])
  })

  test('with a wrong client secret', async () => {
    const scene = await aReadyChat([GRAPH])
    const response = await exchange(scene, { client_id: CLIENT_ID, client_secret: 'x' })
    expect(await errorOf(response)).toEqual([401, 'invalid_client'])
  })
})

describe('a token that Microsoft refuses', () => {
  test('because the person must act gives an error that clients of Entra know', async () => {
    const scene = aChat([SHAREPOINT])
    await signedInAtChat(scene)
    const response = await exchange(scene, { scope: `${SHAREPOINT}/.default` })
    expect(response.headers.get('entrada-error')).toMatch(/consent_required$/)
    expect(await errorOf(response)).toEqual([400, 'interaction_required'])
  })

  test('because consent is missing gives the AADSTS number where clients of Entra read it', async () => {
    const scene = aChat([SHAREPOINT])
    await signedInAtChat(scene)
    const response = await exchange(scene, { scope: `${SHAREPOINT}/.default` })
    expect(await response.json()).toMatchObject({
      error_description: expect.stringMatching(/^AADSTS65001: /),
      error_codes: [65001],
    })
  })

  test('because it limits requests gives Retry-After, also during the pause', async () => {
    const scene = await aReadyChat([SHAREPOINT])
    scene.entrada.sandbox.faults.set('entra.token_throttled', { retryAfterSeconds: 40, times: 1 })
    for (const seconds of ['40', '10']) {
      const response = await exchange(scene, { scope: `${SHAREPOINT}/.default` })
      expect(await errorOf(response)).toEqual([503, 'temporarily_unavailable'])
      expect(response.headers.get('retry-after')).toBe(seconds)
      await clock.advance(30)
    }
  })

  test('because it does not respond ends no session', async () => {
    const scene = await aReadyChat([SHAREPOINT])
    scene.entrada.sandbox.faults.set('entra.outage')
    const response = await exchange(scene, { scope: `${SHAREPOINT}/.default` })
    expect(await errorOf(response)).toEqual([503, 'temporarily_unavailable'])
  })

  test('because the session has ended gives invalid_grant', async () => {
    const scene = await aReadyChat([GRAPH])
    const browser = await signedInAtChat(scene)
    await browser.fetch('/.entrada/logout', { method: 'POST', redirect: 'manual' })
    expect(await errorOf(await exchange(scene, {}))).toEqual([400, 'invalid_grant'])
  })
})
