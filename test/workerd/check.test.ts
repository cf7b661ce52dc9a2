import { afterAll, beforeAll, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { serveEntrada, type ServedEntrada } from '../support/workerd/served-entrada.ts'

let entrada: ServedEntrada
beforeAll(async () => {
  entrada = await serveEntrada()
})
afterAll(() => entrada.close())

interface Answer {
  readonly ok: boolean
  readonly checks: readonly { readonly name: string; readonly status: string; readonly detail: string }[]
} // prettier-ignore

async function statuses(response: Response): Promise<Readonly<Record<string, string>>> {
  const { checks } = await response.json<Answer>()
  return Object.fromEntries(checks.map(({ name, status }) => [name, status]))
}

test("the setup check passes on the real runtime: bindings, manual redirects, the issuer's clock", async () => {
  const { sandbox } = entrada
  sandbox.entra.grantAdminConsent(['User.Read', 'People.Read', 'User.ReadBasic.All'])
  sandbox.entra.grantAdminConsent(['GroupMember.Read.All', 'Files.Read.All'])
  const browser = entrada.browser()
  await browser.signIn(CAST.alex.userPrincipalName)
  expect(await statuses(await browser.fetch('/.entrada/check'))).toEqual({
    settings: 'ok',
    bindings: 'ok',
    issuer: 'ok',
    clock: 'ok',
    client_credential: 'ok',
    redirect_uri: 'ok',
    permissions: 'ok',
    graph: 'ok',
    chat: 'ok',
    // All services run on one machine.
    origin_protection: 'skipped',
    other_doors: 'skipped',
  })
})

test('what fails fails by itself, in time [requirement 99]', async () => {
  const { sandbox } = entrada
  const { registration } = sandbox
  sandbox.registration = { ...registration, redirectUris: [], clientSecrets: ['another'] }
  sandbox.faults.set('graph.hang')
  const answer = await statuses(await entrada.fetch('/.entrada/check'))
  expect(answer).toMatchObject({
    issuer: 'ok',
    client_credential: 'failed',
    redirect_uri: 'failed',
    graph: 'failed',
    chat: 'ok',
  })
  sandbox.faults.clear()
  sandbox.registration = registration
})
