import { describe, expect, test } from 'vitest'
import { CAST, CONTOSO, FABRIKAM } from '../../sandbox/directory/cast.ts'
import { createSandbox } from '../../sandbox/sandbox.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { anEntrada, type TestSettings } from '../../support/entrada.ts'
import { signedIn } from '../../support/scene.ts'

const LOGIN = 'https://login.microsoftonline.com'

function multiTenant(settings: TestSettings = {}) {
  return anEntrada({
    sandbox: createSandbox({ registration: { signInAudience: 'AzureADMultipleOrgs' } }),
    settings: {
      OPENID_ISSUER: 'organizations',
      OPENID_ALLOWED_TENANTS: `${CONTOSO},${FABRIKAM}`,
      ...settings,
    },
  })
}

async function userOf(browser: Browser): Promise<{ id: string; tenantId: string }> {
  const response = await browser.fetch('/.entrada/session')
  return (await response.json<{ user: { id: string; tenantId: string } }>()).user
}

/** Signs in as far as the sign-in service allows, and does not require success. */
async function trySignIn(browser: Browser, principalName: string) {
  await browser.open('/')
  let page = await browser.submit({ button: ['account', principalName] })
  if (page.html.querySelector('button[value=accept]') !== null) {
    page = await browser.submit({ button: ['decision', 'accept'] })
  }
  return page
}

describe.each(['organizations', 'common', `${LOGIN}/organizations/v2.0`, `${LOGIN}/common/v2.0/`])(
  'for the issuer %s',
  (issuer) => {
    test('users of every allowed tenant sign in, each in their own tenant', async () => {
      const entrada = multiTenant({ OPENID_ISSUER: issuer })
      const felix = await signedIn(entrada, 'felix')
      expect(await userOf(felix)).toMatchObject({ id: CAST.felix.id, tenantId: FABRIKAM })
      const adele = entrada.browser('198.51.100.9')
      await adele.signIn(CAST.adele.userPrincipalName)
      expect(await userOf(adele)).toMatchObject({ id: CAST.adele.id, tenantId: CONTOSO })
    })
  },
)

test('a tenant that is not on the list is refused, and nothing of it is stored [requirement 10]', async () => {
  const entrada = multiTenant({ OPENID_ALLOWED_TENANTS: CONTOSO })
  const browser = entrada.browser()
  const page = await trySignIn(browser, CAST.felix.userPrincipalName)
  expect([page.status, page.headers.get('entrada-error')]).toEqual([403, 'wrong_account'])
  expect(page.text).toContain('an organisation that is not served here')
  expect(
    new URL(page.html.querySelector('a.button')?.getAttribute('href') ?? '').searchParams.get(
      'account',
    ),
  ).toBe('other')
  expect(browser.cookies.get('__Host-entrada')).toBeNull()
  expect([...entrada.platform.vault.stored()]).toEqual([])
})

test('“use another account” leads to the account picker, and on into the chat', async () => {
  const entrada = multiTenant({ OPENID_ALLOWED_TENANTS: CONTOSO })
  const browser = entrada.browser()
  await trySignIn(browser, CAST.felix.userPrincipalName)
  const picker = await browser.click('a.button')
  expect(picker.url.searchParams.get('prompt')).toBe('select_account')
  expect(picker.url.searchParams.has('login_hint')).toBe(false)
  await browser.submit({ button: ['account', CAST.adele.userPrincipalName] })
  const page = await browser.submit({ button: ['decision', 'accept'] })
  expect(page.url.origin).toBe(entrada.origin)
  expect(await userOf(browser)).toMatchObject({ id: CAST.adele.id })
})

test('an issuer for many tenants without a list of allowed ones serves nothing', async () => {
  const entrada = multiTenant({ OPENID_ALLOWED_TENANTS: null })
  const response = await entrada.fetch('/')
  expect([response.status, response.headers.get('entrada-error')]).toEqual([503, 'misconfigured'])
  expect(entrada.logs.text).toContain('OPENID_ALLOWED_TENANTS')
})

test('a tenant named by its domain is accepted although its tokens contain its id', async () => {
  const entrada = anEntrada({ settings: { OPENID_ISSUER: `${LOGIN}/contoso.example/v2.0` } })
  const browser = await signedIn(entrada)
  expect(await userOf(browser)).toMatchObject({ id: CAST.adele.id, tenantId: CONTOSO })
})

test('a guest signs in to the tenant that invited them', async () => {
  const browser = anEntrada().browser()
  await browser.signIn(CAST.gustav.userPrincipalName)
  expect(await userOf(browser)).toMatchObject({ id: CAST.gustav.id, tenantId: CONTOSO })
})

test('a tenant that does not exist is a failure for the operator', async () => {
  const entrada = anEntrada({
    settings: { OPENID_ISSUER: `${LOGIN}/00000000-0000-4000-8000-000000000000/v2.0` },
  })
  const page = await entrada.browser().open('/')
  expect(page.status).toBeGreaterThanOrEqual(500)
  expect(page.headers.get('entrada-error')).not.toBe('internal')
})

describe('discovery', () => {
  function entradaWith(metadata: (document: Record<string, unknown>) => object) {
    const sandbox = createSandbox()
    const login = sandbox.handlers.login
    const entrada = anEntrada({
      sandbox,
      hosts: {
        [LOGIN]: async (request) => {
          const response = await login(request)
          if (!new URL(request.url).pathname.endsWith('/openid-configuration')) return response
          return Response.json(metadata(await response.json()))
        },
      },
    })
    return entrada
  }

  test.each([
    ['another tenant’s', `${LOGIN}/${FABRIKAM}/v2.0`],
    ['another host’s', `https://evil.example/${CONTOSO}/v2.0`],
    ['an unfilled template', `${LOGIN}/{tenantid}/v2.0`],
    ['nothing', ''],
  ])('that names %s issuer is refused [requirement 10]', async (_case, issuer) => {
    const page = await entradaWith((document) => ({ ...document, issuer }))
      .browser()
      .open('/')
    expect([page.status, page.headers.get('entrada-error')]).toEqual([502, 'identity_rejected'])
  })

  test('that promises the response issuer makes a response without it refused [requirement 9]', async () => {
    const entrada = entradaWith((document) => ({
      ...document,
      authorization_response_iss_parameter_supported: true,
    }))
    const browser = entrada.browser()
    const page = await trySignIn(browser, CAST.adele.userPrincipalName)
    expect(page.headers.get('entrada-error')).toBe('identity_rejected')
    expect(entrada.sandbox.journal.redemptions()).toEqual([])
  })

  test('is requested once, however many people sign in', async () => {
    const entrada = anEntrada()
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        entrada.browser(`198.51.100.${index + 1}`).open('/'),
      ),
    )
    expect(
      entrada.sandbox.journal
        .to('login')
        .filter(({ url }) => url.pathname.endsWith('/openid-configuration')),
    ).toHaveLength(1)
  })
})
