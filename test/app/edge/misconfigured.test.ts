import { describe, expect, test } from 'vitest'
import { VERSION } from '../../../src/version.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada, type TestSettings } from '../../support/entrada.ts'

const LOOPBACK = { DOMAIN_SERVER: 'http://localhost:8787' }

describe('serves nothing with invalid settings', () => {
  test.each([
    '/',
    '/api/messages',
    '/.entrada/login',
    '/.entrada/health',
    '/oauth/openid/callback',
    '/favicon.ico',
  ])('%s is 503 and shows visitors no details [requirement 98]', async (path) => {
    const entrada = anEntrada({
      settings: { OPENID_SESSION_SECRET: 'weak', OPENID_CLINET_ID: 'x' },
    })
    const response = await entrada.fetch(path, { headers: { accept: 'application/json' } })
    expect([response.status, response.headers.get('entrada-error')]).toEqual([503, 'misconfigured'])
    const text = await response.text()
    expect(text).not.toContain('OPENID_')
    expect(entrada.sandbox.journal.all).toEqual([])
    // The log names every problem, for the operator.
    expect(entrada.logs.text).toContain('OPENID_SESSION_SECRET')
    expect(entrada.logs.text).toContain('OPENID_CLINET_ID')
    expect(entrada.logs.text).not.toContain('weak"')
  })

  test('on loopback the response contains the report, for programs and for people [requirement 98]', async () => {
    const settings: TestSettings = { ...LOOPBACK, OPENID_CLIENT_ID: null, OPENID_CLINET_ID: 'x' }
    const entrada = anEntrada({ settings })
    const response = await entrada.fetch('/', { headers: { accept: 'application/json' } })
    const { detail } = await response.json<{ detail: string }>()
    expect(detail.split('\n')).toEqual([
      expect.stringMatching(/^OPENID_CLIENT_ID: is missing\. Copy it from the app registration\.$/),
      expect.stringMatching(/^OPENID_CLINET_ID: .*Did you mean OPENID_CLIENT_ID/),
    ])
    const page = await entrada.browser().open('/')
    expect(page.status).toBe(503)
    expect(page.text).toContain('Did you mean OPENID_CLIENT_ID')
  })

  test.each([
    ['ALLOW_GUESTS', false],
    ['ALLOWED_EMAIL_DOMAINS', ['contoso.example']],
    ['ALLOWED_EMAIL_DOMAIN', ['contoso.example']],
    ['ALLOW_GUEST', 'false'],
  ])('%s = %o in [vars] is refused', async (name, value) => {
    const entrada = anEntrada({ settings: { ...LOOPBACK, [name]: value } })
    const response = await entrada.fetch('/', { headers: { accept: 'application/json' } })
    expect(response.status).toBe(503)
    expect((await response.json<{ detail: string }>()).detail).toMatch(
      new RegExp(`^${name}: is not`),
    )
  })

  test('reports warnings with the problems, in the log and on loopback in the response', async () => {
    const settings = { ...LOOPBACK, OPENID_CLINET_ID: 'x', OPENID_BUTTON_LABEL: 'Sign in' }
    const entrada = anEntrada({ settings })
    const page = await entrada.browser().open('/')
    expect(page.text).toContain('OPENID_BUTTON_LABEL has no effect here')
    expect(entrada.logs.text).toContain('OPENID_BUTTON_LABEL has no effect here')
    const incomplete = anEntrada({ settings, without: ['VAULT'] })
    expect((await incomplete.browser().open('/')).text).toContain('OPENID_BUTTON_LABEL')
  })

  test.each(['VAULT', 'SESSIONS', 'USERS', 'REPLAYS', 'LOOKUPS', 'KEYS'])(
    'a missing binding %s is named [requirement 94]',
    async (binding) => {
      const entrada = anEntrada({ settings: LOOPBACK, without: [binding] })
      const response = await entrada.fetch('/.entrada/ready', {
        headers: { accept: 'application/json' },
      })
      expect(response.status).toBe(503)
      expect((await response.json<{ detail: string }>()).detail).toMatch(
        new RegExp(`^${binding}: is not bound`),
      )
    },
  )
})

test('logs a setting without effect once, and serves requests', async () => {
  const entrada = anEntrada({ settings: { OPENID_BUTTON_LABEL: 'Sign in' } })
  for (let index = 0; index < 3; index++) await entrada.fetch('/.entrada/health')
  expect(entrada.logs.events('setting')).toEqual([
    expect.objectContaining({
      level: 'warn',
      warning: expect.stringContaining('OPENID_BUTTON_LABEL'),
    }),
  ])
})

describe('health and readiness', () => {
  test('report that it runs and is ready, and reveal no configuration [requirement 94]', async () => {
    const entrada = anEntrada()
    const health = await entrada.fetch('/.entrada/health')
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok', version: VERSION }])
    const ready = await entrada.fetch('/.entrada/ready')
    expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }])
  })

  test.each(['SESSIONS', 'USERS', 'REPLAYS', 'LOOKUPS', 'KEYS'] as const)(
    'readiness fails while %s does not answer [requirement 94]',
    async (binding) => {
      const entrada = anEntrada()
      entrada.platform.objects[binding].bend({ fails: 'overloaded' })
      const ready = await entrada.fetch('/.entrada/ready')
      expect([ready.status, await ready.json()]).toEqual([503, { status: 'not_ready' }])
      expect((await entrada.fetch('/.entrada/health')).status).toBe(200)
    },
  )

  test('readiness fails while the vault hangs', async () => {
    const entrada = anEntrada()
    entrada.platform.vault.bend({ hangs: ['get'] })
    expect((await clock.runOut(entrada.fetch('/.entrada/ready'), 10)).status).toBe(503)
  })
})
