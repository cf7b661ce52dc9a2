import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada, type Entrada } from '../../support/entrada.ts'
import { HOME } from '../../support/addresses.ts'
import { signedIn } from '../../support/scene.ts'

async function features(browser: Browser): Promise<Record<string, string>> {
  const response = await browser.fetch('/.entrada/session')
  return (await response.json<{ features: Record<string, string> }>()).features
}

describe('incremental consent', () => {
  test('sign-in requests few permissions, and each feature shows what is missing', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    expect(await features(browser)).toEqual({
      people: 'consent_needed',
      groups: 'consent_needed',
      files: 'consent_needed',
    })
  })

  test('requests the scopes of one feature, returns to the previous page, and that feature is on', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    await browser.open(`${HOME}/.entrada/consent?feature=people&return_to=%2Fecho%3Fc%3D7`)
    const authorize = entrada.sandbox.journal
      .to('login')
      .findLast(({ url }) => url.pathname.endsWith('/authorize'))
    const scopes = authorize?.url.searchParams.get('scope')?.split(' ') ?? []
    expect(scopes).toEqual(
      expect.arrayContaining(['openid', 'User.Read', 'People.Read', 'User.ReadBasic.All']),
    )
    expect(scopes).not.toContain('GroupMember.Read.All')
    const page = await browser.submit({ button: ['decision', 'accept'] })
    expect(page.url.href).toBe(`${HOME}/echo?c=7`)
    expect(await features(browser)).toEqual({
      people: 'on',
      groups: 'consent_needed',
      files: 'consent_needed',
    })
  })

  test('for several features within a minute of signing in is not taken for a redirect loop', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    await browser.open(`${HOME}/.entrada/consent?feature=people&return_to=%2Fecho`)
    await browser.submit({ button: ['decision', 'accept'] })
    // Permissions that an administrator approved need no user consent.
    entrada.sandbox.entra.grantAdminConsent(['Files.Read.All'])
    await browser.open(`${HOME}/.entrada/consent?feature=files&return_to=%2Fecho`)
    expect([browser.page.status, browser.page.url.href]).toEqual([200, `${HOME}/echo`])
    expect(await features(browser)).toMatchObject({ people: 'on', files: 'on' })
  })

  test('that the user declines returns to the previous page, signed in, without the feature', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    await browser.open(`${HOME}/.entrada/consent?feature=people&return_to=%2Fecho`)
    const page = await browser.submit({ button: ['decision', 'decline'] })
    expect([page.status, page.url.href]).toEqual([200, `${HOME}/echo`])
    expect(await features(browser)).toMatchObject({ people: 'consent_needed' })
  })

  test('that only an administrator can give ends on a page with the link for administrators', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    await browser.open(`${HOME}/.entrada/consent?feature=groups&return_to=%2Fecho`)
    const page = await browser.submit({ button: ['decision', 'decline'] })
    expect(page.headers.get('entrada-error')).toBe('admin_consent_required')
    expect(page.text).toContain('AADSTS90094')
    const link = page.html.querySelector('a[href*="/.entrada/consent"]')?.getAttribute('href') ?? ''
    expect(new URL(link).searchParams.get('admin')).toBe('1')

    const alex = entrada.browser('198.51.100.9')
    await alex.signIn(CAST.alex.userPrincipalName)
    await alex.open(link)
    await alex.submit({ button: ['decision', 'accept'] })
    expect([alex.page.url.origin, alex.page.status]).toEqual([HOME, 200])
    await clock.advance(3 * 3600)
    expect(await features(browser)).toMatchObject({ people: 'on', groups: 'on', files: 'on' })
  })

  test('refuses unknown features', async () => {
    const browser = await signedIn(
      anEntrada({ settings: { ENABLE_SHAREPOINT_FILEPICKER: 'false' } }),
    )
    const unknown = await browser.open(`${HOME}/.entrada/consent?feature=mail`)
    expect(unknown.headers.get('entrada-error')).toBe('invalid_request')
    const off = await browser.open(`${HOME}/.entrada/consent?feature=files`)
    expect(off.headers.get('entrada-error')).toBe('feature_off')
  })

  test('refuses requests by a script, an image or a frame, and without a session [requirement 73]', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    const before = entrada.sandbox.journal.to('login').length
    for (const destination of ['image', 'iframe', 'script'] as const) {
      const response = await browser.load('/.entrada/consent?feature=people', destination)
      expect([response.status, response.headers.getSetCookie()]).toEqual([401, []])
    }
    expect(entrada.sandbox.journal.to('login').length).toBe(before)
    const stranger = await entrada.browser('198.51.100.9').open('/.entrada/consent?feature=people')
    expect(stranger.url.origin).toBe(entrada.sandbox.hosts.login)
    expect(stranger.hops.map(({ url }) => url.pathname)).toContain('/.entrada/login')
  })

  test('that is revoked switches off that feature alone, and the session goes on [requirement 48]', async () => {
    const entrada = anEntrada()
    entrada.sandbox.entra.grantAdminConsent([
      'User.Read',
      'People.Read',
      'User.ReadBasic.All',
      'Files.Read.All',
    ])
    const browser = await signedIn(entrada)
    expect(await features(browser)).toMatchObject({ people: 'on', files: 'on' })
    entrada.sandbox.entra.revokeAdminConsent(undefined, ['Files.Read.All'])
    await clock.advance(3 * 3600)
    expect(await features(browser)).toMatchObject({ people: 'on', files: 'consent_needed' })
  })
})

describe('consent to SharePoint as a separate resource', () => {
  function pickerToken(browser: Browser, entrada: Entrada) {
    return browser.fetch('/.entrada/picker/token', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resource: entrada.sandbox.hosts.oneDrive }),
    })
  }

  async function missingConsent() {
    const entrada = anEntrada()
    entrada.sandbox.entra.grantAdminConsent(['User.Read', 'Files.Read.All', 'Sites.Read.All'])
    const browser = await signedIn(entrada)
    await browser.open(`${HOME}/echo?c=3`)
    const refused = await pickerToken(browser, entrada)
    const { code, consentUrl } = await refused.json<{ code: string; consentUrl: string }>()
    expect([refused.status, code]).toEqual([403, 'consent_required'])
    return { entrada, browser, consentUrl: new URL(consentUrl) }
  }

  test('is requested when the picker needs it, and then the picker opens', async () => {
    const { entrada, browser, consentUrl } = await missingConsent()
    expect(consentUrl.searchParams.get('resource')).toBe(entrada.sandbox.hosts.oneDrive)
    consentUrl.searchParams.set('return_to', '/echo?c=3')
    await browser.open(consentUrl.href)
    const page = await browser.submit({ button: ['decision', 'accept'] })
    expect(page.url.href).toBe(`${HOME}/echo?c=3`)
    for (const { form } of entrada.sandbox.journal.redemptions('authorization_code')) {
      expect(form.get('scope')).not.toContain('sharepoint')
    }
    expect((await pickerToken(browser, entrada)).status).toBe(200)
  })

  test('that the user declines leads back without it', async () => {
    const { entrada, browser, consentUrl } = await missingConsent()
    await browser.open(consentUrl.href)
    const page = await browser.submit({ button: ['decision', 'decline'] })
    expect([page.url.origin, page.status]).toEqual([HOME, 200])
    expect((await pickerToken(browser, entrada)).status).toBe(403)
  })

  test.each([
    'https://evil.example',
    'https://graph.microsoft.com',
    'https://contoso.sharepoint.com.evil.example',
    'x',
  ])('is not requested for %s', async (resource) => {
    const browser = await signedIn(anEntrada())
    const page = await browser.open(
      `${HOME}/.entrada/consent?feature=files&resource=${encodeURIComponent(resource)}`,
    )
    expect([page.status, page.headers.get('entrada-error')]).toEqual([403, 'picker_host_refused'])
  })
})

describe('step-up', () => {
  test('a claims challenge leads to one interactive sign-in and back to the previous page', async () => {
    const entrada = anEntrada()
    const browser = await signedIn(entrada)
    await browser.open(`${HOME}/echo?c=9`)
    entrada.sandbox.faults.set('entra.conditional_access')
    expect((await features(browser))['people']).toBe('interaction_needed')
    expect((await browser.fetch('/.entrada/session')).status).toBe(200)

    const page = await browser.open(`${HOME}/.entrada/login?step_up=1&return_to=%2Fecho%3Fc%3D9`)
    const authorize = entrada.sandbox.journal
      .to('login')
      .findLast(({ url }) => url.pathname.endsWith('/authorize'))
    expect(JSON.parse(authorize?.url.searchParams.get('claims') ?? 'null')).toHaveProperty(
      'access_token',
    )
    const landed =
      page.url.origin === HOME
        ? page
        : await browser.submit({ button: ['account', CAST.adele.userPrincipalName] })
    expect(landed.url.href).toBe(`${HOME}/echo?c=9`)
    expect((await features(browser))['people']).not.toBe('interaction_needed')
  })

  test('becomes an ordinary sign-in for people without a session', async () => {
    const entrada = anEntrada()
    const page = await entrada.browser().open('/.entrada/login?step_up=1')
    expect(page.url.origin).toBe(entrada.sandbox.hosts.login)
    expect(page.url.searchParams.has('claims')).toBe(false)
  })
})
