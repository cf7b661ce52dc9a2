import { describe, expect, test } from 'vitest'
import { CAST } from '../directory/cast.ts'
import { readLoginHint } from './accounts.ts'
import { claimsOf, errorOf } from './answers.ts'
import { REDIRECT_URI, RelyingParty, SIGN_IN_SCOPE } from './relying-party.ts'

describe('sign-in', () => {
  test('is silent at the second authorization request, in the same browser with the same sid', async () => {
    const party = new RelyingParty()
    const first = await party.signIn(CAST.adele)
    const again = await party.authorize()
    expect(again.hops.map(({ status }) => status)).toEqual([302, 200])
    expect(again.url.searchParams.get('session_state')).toBe(first.get('session_state'))
    expect(again.url.searchParams.get('code')).not.toBe(first.get('code'))
  })

  test('sets a Secure and SameSite=None cookie on https', async () => {
    const party = new RelyingParty()
    const page = await party.authorize()
    const [cookie] = page.headers.getSetCookie()
    expect(cookie).toMatch(/^sandbox-sign-in=[\w-]+; Path=\/; HttpOnly; Secure; SameSite=None$/)
  })

  test('offers the people of the cast, each with a description', async () => {
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

  test('accepts a typed name for anyone else', async () => {
    const party = new RelyingParty()
    const someone = party.world.tenants[0]?.people.find(({ mail }) => mail !== null)
    await party.authorize()
    const typed = await party.type(` ${someone?.userPrincipalName.toUpperCase()} `)
    expect(typed.title).toContain('Permissions')
  })

  test('ignores an account chosen by a link', async () => {
    const page = await new RelyingParty().authorize({ account: CAST.adele.userPrincipalName })
    expect(page.title).toContain('Sign in')
  })

  test('accepts the request as a form', async () => {
    const party = new RelyingParty()
    const fields = Object.fromEntries(new URL(party.authorizeUrl()).searchParams)
    const page = await party.browser.post(party.url('oauth2/v2.0/authorize'), fields, REDIRECT_URI)
    expect(page.title).toContain('Sign in')
  })

  test.each([
    ['a person of another tenant', CAST.felix, 50020],
    ['a disabled account', CAST.diego, 50057],
    ['nobody', { userPrincipalName: 'nobody@contoso.example' }, 50034],
  ])('of %s stays on a page that offers another account', async (_who, account, code) => {
    const party = new RelyingParty()
    await party.authorize()
    const page = await party.type(account.userPrincipalName)
    expect(page.status).toBe(400)
    expect(page.text).toContain(`AADSTS${code}: `)
    const retry = await party.browser.submit()
    expect(retry.title).toContain('Sign in')
  })

  test('of a guest accepts the name from their home organisation', async () => {
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

  test('without a tenant in the path takes a guest to their home tenant', async () => {
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

  test('refuses unassigned people when assignment is required', async () => {
    const party = new RelyingParty({ registration: { assignmentRequired: true } })
    await party.authorize()
    const gustav = await party.choose(CAST.gustav)
    expect(gustav.text).toContain('AADSTS50105: ')
    // Adele is assigned through a group, Alex through an app role.
    expect((await party.signIn(CAST.adele, { prompt: 'login' })).has('code')).toBe(true)
    expect((await party.signIn(CAST.alex, { prompt: 'login' })).has('code')).toBe(true)
  })

  test('refuses a user whom the fault disables', async () => {
    const party = new RelyingParty()
    party.world.faults.set('entra.user_disabled', { userId: CAST.adele.id })
    await party.authorize()
    expect((await party.choose(CAST.adele)).text).toContain('AADSTS50057: ')
  })
})

describe('prompt and hints', () => {
  test('returns login_required for prompt=none without a session', async () => {
    const page = await new RelyingParty().authorize({ prompt: 'none' })
    expect(errorOf(page.url)).toEqual({
      error: 'login_required',
      aadsts: '50058',
      state: 'state-1',
    })
  })

  test('returns interaction_required for prompt=none with two sessions', async () => {
    const party = new RelyingParty()
    await party.signIn(CAST.adele)
    await party.signIn(CAST.alex, { prompt: 'select_account' })
    const page = await party.authorize({ prompt: 'none' })
    expect(errorOf(page.url)).toMatchObject({
      error: 'interaction_required',
      aadsts: '16000',
    })
  })

  test('returns consent_required for prompt=none without consent', async () => {
    const party = new RelyingParty()
    await party.signIn(CAST.adele)
    const page = await party.authorize({ prompt: 'none', scope: `${SIGN_IN_SCOPE} People.Read` })
    expect(errorOf(page.url)).toMatchObject({
      error: 'consent_required',
      aadsts: '65001',
    })
  })

  test('redirects for prompt=none even where a page would be shown', async () => {
    const party = new RelyingParty()
    await party.signIn(CAST.adele)
    party.world.faults.set('entra.user_disabled')
    const page = await party.authorize({ prompt: 'none' })
    expect(errorOf(page.url)).toMatchObject({
      error: 'interaction_required',
      aadsts: '50057',
    })
  })

  test.each(['login', 'select_account'])(
    'asks for prompt=%s although somebody is signed in',
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

  test('selects one of several sessions by a hint: a name or the login_hint claim', async () => {
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

  test('asks and offers the hinted person first when they have no session', async () => {
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
