import { describe, expect, test } from 'vitest'
import { FABRIKAM } from '../../sandbox/directory/cast.ts'
import { createClientCertificate } from '../../sandbox/entra/client-certificate.ts'
import type { Registration } from '../../sandbox/registration.ts'
import { createSandbox } from '../../sandbox/sandbox.ts'
import type { EntradaOptions } from '../../support/entrada.ts'
import {
  answerAt,
  answerFor,
  anOperatorScene,
  named,
  refusal,
  verdictOn,
  type OperatorScene,
} from './fixture.ts'

/** Token requests in the app's own name. */
function triesIn({ entrada }: OperatorScene) {
  const isTry = (form: URLSearchParams) => form.get('grant_type') === 'client_credentials'
  return entrada.sandbox.journal.redemptions().filter(({ form }) => isTry(form))
}

describe('the client credential', () => {
  function registered(registration: Partial<Registration>, options: EntradaOptions = {}) {
    return anOperatorScene({ ...options, sandbox: createSandbox({ people: 5, registration }) })
  }

  test('is tried without a user, and the token it gets is discarded', async () => {
    const scene = await anOperatorScene()
    const { journal } = scene.entrada.sandbox
    journal.clear()
    const { status, detail } = await verdictOn('client_credential', scene)
    expect([status, detail]).toEqual(['ok', 'Secret 1 is accepted.'])
    const tries = triesIn(scene)
    expect(tries.map(({ form }) => form.get('scope'))).toEqual([
      'https://graph.microsoft.com/.default',
    ])
    // No request goes to Graph, with this token or another one.
    for (const { headers } of journal.to('graph')) {
      expect(headers.get('authorization')).toBeNull()
    }
  })

  test('tries each secret and names the wrong one by its position', async () => {
    const secrets = ['first-of-the-list-0123456789', 'second-of-the-list-0123456789']
    const scene = await registered(
      { clientSecrets: secrets },
      { settings: { OPENID_CLIENT_SECRET: secrets.join(',') } },
    )
    expect(await verdictOn('client_credential', scene)).toMatchObject({ status: 'ok' })
    const { sandbox } = scene.entrada
    sandbox.registration = { ...sandbox.registration, clientSecrets: secrets.slice(1) }
    const answer = await answerFor(scene)
    expect(answer.ok).toBe(true)
    expect(named(answer, 'client_credential')).toEqual({
      name: 'client_credential',
      status: 'warning',
      detail: 'Secret 1 is refused, AADSTS7000215. Secret 2 is accepted.',
      fix: 'Set the secret’s value, not its ID.',
    })
  })

  test.each([
    ['a wrong secret', 7000215, 'invalid_client', /value, not its ID/],
    ['a secret that has expired', 7000222, 'invalid_client', /has expired. Add a new one/],
    ['a certificate that was not uploaded', 700027, 'invalid_client', /Upload a valid certificate/],
    ['an unknown app', 700016, 'unauthorized_client', /Compare the settings with the app registration/],
    ['an unknown tenant', 90002, 'invalid_request', /Compare the settings with the app registration/],
    ['a disabled app', 7000112, 'unauthorized_client', /Compare the settings with the app registration/],
    ['a public client [requirement 99]', 700025, 'invalid_client', /belongs under the platform Web/],
    ['a single-page application [requirement 99]', 9002327, 'invalid_request', /belongs under the platform Web/],
  ])('%s (AADSTS%i) fails, with the fix', async (_what, number, error, fix) => {
    const scene = await anOperatorScene()
    answerAt(scene, '/token', refusal(number, error))
    const answer = await answerFor(scene)
    expect(answer.ok).toBe(false)
    expect(named(answer, 'client_credential')).toMatchObject({
      status: 'failed',
      detail: `Secret 1 is refused, AADSTS${number}.`,
      fix: expect.stringMatching(fix),
    })
    expect(JSON.stringify(answer)).not.toContain('raw text')
  }) // prettier-ignore

  test('passes when a policy for apps blocks the token only', async () => {
    const scene = await anOperatorScene()
    answerAt(scene, '/token', refusal(53003, 'access_denied'))
    expect((await verdictOn('client_credential', scene)).status).toBe('ok')
  })

  test('warns when the token endpoint does not answer', async () => {
    const scene = await anOperatorScene()
    scene.entrada.sandbox.faults.set('entra.token_server_error')
    const { status, fix } = await verdictOn('client_credential', scene)
    expect([status, fix]).toEqual(['warning', 'Check again.'])
  })

  test('tries a certificate, too', async () => {
    const { certificate, privateKey } = createClientCertificate()
    const scene = await registered(
      { certificates: [certificate], clientSecrets: [] },
      {
        settings: {
          OPENID_CLIENT_SECRET: null,
          OPENID_CLIENT_CERTIFICATE: `${privateKey}\n${certificate}`,
        },
      },
    )
    expect((await verdictOn('client_credential', scene)).detail).toBe('Certificate 1 is accepted.')
    const { sandbox } = scene.entrada
    sandbox.registration = { ...sandbox.registration, certificates: [] }
    expect(await verdictOn('client_credential', scene)).toMatchObject({
      status: 'failed',
      detail: 'Certificate 1 is refused, AADSTS700027.',
    })
  })

  test('of a multi-tenant app is tried in the first allowed tenant', async () => {
    const sandbox = createSandbox({ people: 5, registration: { signInAudience: 'AzureADMultipleOrgs' } })
    const [home] = sandbox.tenants
    const scene = await anOperatorScene({
      sandbox,
      settings: {
        OPENID_ISSUER: 'organizations',
        OPENID_ALLOWED_TENANTS: `${home?.tenantId},${FABRIKAM}`,
      },
    })
    sandbox.journal.clear()
    expect((await verdictOn('client_credential', scene)).status).toBe('ok')
    const [request] = triesIn(scene)
    expect(request?.url.pathname).toBe(`/${home?.tenantId}/oauth2/v2.0/token`)
  }) // prettier-ignore
})
