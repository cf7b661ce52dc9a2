import { describe, expect, test } from 'vitest'
import { CAST, FABRIKAM } from '../directory/cast.ts'
import { errorOf } from './answers.ts'
import { REDIRECT_URI, RelyingParty, SIGN_IN_SCOPE } from './relying-party.ts'

const SHAREPOINT = 'https://contoso.sharepoint.com'

function answerOf({ url }: { readonly url: URL }) {
  const { error, aadsts } = errorOf(url)
  return { error, aadsts }
}

async function askAs(party: RelyingParty, account: { userPrincipalName: string }, scope: string) {
  await party.authorize({ scope, prompt: 'login' })
  return party.choose(account)
}

describe('consent by a person', () => {
  test('is asked once at the first sign-in', async () => {
    const party = new RelyingParty()
    const page = await askAs(party, CAST.adele, SIGN_IN_SCOPE)
    expect(page.title).toContain('Permissions requested')
    expect(page.text).toContain('Sign you in and read your profile')
    expect(page.text).toContain('Keep the access you have given it')
    expect(page.html.querySelector('input[type=checkbox]')).toBeNull()
    await party.decide('accept')
    expect((await party.authorize()).url.searchParams.has('code')).toBe(true)
  })

  test('returns access_denied when declined', async () => {
    const party = new RelyingParty()
    await askAs(party, CAST.adele, SIGN_IN_SCOPE)
    const page = await party.decide('decline')
    expect(answerOf(page)).toEqual({ error: 'access_denied', aadsts: '65004' })
    expect(page.url.searchParams.get('error_subcode')).toBe('cancel')
    expect(page.url.searchParams.get('state')).toBe('state-1')
  })

  test('is asked for new permissions only, across resources', async () => {
    const party = new RelyingParty()
    await party.signIn(CAST.adele)
    const page = await party.authorize({
      scope: `${SIGN_IN_SCOPE} People.Read ${SHAREPOINT}/AllSites.Read`,
    })
    const asked = page.html.querySelectorAll('li small').map((item) => item.text)
    expect(asked).toEqual(['(People.Read)', '(AllSites.Read)'])
  })

  test('for one SharePoint host covers the other', async () => {
    const party = new RelyingParty()
    await party.signIn(CAST.adele, { scope: `${SIGN_IN_SCOPE} ${SHAREPOINT}/MyFiles.Read` })
    const page = await party.authorize({
      prompt: 'none',
      scope: 'openid https://contoso-my.sharepoint.com/MyFiles.Read',
    })
    expect(answerOf(page).error).toBeNull()
  })

  test('does not cover anybody else', async () => {
    const party = new RelyingParty()
    await party.signIn(CAST.adele)
    const page = await askAs(party, CAST.unal, SIGN_IN_SCOPE)
    expect(page.title).toContain('Permissions requested')
  })

  test.each(['GroupMember.Read.All', 'Files.Read.All', 'Sites.Read.All'])(
    'to %s is refused with AADSTS90094',
    async (scope) => {
      const party = new RelyingParty()
      const page = await askAs(party, CAST.adele, `${SIGN_IN_SCOPE} ${scope}`)
      expect(page.title).toContain('Approval needed')
      expect(page.text).toContain('AADSTS90094: ')
      expect(page.text).toContain(scope)
      const back = await party.decide('decline')
      expect(answerOf(back)).toEqual({ error: 'access_denied', aadsts: '90094' })
    },
  )

  test('cannot accept permissions that need an administrator', async () => {
    const party = new RelyingParty()
    const page = await askAs(party, CAST.adele, `${SIGN_IN_SCOPE} Files.Read.All`)
    const signIn = page.html.querySelector('input[name=sign_in]')?.getAttribute('value') ?? ''
    const fields = Object.fromEntries(
      new URL(party.authorizeUrl({ scope: `${SIGN_IN_SCOPE} Files.Read.All` })).searchParams,
    )
    const forged = await party.browser.post(
      party.url('oauth2/v2.0/authorize'),
      { ...fields, sign_in: signIn, decision: 'accept' },
      party.world.hosts.login,
    )
    expect(answerOf(forged)).toEqual({ error: 'access_denied', aadsts: '90094' })
  })

  test('covers more where the tenant allows it', async () => {
    const party = new RelyingParty()
    party.world.entra.administratorPermissions.delete('Files.Read.All')
    const page = await askAs(party, CAST.adele, `${SIGN_IN_SCOPE} Files.Read.All`)
    expect(page.title).toContain('Permissions requested')
  })

  test('is asked for the whole registration by .default when nothing is consented', async () => {
    const party = new RelyingParty()
    const page = await askAs(party, CAST.alex, 'openid https://graph.microsoft.com/.default')
    expect(page.text).toContain('GroupMember.Read.All')
    expect(page.text).toContain('AllSites.Read')
  })

  test('is not asked by .default once anything is consented', async () => {
    const party = new RelyingParty()
    await party.signIn(CAST.adele)
    const page = await party.authorize({
      prompt: 'none',
      scope: 'openid https://graph.microsoft.com/.default',
    })
    expect(answerOf(page).error).toBeNull()
  })
})

describe('consent by an administrator', () => {
  test('covers the organisation, and nobody is asked again', async () => {
    const party = new RelyingParty()
    const scope = `${SIGN_IN_SCOPE} GroupMember.Read.All`
    await askAs(party, CAST.alex, scope)
    await party.browser.submit({
      button: ['decision', 'accept'],
      fields: {},
    })
    const alone = await askAs(party, CAST.adele, scope)
    expect(alone.title).toContain('Approval needed')

    const page = await askAs(party, CAST.alex, `${scope} Files.Read.All`)
    const form = page.html.querySelector('form')
    const box = form?.querySelector('input[type=checkbox]')
    expect(box?.getAttribute('name')).toBe('consent_on_behalf_of_organization')
    box?.setAttribute('checked', '')
    await party.decide('accept')
    const adele = await askAs(party, CAST.adele, `${SIGN_IN_SCOPE} Files.Read.All`)
    expect(adele.url.searchParams.has('code')).toBe(true)
  })

  test('can be granted in advance by grantAdminConsent', async () => {
    const party = new RelyingParty()
    party.world.entra.grantAdminConsent(['GroupMember.Read.All'])
    party.world.entra.grantAdminConsent(['AllSites.Read'], SHAREPOINT)
    const page = await askAs(
      party,
      CAST.adele,
      `${SIGN_IN_SCOPE} GroupMember.Read.All ${SHAREPOINT}/AllSites.Read`,
    )
    expect(page.url.searchParams.has('code')).toBe(true)
    party.world.entra.revokeAdminConsent(SHAREPOINT)
    const after = await party.authorize({ prompt: 'none', scope: `${SHAREPOINT}/AllSites.Read` })
    expect(answerOf(after).error).toBe('consent_required')
    party.world.entra.revokeAdminConsent('https://graph.microsoft.com', ['GroupMember.Read.All'])
    const groups = await party.authorize({ prompt: 'none', scope: 'GroupMember.Read.All' })
    expect(answerOf(groups).error).toBe('consent_required')
    const profile = await party.authorize({ prompt: 'none', scope: 'openid User.Read' })
    expect(answerOf(profile).error).toBeNull()
  })

  test('can be revoked, which the next refresh reports', async () => {
    const party = new RelyingParty()
    const { body } = await party.tokens(CAST.adele)
    party.world.entra.revokeConsent(CAST.adele.id)
    expect(await party.refresh(body['refresh_token'])).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant', suberror: 'consent_required', error_codes: [65001] },
    })
  })

  test('is asked again by prompt=consent, which refuses people who may not consent', async () => {
    const party = new RelyingParty()
    const scope = `${SIGN_IN_SCOPE} GroupMember.Read.All`
    party.world.entra.grantAdminConsent(['GroupMember.Read.All'])
    await party.signIn(CAST.adele, { scope })
    const adele = await party.authorize({ scope, prompt: 'consent' })
    expect(adele.title).toContain('Approval needed')
    const own = await party.authorize({ prompt: 'consent' })
    expect(own.title).toContain('Permissions requested')
    expect((await party.decide('accept')).url.searchParams.has('code')).toBe(true)
  })
})

describe('the admin consent endpoint', () => {
  const parameters = (party: RelyingParty) => ({
    client_id: party.world.registration.clientId,
    redirect_uri: REDIRECT_URI,
    scope: `https://graph.microsoft.com/Files.Read.All ${SHAREPOINT}/AllSites.Read`,
    state: 'back',
  })

  test('returns the administrator to the application, with consent for everyone', async () => {
    const party = new RelyingParty()
    await party.browser.open(party.url('v2.0/adminconsent', parameters(party)))
    const page = await party.choose(CAST.alex)
    expect(page.text).toContain('everyone at contoso.example')
    const back = await party.decide('accept')
    expect(Object.fromEntries(back.url.searchParams)).toEqual({
      admin_consent: 'True',
      tenant: party.authority,
      scope: parameters(party).scope,
      state: 'back',
    })
    const adele = await askAs(party, CAST.adele, 'openid Files.Read.All')
    expect(adele.url.searchParams.has('code')).toBe(true)
  })

  test('returns an error when the administrator declines', async () => {
    const party = new RelyingParty()
    await party.browser.open(party.url('v2.0/adminconsent', parameters(party)))
    await party.choose(CAST.alex)
    expect(answerOf(await party.decide('decline'))).toEqual({
      error: 'access_denied',
      aadsts: '65004',
    })
  })

  test('refuses people who are not administrators', async () => {
    const party = new RelyingParty()
    await party.browser.open(party.url('v2.0/adminconsent', parameters(party)))
    expect((await party.choose(CAST.adele)).title).toContain('Approval needed')
    expect(answerOf(await party.decide('decline')).aadsts).toBe('90094')
  })

  test('does not redirect to an unknown address', async () => {
    const party = new RelyingParty()
    const foreign = { ...parameters(party), redirect_uri: 'https://evil.example/' }
    const page = await party.browser.open(party.url('v2.0/adminconsent', foreign))
    expect(page.text).toContain('AADSTS50011: ')
  })
})

test('records consent separately for another tenant', async () => {
  const party = new RelyingParty({ registration: { signInAudience: 'AzureADMultipleOrgs' } })
  party.world.entra.grantAdminConsent(['User.Read'])
  party.authority = FABRIKAM
  expect((await askAs(party, CAST.felix, SIGN_IN_SCOPE)).title).toContain('Permissions requested')
})
