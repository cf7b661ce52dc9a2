import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { createClientCertificate } from '../../sandbox/entra/client-certificate.ts'
import type { Registration } from '../../sandbox/registration.ts'
import { createSandbox } from '../../sandbox/sandbox.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada, type Entrada, type TestSettings } from '../../support/entrada.ts'
import { signedIn } from '../../support/scene.ts'

const PAST_EXPIRY = 3 * 3600

function registered(registration: Partial<Registration>, settings: TestSettings): Entrada {
  return anEntrada({ sandbox: createSandbox({ registration }), settings })
}

/** Metadata with other client authentication methods than Entra's. */
function withMethods(entrada: Entrada, methods: readonly string[] | undefined): Entrada {
  const { login } = entrada.sandbox.handlers
  entrada.internet.answer(entrada.sandbox.hosts.login, async (request) => {
    const response = await login(request)
    if (!new URL(request.url).pathname.endsWith('/openid-configuration')) return response
    const metadata = await response.json<Record<string, unknown>>()
    return Response.json({ ...metadata, token_endpoint_auth_methods_supported: methods })
  })
  return entrada
}

/** Signs in and outlives an access token; returns every token request until then. */
async function codeAndRefresh(entrada: Entrada) {
  const browser = await signedIn(entrada)
  await browser.fetch('/.entrada/session')
  await clock.advance(PAST_EXPIRY)
  const response = await browser.fetch('/.entrada/session')
  const { features } = await response.json<{ features: Record<string, string> }>()
  expect(features['people']).toBe('consent_needed')
  const { journal } = entrada.sandbox
  expect(journal.redemptions('authorization_code')).toHaveLength(1)
  expect(journal.redemptions('refresh_token')).toHaveLength(2)
  return journal.redemptions()
}

describe('a certificate', () => {
  const { certificate, privateKey, thumbprint } = createClientCertificate()
  const pem = `${privateKey}\n${certificate}`

  test.each([
    ['in PEM form', pem],
    ['with the certificate first', `${certificate}\n${privateKey}`],
    ['with escaped line breaks', pem.replaceAll('\n', '\\n')],
  ])(
    '%s authenticates the client, for the code and for every refresh [requirement 15]',
    async (_how, value) => {
      const entrada = registered(
        { certificates: [certificate], clientSecrets: [] },
        { OPENID_CLIENT_SECRET: null, OPENID_CLIENT_CERTIFICATE: value },
      )
      const used = new Set<string>()
      for (const { form, headers, url } of await codeAndRefresh(entrada)) {
        expect([form.has('client_secret'), headers.has('authorization')]).toEqual([false, false])
        const [header, claims] = (form.get('client_assertion') ?? '')
          .split('.')
          .slice(0, 2)
          .map(decode)
        expect(header).toEqual({
          alg: 'PS256',
          typ: 'JWT',
          'x5t#S256': Buffer.from(thumbprint, 'hex').toString('base64url'),
        })
        expect(claims).toMatchObject({
          iss: entrada.settings['OPENID_CLIENT_ID'],
          sub: entrada.settings['OPENID_CLIENT_ID'],
          aud: `${url.origin}${url.pathname}`,
        })
        used.add(String(claims?.['jti']))
        expect(Number(claims?.['exp']) - Number(claims?.['iat'])).toBeLessThanOrEqual(600)
      }
      expect(used.size).toBe(3)
    },
  )

  test('that was never uploaded is a failure for the operator', async () => {
    const entrada = registered(
      { certificates: [createClientCertificate().certificate] },
      { OPENID_CLIENT_SECRET: null, OPENID_CLIENT_CERTIFICATE: pem },
    )
    const browser = entrada.browser()
    await browser.open('/')
    await browser.submit({ button: ['account', CAST.adele.userPrincipalName] })
    const page = await browser.submit({ button: ['decision', 'accept'] })
    expect([page.status, page.headers.get('entrada-error')]).toEqual([502, 'registration_rejected'])
    expect(page.text).toContain('AADSTS700027')
  })

  test('without its key is reported as an invalid setting', async () => {
    const entrada = registered({}, { OPENID_CLIENT_CERTIFICATE: certificate })
    const response = await entrada.fetch('/')
    expect(response.headers.get('entrada-error')).toBe('misconfigured')
    expect(entrada.logs.text).toContain('OPENID_CLIENT_CERTIFICATE')
  })
})

describe('a secret with', () => {
  const secrets = [
    'colon:in:the:middle-0123456789',
    'percent%and%20its%2Fescapes-01234',
    'plus+and+space in it-0123456789',
    'slash/equals=ampersand&question?',
    'quote"apostrophe\'backslash\\-0123',
    'tilde~star*bang!paren()-0123456789',
    'umlaut-ü-euro-€-kanji-秘密-0123456',
    'hash#semicolon;at@dollar$-0123456',
  ]

  test.each(secrets)(
    '%s arrives unchanged in the form, for code and refresh [requirement 15]',
    async (secret) => {
      const entrada = registered({ clientSecrets: [secret] }, { OPENID_CLIENT_SECRET: secret })
      for (const { form, headers } of await codeAndRefresh(entrada)) {
        expect([form.get('client_secret'), headers.has('authorization')]).toEqual([secret, false])
      }
    },
  )

  test.each(secrets)(
    '%s arrives unchanged in the header, for code and refresh [requirement 15]',
    async (secret) => {
      const entrada = withMethods(
        registered({ clientSecrets: [secret] }, { OPENID_CLIENT_SECRET: secret }),
        ['client_secret_basic'],
      )
      for (const { form, headers } of await codeAndRefresh(entrada)) {
        expect([form.has('client_secret'), headers.get('authorization')]).toEqual([
          false,
          expect.stringMatching(/^Basic \S+$/),
        ])
      }
    },
  )
})

test.each([
  ['both', ['client_secret_basic', 'client_secret_post'], 'form'],
  ['nothing', undefined, 'header'],
  ['only the form', ['client_secret_post'], 'form'],
] as const)('a service that names %s gets the secret in the %s', async (_named, methods, place) => {
  const entrada = withMethods(anEntrada(), methods)
  for (const { form } of await codeAndRefresh(entrada)) {
    expect(form.has('client_secret') ? 'form' : 'header').toBe(place)
  }
})

test('with header authentication, the next secret is tried when one is refused', async () => {
  const entrada = withMethods(
    registered(
      { clientSecrets: ['the-new-secret-0123456789'] },
      {
        OPENID_CLIENT_SECRET: 'the-old-secret-0123456789,the-new-secret-0123456789',
      },
    ),
    ['client_secret_basic'],
  )
  await signedIn(entrada)
  expect(entrada.sandbox.journal.redemptions('authorization_code')).toHaveLength(2)
})

function decode(part: string): Record<string, unknown> {
  const parsed: Record<string, unknown> = JSON.parse(Buffer.from(part, 'base64url').toString())
  return parsed
}
