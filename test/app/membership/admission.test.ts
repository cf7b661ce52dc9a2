import { describe, expect, test } from 'vitest'
import { CAST, CAST_GROUPS, CONTOSO, FABRIKAM } from '../../sandbox/directory/cast.ts'
import { createSandbox } from '../../sandbox/sandbox.ts'
import {
  aMembershipScene,
  asked,
  byGroup,
  contoso,
  sessionOf,
  thePerson,
  trySignIn,
  verdictOn,
  type MembershipScene,
} from './fixture.ts'

function putMail(scene: MembershipScene, mail: string | null): void {
  const directory = contoso(scene.sandbox)
  directory.putPerson({ ...thePerson(scene.sandbox, CAST.adele.id), mail })
}

describe('without a rule', () => {
  test('admits everyone whom the tenant signs in, without a request to Graph', async () => {
    const scene = aMembershipScene()
    expect(await verdictOn(scene, CAST.unal.userPrincipalName)).toBe('admitted')
    expect((await sessionOf(scene.browser))?.user).toMatchObject({ roles: [], groups: [] })
    expect(asked(scene, 'me/')).toBe(0)
  })
})

describe('a refusal', () => {
  const help = {
    ACCESS_HELP_TEXT: 'Order “Company Chat” in the service shop <first>.',
    ACCESS_HELP_URL: 'https://shop.contoso.example/chat?from=entrada',
  }

  test('names the rule that was not met, with the operator’s text and link, and no group', async () => {
    const scene = aMembershipScene({
      settings: { ...byGroup('auto', 'Chat Administrators'), ...help },
    })
    const page = await trySignIn(scene.browser, CAST.adele.userPrincipalName)
    expect(page.status).toBe(403)
    const words = page.html.querySelector('main')?.structuredText ?? ''
    expect(words).toContain('Your account has not been given access.')
    expect(words).toContain('Order “Company Chat” in the service shop <first>.')
    expect(page.html.querySelector(`a[href="${help.ACCESS_HELP_URL}"]`)?.text).toBe(
      'How to get access',
    )
    expect(page.text).not.toContain('Administrators')
    expect(page.text).not.toContain(CAST_GROUPS.chatAdministrators)
  })

  test('offers another account, because single sign-on would choose the same one again', async () => {
    const scene = aMembershipScene({ settings: byGroup('auto', CAST_GROUPS.chatAdministrators) })
    await trySignIn(scene.browser, CAST.adele.userPrincipalName)
    const page = await scene.browser.click('a.button[href*="account=other"]')
    expect(page.url.origin).toBe(scene.sandbox.hosts.login)
    const landed = await scene.browser.submit({
      button: ['account', CAST.alex.userPrincipalName],
    })
    expect(landed.url.pathname).toBe('/')
    expect((await sessionOf(scene.browser))?.user.id).toBe(CAST.alex.id)
  })

  test('leaves one audit event with the person and the reason, and no names [requirement 100]', async () => {
    const scene = aMembershipScene({
      settings: { ...byGroup('auto', 'Chat Administrators'), ...help },
    })
    await trySignIn(scene.browser, CAST.adele.userPrincipalName)
    const audits = scene.entrada.logs.events().filter(({ level }) => level === 'audit')
    expect(audits).toEqual([
      {
        level: 'audit',
        event: 'refused_membership',
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        userId: CAST.adele.id,
        tenantId: CONTOSO,
        reason: 'role',
        at: 'sign_in',
      },
    ])
    expect(scene.entrada.logs.text).not.toMatch(/Adele|Vance|Administrators/i)
  })

  test('begins no session and ends no other session of this browser', async () => {
    const scene = aMembershipScene({ settings: byGroup('auto', CAST_GROUPS.chatAdministrators) })
    await scene.browser.signIn(CAST.alex.userPrincipalName)
    await scene.browser.open('/.entrada/login?account=other')
    await scene.browser.submit({ button: ['account', CAST.adele.userPrincipalName] })
    expect(scene.browser.page.headers.get('entrada-error')).toBe('not_a_member')
    expect((await sessionOf(scene.browser))?.user.id).toBe(CAST.alex.id)
  })
})

describe('guests', () => {
  test('are admitted unless ALLOW_GUESTS is false', async () => {
    expect(await verdictOn(aMembershipScene(), CAST.gustav.userPrincipalName)).toBe('admitted')
  })

  test.each([
    ['the acct claim', ['acct'] as const, 0],
    ['Graph, where the token has no such claim', [] as const, 1],
  ])('are recognised by %s and refused', async (_, optionalClaims, questions) => {
    for (const [who, verdict] of [
      [CAST.gustav, 'wrong_account'],
      [CAST.adele, 'admitted'],
    ] as const) {
      const scene = aMembershipScene({ settings: { ALLOW_GUESTS: 'false' } })
      scene.sandbox.registration = { ...scene.sandbox.registration, optionalClaims }
      expect(await verdictOn(scene, who.userPrincipalName)).toBe(verdict)
      expect(asked(scene, 'me')).toBe(questions)
    }
  })

  test('get this reason on the page and in the audit event', async () => {
    const scene = aMembershipScene({ settings: { ALLOW_GUESTS: 'false' } })
    const page = await trySignIn(scene.browser, CAST.gustav.userPrincipalName)
    expect(page.text).toContain('Guest accounts do not have access.')
    expect(scene.entrada.logs.events('refused_membership')).toMatchObject([
      { userId: CAST.gustav.id, reason: 'guest' },
    ])
  })
})

describe('allowed e-mail domains', () => {
  const settings = { ALLOWED_EMAIL_DOMAINS: 'contoso.example, @Sub.Partner.example' }

  test.each([
    ['adele.vance@contoso.example', 'admitted'],
    ['adele.vance@CONTOSO.example', 'admitted'],
    ['adele@sub.partner.example', 'admitted'],
    ['adele@partner.example', 'wrong_account'],
    ['adele@evil.contoso.example', 'wrong_account'],
    ['adele@contoso.example.evil.example', 'wrong_account'],
    ['a@evil.example@contoso.example', 'wrong_account'],
    ['a@contoso.example@evil.example', 'wrong_account'],
    ['adele@contoso.example ', 'wrong_account'],
    ['"a@contoso.example"@evil.example', 'wrong_account'],
    ['contoso.example', 'wrong_account'],
    ['@contoso.example', 'wrong_account'],
    ['adele@contoso.example.', 'wrong_account'],
    ['adele@\u212Contoso.example', 'wrong_account'],
    ['adele@cont\u043Eso.example', 'wrong_account'],
    // Without mail the sign-in name is used, which is of that domain.
    [null, 'admitted'],
  ])('of %s: %s [requirement 83]', async (mail, verdict) => {
    const scene = aMembershipScene({ settings })
    // Another claim says whether the tenant owns the domain.
    scene.sandbox.registration = { ...scene.sandbox.registration, optionalClaims: ['email'] }
    putMail(scene, mail)
    expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe(verdict)
  })

  test('ignore an address whose domain the tenant does not own', async () => {
    const scene = aMembershipScene({ settings: { ALLOWED_EMAIL_DOMAINS: 'fabrikam.example' } })
    putMail(scene, 'adele@fabrikam.example')
    expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('wrong_account')
    expect(scene.entrada.logs.events('refused_membership')).toMatchObject([
      { reason: 'email_domain' },
    ])
  })
})

describe('identity', () => {
  test('is tenant and object id, not the address, which can change and be reused [requirement 83]', async () => {
    const scene = aMembershipScene()
    await scene.browser.signIn(CAST.adele.userPrincipalName)
    putMail(scene, 'adele.wilson@contoso.example')
    const unal = thePerson(scene.sandbox, CAST.unal.id)
    contoso(scene.sandbox).putPerson({ ...unal, mail: 'adele.vance@contoso.example' })
    const renamed = { ...scene, browser: scene.entrada.browser() }
    const other = { ...scene, browser: scene.entrada.browser() }
    await renamed.browser.signIn(CAST.adele.userPrincipalName)
    await other.browser.signIn(CAST.unal.userPrincipalName)
    expect((await sessionOf(renamed.browser))?.user).toMatchObject({
      id: CAST.adele.id,
      tenantId: CONTOSO,
      email: 'adele.wilson@contoso.example',
    })
    expect((await sessionOf(other.browser))?.user).toMatchObject({
      id: CAST.unal.id,
      email: 'adele.vance@contoso.example',
    })
    const sessions = async ({ browser }: MembershipScene) =>
      (await (await browser.fetch('/.entrada/sessions')).json<{ sessions: unknown[] }>()).sessions
    expect(await sessions(renamed)).toHaveLength(2)
    expect(await sessions(other)).toHaveLength(1)
  })
})

describe('several tenants', () => {
  test('may give two people the same object id, and one sees and ends no session of the other [requirement 83]', async () => {
    const sandbox = createSandbox({
      people: 5,
      groups: 2,
      registration: { signInAudience: 'AzureADMultipleOrgs' },
    })
    const fabrikam = sandbox.tenants.find(({ tenantId }) => tenantId === FABRIKAM)
    const felix = fabrikam?.person(CAST.felix.id) ?? expect.unreachable()
    fabrikam?.removePerson(felix.id)
    fabrikam?.putPerson({ ...felix, id: CAST.adele.id })
    const settings = {
      OPENID_ISSUER: 'organizations',
      OPENID_ALLOWED_TENANTS: `${CONTOSO},${FABRIKAM}`,
      OPENID_ADMIN_ROLE: 'Entrada.Admin',
    }
    const { entrada } = aMembershipScene({ sandbox, settings })
    const [adele, double, alex] = [entrada.browser(), entrada.browser(), entrada.browser()]
    await adele.signIn(CAST.adele.userPrincipalName)
    // The sign-in page offers whom the hint names beside the first tenant’s people.
    const name = CAST.felix.userPrincipalName
    await double.signIn(name, `/.entrada/login?login_hint=${name}`)
    await alex.signIn(CAST.alex.userPrincipalName)
    const listed = await double.fetch('/.entrada/sessions')
    expect((await listed.json<{ sessions: unknown[] }>()).sessions).toHaveLength(1)
    const end = `/.entrada/admin/users/${CONTOSO}:${CAST.adele.id}/end`
    const ended = await alex.fetch(end, { method: 'POST' })
    expect(await ended.json()).toEqual({ ended: 1 })
    expect(await sessionOf(adele)).toBeNull()
    expect((await sessionOf(double))?.user).toMatchObject({
      id: CAST.adele.id,
      tenantId: FABRIKAM,
    })
  })

  test('have separate groups: a group of the same name in another tenant does not match', async () => {
    const sandbox = createSandbox({
      people: 5,
      groups: 2,
      registration: { signInAudience: 'AzureADMultipleOrgs' },
    })
    const settings = {
      OPENID_ISSUER: 'organizations',
      OPENID_ALLOWED_TENANTS: `${CONTOSO},${FABRIKAM}`,
      ...byGroup('auto', CAST_GROUPS.chatUsers),
    }
    const scene = aMembershipScene({ sandbox, settings })
    expect(await verdictOn(scene, CAST.adele.userPrincipalName)).toBe('admitted')
    const browser = scene.entrada.browser()
    expect(await verdictOn({ ...scene, browser }, CAST.felix.userPrincipalName)).toBe(
      'not_a_member',
    )
  })
})
