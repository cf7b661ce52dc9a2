import { describe, expect, test } from 'vitest'
import { CAST, CONTOSO, FABRIKAM } from '../../sandbox/directory/cast.ts'
import { createSandbox } from '../../sandbox/sandbox.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada, type Entrada, type TestSettings } from '../../support/entrada.ts'
import { sessionOf } from './fixture.ts'
import { CHECK } from './recheck-fixture.ts'
import { signedIn } from '../../support/scene.ts'

/* Several tenants: a role that one tenant’s administrator assigns must not count in another. */

const MEGAN = `${CONTOSO}:${CAST.megan.id}`
const FELIX = `${FABRIKAM}:${CAST.felix.id}`

/** Alex of Contoso and Felix of Fabrikam, both with the operators' app role. */
function twoTenants(settings: TestSettings = {}): Entrada {
  const sandbox = createSandbox({
    people: 20,
    groups: 5,
    registration: { signInAudience: 'AzureADMultipleOrgs' },
  })
  for (const directory of sandbox.tenants) {
    const felix = directory.person(CAST.felix.id)
    if (felix !== null) directory.putPerson({ ...felix, appRoles: ['Entrada.Admin'] })
  }
  return anEntrada({
    sandbox,
    settings: {
      OPENID_ISSUER: 'organizations',
      OPENID_ALLOWED_TENANTS: `${CONTOSO},${FABRIKAM}`,
      OPENID_ADMIN_ROLE: 'Entrada.Admin',
      ORIGIN_PRESET: 'open-webui',
      ...settings,
    },
  })
}

async function end(browser: Browser, user: string): Promise<[number, string | null]> {
  const path = `/.entrada/admin/users/${user}/end`
  const response = await browser.fetch(path, { method: 'POST' })
  return [response.status, response.headers.get('entrada-error')]
}

const OPERATOR_REQUIRED = [403, 'operator_required']

async function roleHeaderOf(
  entrada: Entrada,
  browser: Browser,
): Promise<string | null | undefined> {
  await browser.fetch('/api/anything')
  return entrada.sandbox.journal
    .to('chat', '/api/anything')
    .at(-1)
    ?.headers.get('x-openwebui-user-role')
}

describe('an operator', () => {
  test('belongs to the first allowed tenant', async () => {
    const entrada = twoTenants()
    await signedIn(entrada, 'megan')
    expect(await end(await signedIn(entrada, 'alex'), MEGAN)).toEqual([200, null])
  })

  test('has no rights from a role that another tenant’s administrator assigned', async () => {
    const entrada = twoTenants()
    const felix = await signedIn(entrada, 'felix')
    expect(await end(felix, FELIX)).toEqual(OPERATOR_REQUIRED)
    expect((await felix.fetch('/.entrada/check')).status).toBe(403)
    expect((await sessionOf(felix))?.user.roles).toEqual([])
    await clock.advance(CHECK)
    expect(await end(felix, FELIX)).toEqual(OPERATOR_REQUIRED)
  })

  test('is an administrator of the chat, and nobody else is', async () => {
    const entrada = twoTenants()
    expect(await roleHeaderOf(entrada, await signedIn(entrada, 'alex'))).toBe('admin')
    expect(await roleHeaderOf(entrada, await signedIn(entrada, 'felix'))).toBe('user')
  })

  test('belongs to a tenant of OPENID_ADMIN_TENANTS where it is set', async () => {
    const entrada = twoTenants({ OPENID_ADMIN_TENANTS: FABRIKAM.toUpperCase() })
    const [alex, felix] = [await signedIn(entrada, 'alex'), await signedIn(entrada, 'felix')]
    expect(await end(alex, MEGAN)).toEqual(OPERATOR_REQUIRED)
    expect(await end(felix, FELIX)).toEqual([200, null])
  })

  test('can end sessions of people of the same tenant only', async () => {
    const entrada = twoTenants({ OPENID_ADMIN_TENANTS: `${CONTOSO},${FABRIKAM}` })
    const [megan, alex] = [await signedIn(entrada, 'megan'), await signedIn(entrada, 'alex')]
    const felix = await signedIn(entrada, 'felix')
    expect(await end(felix, MEGAN)).toEqual(OPERATOR_REQUIRED)
    expect(await end(alex, FELIX)).toEqual(OPERATOR_REQUIRED)
    expect([await sessionOf(megan), await sessionOf(felix)]).not.toContain(null)
    expect(await end(alex, MEGAN)).toEqual([200, null])
    expect(await sessionOf(megan)).toBeNull()
  })
})

describe('a role that both admits people and makes them operators', () => {
  const settings = { OPENID_REQUIRED_ROLE: 'Entrada.User,Entrada.Admin' }

  test('admits people of another tenant, and is not shown to the chat', async () => {
    const entrada = twoTenants(settings)
    const felix = await signedIn(entrada, 'felix')
    expect((await sessionOf(felix))?.user.roles).toEqual([])
    const alex = await signedIn(entrada, 'alex')
    expect((await sessionOf(alex))?.user.roles).toEqual(['Entrada.Admin'])
  })

  test.each(['true', 'false'])(
    'keeps their sessions with OPENID_REUSE_TOKENS=%s while they hold it',
    async (reuse) => {
      const entrada = twoTenants({
        ...settings,
        OPENID_REUSE_TOKENS: reuse,
        ENABLE_SHAREPOINT_FILEPICKER: 'false',
      })
      const felix = await signedIn(entrada, 'felix')
      await clock.advance(CHECK)
      expect((await sessionOf(felix))?.user.id).toBe(CAST.felix.id)
    },
  )
})
