import { describe, expect, test } from 'vitest'
import { clock } from '../../support/clock.ts'
import { anEntrada } from '../../support/entrada.ts'
import { anOperatorScene, CHECK, named, verdictOn, type Answer } from './fixture.ts'

describe('the issuer', () => {
  test('is read without the cache', async () => {
    const scene = await anOperatorScene()
    const { journal, faults } = scene.entrada.sandbox
    journal.clear()
    expect((await verdictOn('issuer', scene)).detail).toMatch(/\/v2\.0 publishes \d+ keys\./)
    expect(journal.to('login').some(({ url }) => url.pathname.endsWith('/keys'))).toBe(true)
    faults.set('entra.discovery_outage')
    const failed = await verdictOn('issuer', scene)
    expect(failed).toMatchObject({
      status: 'failed',
      detail: expect.stringMatching(/did not answer/),
    })
  })

  test('fails when its metadata names another issuer', async () => {
    const scene = await anOperatorScene()
    const { login } = scene.entrada.sandbox.handlers
    scene.entrada.internet.answer(scene.entrada.sandbox.hosts.login, async (request) => {
      const response = await login(request)
      if (!new URL(request.url).pathname.endsWith('/openid-configuration')) return response
      const metadata = await response.json<Record<string, unknown>>()
      return Response.json({ ...metadata, issuer: 'https://login.example/other/v2.0' })
    })
    expect(await verdictOn('issuer', scene)).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('describes itself as another issuer'),
      fix: expect.any(String),
    })
  })

  test.each([
    ['agrees', 20, 'ok'],
    ['is further off than tokens allow', 90, 'failed'],
    ['is behind', -3600, 'failed'],
  ])('and its clock, when ours %s (%i s)', async (_how, seconds, status) => {
    const scene = await anOperatorScene()
    const { login } = scene.entrada.sandbox.handlers
    scene.entrada.internet.answer(scene.entrada.sandbox.hosts.login, async (request) => {
      const response = new Response((await login(request)).body, await login(request.clone()))
      response.headers.set('date', new Date(clock.now() - seconds * 1000).toUTCString())
      return response
    })
    expect((await verdictOn('clock', scene)).status).toBe(status)
  })
})

describe('an issuer that is not Entra', () => {
  const ISSUER = 'https://id.example'

  /** Gives this response to the client credentials grant and shows its sign-in page to every other request. */
  async function answerBy(status: number, body: object): Promise<Answer> {
    const metadata = {
      issuer: ISSUER,
      jwks_uri: `${ISSUER}/keys`,
      token_endpoint: `${ISSUER}/token`,
      authorization_endpoint: `${ISSUER}/authorize`,
    }
    const pages: Readonly<Record<string, () => Response>> = {
      '/.well-known/openid-configuration': () => Response.json(metadata),
      '/keys': () => Response.json({ keys: [{ kty: 'RSA' }] }),
      '/token': () => Response.json(body, { status }),
    }
    const entrada = anEntrada({
      settings: { DOMAIN_SERVER: 'http://localhost:8787', OPENID_ISSUER: ISSUER },
      hosts: {
        [ISSUER]: (request) =>
          pages[new URL(request.url).pathname]?.() ?? new Response('<title>Sign in</title>'),
      },
    })
    return (await entrada.fetch(CHECK)).json<Answer>()
  }

  test('skips the checks of Microsoft 365 and of the redirect URI', async () => {
    const answer = await answerBy(400, { error: 'unauthorized_client' })
    expect(named(answer, 'issuer').detail).toBe('https://id.example publishes 1 keys.')
    for (const name of ['graph', 'permissions', 'redirect_uri']) {
      expect([name, named(answer, name).status]).toEqual([name, 'skipped'])
    }
  })

  test.each([
    ['accepts the credential and refuses the grant to the app', 400, { error: 'unauthorized_client' }, 'ok'],
    ['issues a token', 200, { access_token: 'x'.repeat(30), token_type: 'Bearer' }, 'ok'],
    ['refuses the credential', 401, { error: 'invalid_client' }, 'failed'],
    ['does not support the grant', 400, { error: 'unsupported_grant_type' }, 'skipped'],
    ['is down', 503, {}, 'warning'],
  ])('that %s', async (_what, status, body, verdict) => {
    const answer = await answerBy(status, body)
    expect(named(answer, 'client_credential').status).toBe(verdict)
    expect(JSON.stringify(answer)).not.toContain('xxx')
  }) // prettier-ignore
})
