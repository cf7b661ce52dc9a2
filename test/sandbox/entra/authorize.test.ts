import { describe, expect, test } from 'vitest'
import { CAST } from '../directory/cast.ts'
import { readLoginHint } from './accounts.ts'
import { claimsOf, REDIRECT_URI, RelyingParty, SIGN_IN_SCOPE } from './relying-party.ts'

function errorOf(answer: URLSearchParams) {
  return {
    error: answer.get('error'),
    aadsts:
      /^AADSTS(\d+): .+ Trace ID: [\w-]+ Correlation ID: [\w-]+ Timestamp: [-\d]+ [:\d]+Z$/.exec(
        answer.get('error_description') ?? '',
      )?.[1],
    state: answer.get('state'),
  }
}

describe('the answer of the authorize endpoint', () => {
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

describe('a request that may be answered to nobody', () => {
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

  test('localhost matches on any port and no other host does', async () => {
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

describe('a request that is wrong in itself', () => {
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
      expect(errorOf(page.url.searchParams)).toEqual({ error, aadsts, state: 'state-1' })
    },
  )

  test('a permission the resource does not have is refused once the tenant is known', async () => {
    const party = new RelyingParty()
    const answer = await party.signIn(CAST.adele, { scope: 'openid Unheard.Of' })
    expect(errorOf(answer)).toMatchObject({ error: 'invalid_client', aadsts: '650053' })
  })
})

describe('who signs in', () => {
  test('a second authorize is silent, in the same browser and with the same sid', async () => {
    const party = new RelyingParty()
    const first = await party.signIn(CAST.adele)
    const again = await party.authorize()
    expect(again.hops.map(({ status }) => status)).toEqual([302, 200])
    expect(again.url.searchParams.get('session_state')).toBe(first.get('session_state'))
    expect(again.url.searchParams.get('code')).not.toBe(first.get('code'))
  })

  test('the cookie of single sign-on is Secure and SameSite=None on https', async () => {
    const party = new RelyingParty()
    const page = await party.authorize()
    const [cookie] = page.headers.getSetCookie()
    expect(cookie).toMatch(/^sandbox-sign-in=[\w-]+; Path=\/; HttpOnly; Secure; SameSite=None$/)
  })

  test('the page offers the cast and says what is special about each', async () => {
    const page = await new RelyingParty().authorize()
    const tile = (name: string) =>
      page.html.querySelector(`button[name=account][value="${name}"]`)?.structuredText ?? ''
    expect(tile(CAST.megan.userPrincipalName)).toMatch(/member of 7\d\d groups/)
    expect(tile(CAST.gustav.userPrincipalName)).toContain('guest from fabrikam.example')
    expect(tile(CAST.alex.userPrincipalName)).toContain('administrator')
    expect(tile(CAST.diego.userPrincipalName)).toContain('disabled')
    expect(tile(CAST.felix.userPrincipalName)).toContain('unknown to this tenant')
    expect(page.html.querySelector('form input[type=text][name=account]')).not.toBeNull()
  })

  test('anyone else signs in by typing a name', async () => {
    const party = new RelyingParty()
    const someone = party.world.tenants[0]?.people.find(({ mail }) => mail !== null)
    await party.authorize()
    const typed = await party.type(` ${someone?.userPrincipalName.toUpperCase()} `)
    expect(typed.title).toContain('Permissions')
  })

  test('a link cannot choose an account', async () => {
    const page = await new RelyingParty().authorize({ account: CAST.adele.userPrincipalName })
    expect(page.title).toContain('Sign in')
  })

  test('a request may also come as a form', async () => {
    const party = new RelyingParty()
    const fields = Object.fromEntries(new URL(party.authorizeUrl()).searchParams)
    const page = await party.browser.post(party.url('oauth2/v2.0/authorize'), fields, REDIRECT_URI)
    expect(page.title).toContain('Sign in')
  })

  test.each([
    ['a person of another tenant', CAST.felix, 50020],
    ['a disabled account', CAST.diego, 50057],
    ['nobody', { userPrincipalName: 'nobody@contoso.example' }, 50034],
  ])('%s stays on a page that offers another account', async (_who, account, code) => {
    const party = new RelyingParty()
    await party.authorize()
    const page = await party.type(account.userPrincipalName)
    expect(page.status).toBe(400)
    expect(page.text).toContain(`AADSTS${code}: `)
    const retry = await party.browser.submit()
    expect(retry.title).toContain('Sign in')
  })

  test('a guest signs in by the name of their own organisation', async () => {
    const party = new RelyingParty()
    await party.authorize()
    await party.type('gustav@fabrikam.example')
    const answer = (await party.decide('accept')).url.searchParams
    const { body } = await party.redeem(answer.get('code') ?? '')
    expect(claimsOf(body['id_token'])).toMatchObject({
      oid: CAST.gustav.id,
      preferred_username: 'gustav@fabrikam.example',
    })
    const hinted = await party.authorize({ prompt: 'none', login_hint: 'gustav@fabrikam.example' })
    expect(hinted.url.searchParams.get('error')).toBeNull()
  })

  test('without a tenant in the path a guest lands in their own', async () => {
    const party = new RelyingParty({
      authority: 'organizations',
      registration: { signInAudience: 'AzureADMultipleOrgs' },
    })
    const { body } = await party.tokens(CAST.gustav)
    expect(claimsOf(body['id_token'])).toMatchObject({
      tid: party.world.tenants[1]?.tenantId,
      iss: `https://login.microsoftonline.com/${party.world.tenants[1]?.tenantId}/v2.0`,
    })
    expect(claimsOf(body['id_token'])).not.toHaveProperty('idp')
  })

  test('unassigned people stay out when assignment is required', async () => {
    const party = new RelyingParty({ registration: { assignmentRequired: true } })
    await party.authorize()
    const gustav = await party.choose(CAST.gustav)
    expect(gustav.text).toContain('AADSTS50105: ')
    // Adele through a group, Alex through an app role.
    expect((await party.signIn(CAST.adele, { prompt: 'login' })).has('code')).toBe(true)
    expect((await party.signIn(CAST.alex, { prompt: 'login' })).has('code')).toBe(true)
  })

  test('the fault of a disabled user shows at sign-in', async () => {
    const party = new RelyingParty()
    party.world.faults.set('entra.user_disabled', { userId: CAST.adele.id })
    await party.authorize()
    expect((await party.choose(CAST.adele)).text).toContain('AADSTS50057: ')
  })
})

describe('prompt and hints', () => {
  test('none without a session is login_required', async () => {
    const page = await new RelyingParty().authorize({ prompt: 'none' })
    expect(errorOf(page.url.searchParams)).toEqual({
      error: 'login_required',
      aadsts: '50058',
      state: 'state-1',
    })
  })

  test('none with two sessions is interaction_required', async () => {
    const party = new RelyingParty()
    await party.signIn(CAST.adele)
    await party.signIn(CAST.alex, { prompt: 'select_account' })
    const page = await party.authorize({ prompt: 'none' })
    expect(errorOf(page.url.searchParams)).toMatchObject({
      error: 'interaction_required',
      aadsts: '16000',
    })
  })

  test('none without consent is consent_required', async () => {
    const party = new RelyingParty()
    await party.signIn(CAST.adele)
    const page = await party.authorize({ prompt: 'none', scope: `${SIGN_IN_SCOPE} People.Read` })
    expect(errorOf(page.url.searchParams)).toMatchObject({
      error: 'consent_required',
      aadsts: '65001',
    })
  })

  test('none redirects even where a page would be shown', async () => {
    const party = new RelyingParty()
    await party.signIn(CAST.adele)
    party.world.faults.set('entra.user_disabled')
    const page = await party.authorize({ prompt: 'none' })
    expect(errorOf(page.url.searchParams)).toMatchObject({
      error: 'interaction_required',
      aadsts: '50057',
    })
  })

  test.each(['login', 'select_account'])(
    '%s asks although somebody is signed in',
    async (prompt) => {
      const party = new RelyingParty()
      await party.signIn(CAST.adele)
      const page = await party.authorize({ prompt })
      expect(page.title).toContain('Sign in')
      expect(page.text).toContain('signed in')
      const done = await party.choose(CAST.adele)
      expect(done.url.searchParams.has('code')).toBe(true)
    },
  )

  test('a hint picks one of several sessions, by name or by the login_hint claim', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    await party.signIn(CAST.alex, { prompt: 'select_account' })
    const { login_hint: hint, sid } = claimsOf(body['id_token'])
    expect(readLoginHint(String(hint))?.userId).toBe(CAST.adele.id)
    expect(String(hint)).not.toContain(CAST.adele.userPrincipalName)
    for (const loginHint of [String(hint), CAST.adele.userPrincipalName]) {
      const page = await party.authorize({ prompt: 'none', login_hint: loginHint })
      expect(page.url.searchParams.get('session_state')).toBe(sid)
    }
  })

  test('a hint for somebody else asks and offers them first', async () => {
    const party = new RelyingParty()
    await party.signIn(CAST.adele)
    const page = await party.authorize({
      login_hint: CAST.unal.userPrincipalName,
      domain_hint: 'contoso.example',
    })
    const [first] = page.html.querySelectorAll('button[name=account]')
    expect(first?.getAttribute('value')).toBe(CAST.unal.userPrincipalName)
  })
})

describe('the pages', () => {
  test('load nothing, cannot be framed and cut the tie to their opener', async () => {
    const page = await new RelyingParty().authorize()
    const policy = page.headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(page.headers.get('x-frame-options')).toBe('DENY')
    expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(page.headers.get('cache-control')).toContain('no-store')
    expect(page.html.querySelectorAll('script, img, link')).toHaveLength(0)
  })

  test('escape what they repeat', async () => {
    const page = await new RelyingParty().authorize({ nonce: '"><script>alert(1)</script>' })
    expect(page.text).not.toContain('<script>alert')
    const failed = await new RelyingParty().authorize({ redirect_uri: '<img src=x>' })
    expect(failed.text).not.toContain('<img')
  })

  test('an outage is a 503 everywhere', async () => {
    const party = new RelyingParty()
    party.world.faults.set('entra.outage')
    expect((await party.authorize()).status).toBe(503)
  })
})
