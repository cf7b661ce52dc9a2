import { describe, expect, test } from 'vitest'
import { CAST } from '../directory/cast.ts'
import { errorOf } from './answers.ts'
import { REDIRECT_URI, RelyingParty } from './relying-party.ts'

describe('an authorization response', () => {
  test('carries code, state and session_state, and no iss', async () => {
    const party = new RelyingParty()
    const answer = await party.signIn(CAST.adele)
    expect([...answer.keys()].toSorted()).toEqual(['code', 'session_state', 'state'])
    expect(answer.get('state')).toBe('state-1')
  })

  test('comes as a form when response_mode is form_post', async () => {
    const party = new RelyingParty()
    await party.signIn(CAST.adele)
    const page = await party.authorize({ response_mode: 'form_post' })
    const form = page.html.querySelector('form')
    expect(form?.getAttribute('action')).toBe(REDIRECT_URI)
    expect(form?.querySelector('input[name=code]')?.getAttribute('value')).toMatch(/^1\.AX/)
    const arrived = await party.browser.submit()
    expect(arrived.title).toBe('The application')
  })

  test('comes in the fragment when asked for', async () => {
    const party = new RelyingParty()
    await party.signIn(CAST.adele)
    const page = await party.authorize({ response_mode: 'fragment' })
    expect(page.url.search).toBe('')
    expect(new URLSearchParams(page.url.hash.slice(1)).get('code')).toMatch(/^1\.AX/)
  })

  test('has HTML stripped from state', async () => {
    const party = new RelyingParty()
    const answer = await party.signIn(CAST.adele, { state: 'a<b>b</b>c<script>d' })
    expect(answer.get('state')).toBe('abcd')
  })

  test('gives MSAL its client_info', async () => {
    const party = new RelyingParty()
    const answer = await party.signIn(CAST.adele, { client_info: '1' })
    const info: unknown = JSON.parse(
      Buffer.from(answer.get('client_info') ?? '', 'base64url').toString(),
    )
    expect(info).toEqual({ uid: CAST.adele.id, utid: party.authority })
  })

  test('keeps the query of the redirect URI', async () => {
    const redirectUri = `${REDIRECT_URI}?app=chat`
    const party = new RelyingParty({ registration: { redirectUris: [redirectUri] } })
    const answer = await party.signIn(CAST.adele, { redirect_uri: redirectUri })
    expect(answer.get('app')).toBe('chat')
  })
})

describe('a request without a valid redirect target', () => {
  test.each([
    ['an unregistered redirect URI', { redirect_uri: 'https://evil.example/' }, 50011],
    ['another case in the path', { redirect_uri: REDIRECT_URI.replace('oauth', 'OAuth') }, 50011],
    ['a longer path', { redirect_uri: `${REDIRECT_URI}/more` }, 50011],
    [
      'another port than registered',
      { redirect_uri: 'https://chat.contoso.example:8443/oauth/openid/callback' },
      50011,
    ],
    ['no redirect URI', { redirect_uri: null }, 900971],
    ['an unknown client', { client_id: '00000000-0000-0000-0000-000000000000' }, 700016],
    ['no client', { client_id: null }, 900144],
  ])('%s ends on an error page', async (_situation, parameters, code) => {
    const page = await new RelyingParty().authorize(parameters)
    expect(page.hops).toHaveLength(1)
    expect(page.status).toBe(400)
    expect(page.text).toContain(`AADSTS${code}: `)
  })

  test.each([
    ['an unknown tenant', 'nobody.example', 90002],
    ['organizations with a single-tenant registration', 'organizations', 50194],
    ['common with a single-tenant registration', 'common', 50194],
    ['consumers', 'consumers', 9002332],
    ['a tenant that does not have the application', 'fabrikam.example', 700016],
  ])('%s ends on an error page', async (_situation, authority, code) => {
    const page = await new RelyingParty({ authority }).authorize()
    expect(page.status).toBe(400)
    expect(page.text).toContain(`AADSTS${code}: `)
  })

  test('localhost matches on any port; other hosts must match exactly', async () => {
    const party = new RelyingParty()
    const local = await party.authorize({
      redirect_uri: 'http://localhost:4242/oauth/openid/callback',
    })
    expect(local.title).toContain('Sign in')
    const numeric = await party.authorize({
      redirect_uri: 'http://127.0.0.1:4242/oauth/openid/callback',
    })
    expect(numeric.text).toContain('AADSTS50011: ')
  })
})

describe('an invalid request with a valid redirect URI', () => {
  test.each([
    ['no response type', { response_type: null }, 'invalid_request', '900144'],
    ['the implicit flow', { response_type: 'id_token' }, 'unsupported_response_type', '700054'],
    ['the hybrid flow', { response_type: 'code id_token' }, 'unsupported_response_type', '700054'],
    ['an unknown response type', { response_type: 'none' }, 'unsupported_response_type', '70005'],
    ['an unknown response mode', { response_mode: 'web_message' }, 'invalid_request', '70007'],
    ['no scope', { scope: null }, 'invalid_request', '900144'],
    ['a comma list of scopes', { scope: 'openid,profile' }, 'invalid_scope', '70011'],
    [
      '.default beside a named scope',
      { scope: 'https://graph.microsoft.com/.default User.Read' },
      'invalid_scope',
      '70011',
    ],
    [
      'two times .default',
      { scope: 'https://graph.microsoft.com/.default https://contoso.sharepoint.com/.default' },
      'invalid_scope',
      '70011',
    ],
    [
      'an unknown resource',
      { scope: 'openid https://unknown.example/Read' },
      'invalid_resource',
      '500011',
    ],
    [
      'a site path in front of a permission',
      { scope: 'https://contoso.sharepoint.com/sites/Engineering/AllSites.Read' },
      'invalid_resource',
      '500011',
    ],
    ['an unknown prompt', { prompt: 'please' }, 'invalid_request', '90023'],
    [
      'login_hint with select_account',
      { prompt: 'select_account', login_hint: 'a@b' },
      'invalid_request',
      '90005',
    ],
    ['an unknown challenge method', { code_challenge_method: 'S512' }, 'invalid_request', '501491'],
    ['a challenge of the wrong size', { code_challenge: 'short' }, 'invalid_request', '501491'],
    ['claims that are not JSON', { claims: '{' }, 'invalid_request', '9002313'],
  ])(
    '%s is answered with an error and the state',
    async (_situation, parameters, error, aadsts) => {
      const page = await new RelyingParty().authorize(parameters)
      expect(page.url.href.startsWith(REDIRECT_URI)).toBe(true)
      expect(errorOf(page.url)).toEqual({ error, aadsts, state: 'state-1' })
    },
  )

  test('refuses a permission the resource does not have, once the tenant is known', async () => {
    const party = new RelyingParty()
    await party.signIn(CAST.adele, { scope: 'openid Unheard.Of' })
    expect(errorOf(party.browser.page.url)).toMatchObject({
      error: 'invalid_client',
      aadsts: '650053',
    })
  })
})
