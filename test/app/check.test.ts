import { describe, expect, test } from 'vitest'
import { CAST, FABRIKAM } from '../sandbox/directory/cast.ts'
import { createClientCertificate } from '../sandbox/entra/client-certificate.ts'
import type { Registration } from '../sandbox/registration.ts'
import { createSandbox, type HostHandler } from '../sandbox/sandbox.ts'
import type { Browser } from '../support/browser/browser.ts'
import { aGuardedChat, CHAT_ORIGIN } from '../support/chat-double.ts'
import { clock } from '../support/clock.ts'
import { anEntrada, type Entrada, type EntradaOptions } from '../support/entrada.ts'
import { secretsOf } from '../support/secrets.ts'

const CHECK = '/.entrada/check'
const ORIGIN_SECRET = 'the-chat-demands-this-0123456789-abcdef'
const GRAPH_SCOPES = [
  'User.Read',
  'People.Read',
  'User.ReadBasic.All',
  'GroupMember.Read.All',
  'Files.Read.All',
]

interface Check {
  readonly name: string
  readonly status: string
  readonly detail: string
  readonly fix?: string
}

interface Answer {
  readonly ok: boolean
  readonly checks: readonly Check[]
}

/** Refuses whoever comes without the secret, as the documents say it should. */
const locked: HostHandler = ({ headers }) =>
  headers.get('entrada-origin-secret') === ORIGIN_SECRET
    ? new Response('hello')
    : new Response(null, { status: 403 })

interface Scene {
  readonly entrada: Entrada
  readonly operator: Browser
}

/** Alex is an operator; everything is set up as it should be, but for what the test says. */
async function aScene(options: EntradaOptions = {}, chat: HostHandler = locked): Promise<Scene> {
  const sandbox = options.sandbox ?? createSandbox({ people: 20, groups: 5 })
  sandbox.entra.grantAdminConsent(GRAPH_SCOPES)
  const settings = { OPENID_ADMIN_ROLE: 'Entrada.Admin', ORIGIN_SECRET, ...options.settings }
  const { entrada } = aGuardedChat({ ...options, sandbox, settings }, chat)
  const operator = entrada.browser()
  await operator.signIn(CAST.alex.userPrincipalName)
  return { entrada, operator }
}

async function answerFor({ entrada, operator }: Scene): Promise<Answer> {
  const response = await operator.fetch(CHECK)
  const text = await response.text()
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store'])
  const { sandbox, settings } = entrada
  for (const [secret, what] of secretsOf({ sandbox, settings, jars: [operator.cookies] })) {
    expect([what, text.includes(secret)]).toEqual([what, false])
  }
  const answer: Answer = JSON.parse(text)
  return answer
}

function named({ checks }: Answer, name: string): Check {
  return checks.find((check) => check.name === name) ?? expect.unreachable(`no check ${name}`)
}

async function verdictOn(name: string, scene: Scene): Promise<Check> {
  return named(await answerFor(scene), name)
}

describe('who may see the set-up check', () => {
  test('an operator', async () => {
    const { ok, checks } = await answerFor(await aScene())
    expect(ok).toBe(true)
    expect(checks.map(({ name, status }) => `${name}: ${status}`)).toEqual([
      'settings: ok',
      'bindings: ok',
      'issuer: ok',
      // In one process nobody stamps an answer with the time.
      'clock: skipped',
      'client_credential: ok',
      'redirect_uri: ok',
      'permissions: ok',
      'graph: ok',
      'chat: ok',
      'origin_protection: ok',
      'other_doors: skipped',
    ])
  })

  test('not a member', async () => {
    const { entrada } = await aScene()
    const member = entrada.browser()
    await member.signIn(CAST.adele.userPrincipalName)
    entrada.sandbox.journal.clear()
    const response = await member.fetch(CHECK)
    expect([response.status, await response.json()]).toMatchObject([
      403,
      { code: 'operator_required' },
    ])
    expect(entrada.sandbox.journal.all).toEqual([])
  })

  test('not a stranger, by script or by page', async () => {
    const entrada = anEntrada()
    const response = await entrada.fetch(CHECK)
    expect([response.status, await response.json()]).toMatchObject([
      401,
      { code: 'session_required' },
    ])
    const page = await entrada.browser().open(CHECK)
    expect([page.status, page.headers.get('entrada-error')]).toEqual([401, 'session_required'])
    expect(entrada.sandbox.journal.all).toEqual([])
  })

  test('on loopback anybody, signed in or not', async () => {
    const entrada = anEntrada({ settings: { DOMAIN_SERVER: 'http://localhost:8787' } })
    const response = await entrada.fetch(CHECK)
    const answer = await response.json<Answer>()
    expect([response.status, answer.ok]).toEqual([200, false])
    expect(named(answer, 'permissions').status).toBe('skipped')
    expect(named(answer, 'redirect_uri').detail).toContain('Only a sign-in can tell')
  })

  test('not often: it counts as a sign-in would', async () => {
    const settings = { RATE_LIMITS: '{"login":{"perMinute":2}}' }
    const entrada = anEntrada({ settings })
    const statuses = []
    for (let time = 0; time < 3; time++) statuses.push((await entrada.fetch(CHECK)).status)
    expect(statuses).toEqual([401, 401, 429])
  })
})

test('a person gets a page that says the same', async () => {
  const { operator } = await aScene({}, () => new Response('hello'))
  const page = await operator.open(CHECK)
  expect([page.status, page.title]).toEqual([200, 'The set-up does not hold'])
  const statuses = page.html.querySelectorAll('h2').map((heading) => heading.text.trim())
  expect(statuses).toContain('failed origin protection')
  expect(statuses).toContain('ok client credential')
  expect(page.text).toContain('Have it demand ORIGIN_SECRET')
  expect(page.html.querySelectorAll('[src], link, script, iframe')).toEqual([])
  const policy = page.headers.get('content-security-policy')
  expect(policy).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
})

test('every check leaves an audit event that names who asked and what failed [bar 100]', async () => {
  const scene = await aScene({}, () => new Response('hello'))
  await answerFor(scene)
  expect(scene.entrada.logs.events('set_up_checked')).toEqual([
    expect.objectContaining({
      level: 'audit',
      userId: CAST.alex.id,
      failed: 'origin_protection',
    }),
  ])
})

describe('settings and bindings', () => {
  test('a setting without effect is a warning, by name [bar 98]', async () => {
    const scene = await aScene({ settings: { OPENID_BUTTON_LABEL: 'Sign in' } })
    const answer = await answerFor(scene)
    expect(answer.ok).toBe(true)
    expect(named(answer, 'settings')).toMatchObject({
      status: 'warning',
      detail: expect.stringContaining('OPENID_BUTTON_LABEL'),
    })
  })

  test('a binding that does not answer is named, and the other checks go on [bar 94]', async () => {
    const scene = await aScene()
    scene.entrada.platform.objects.KEYS.bend({ fails: 'overloaded' })
    scene.entrada.platform.objects.LOOKUPS.bend({ fails: 'overloaded' })
    const answer = await answerFor(scene)
    expect(named(answer, 'bindings')).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('LOOKUPS'),
    })
    expect(named(answer, 'issuer').status).toBe('ok')
  })

  test('what a Worker cannot see is said to be unseen', async () => {
    const { status, detail } = await verdictOn('other_doors', await aScene())
    expect(status).toBe('skipped')
    expect(detail).toMatch(/fails closed.*workers\.dev/)
  })
})

describe('the issuer', () => {
  test('is asked, not remembered', async () => {
    const scene = await aScene()
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

  test('that describes itself as another one is named as such', async () => {
    const scene = await aScene()
    const { login } = scene.entrada.sandbox.handlers
    scene.entrada.internet.answer(scene.entrada.sandbox.hosts.login, async (request) => {
      const response = await login(request)
      if (!request.url.endsWith('/openid-configuration')) return response
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
    const scene = await aScene()
    const { login } = scene.entrada.sandbox.handlers
    scene.entrada.internet.answer(scene.entrada.sandbox.hosts.login, async (request) => {
      const response = new Response((await login(request)).body, await login(request.clone()))
      response.headers.set('date', new Date(clock.now() - seconds * 1000).toUTCString())
      return response
    })
    expect((await verdictOn('clock', scene)).status).toBe(status)
  })
})

/** The sandbox's sign-in service, but for one endpoint that the test answers. */
function answerAt({ entrada }: Scene, ending: string, answer: HostHandler): void {
  const { handlers, hosts } = entrada.sandbox
  entrada.internet.answer(hosts.login, (request) =>
    new URL(request.url).pathname.endsWith(ending) ? answer(request) : handlers.login(request),
  )
}

const refusal =
  (number: number, error: string): HostHandler =>
  () =>
    Response.json(
      { error, error_codes: [number], error_description: `AADSTS${number}: raw text` },
      { status: error === 'invalid_client' ? 401 : 400 },
    )

/** Token requests in the app's own name. */
function triesIn({ entrada }: Scene) {
  const isTry = (form: URLSearchParams) => form.get('grant_type') === 'client_credentials'
  return entrada.sandbox.journal.redemptions().filter(({ form }) => isTry(form))
}

describe('the client credential', () => {
  function registered(registration: Partial<Registration>, options: EntradaOptions = {}) {
    return aScene({ ...options, sandbox: createSandbox({ people: 5, registration }) })
  }

  test('is tried without a person, and the token it gets is dropped', async () => {
    const scene = await aScene()
    const { journal } = scene.entrada.sandbox
    journal.clear()
    const { status, detail } = await verdictOn('client_credential', scene)
    expect([status, detail]).toEqual(['ok', 'Secret 1 is accepted.'])
    const tries = triesIn(scene)
    expect(tries.map(({ form }) => form.get('scope'))).toEqual([
      'https://graph.microsoft.com/.default',
    ])
    // Nothing is asked of Graph with it, nor with anything else.
    for (const { headers } of journal.to('graph')) {
      expect(headers.get('authorization')).toBeNull()
    }
  })

  test('each secret is tried, and the wrong one named by its place', async () => {
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
      fix: 'Store its value, not its id.',
    })
  })

  test.each([
    ['a wrong secret', 7000215, 'invalid_client', /value, not its id/],
    ['a secret that has expired', 7000222, 'invalid_client', /has expired: add a new one/],
    ['a certificate that was not uploaded', 700027, 'invalid_client', /Upload a valid certificate/],
    ['an unknown app', 700016, 'unauthorized_client', /Compare the settings with the registration/],
    ['an unknown tenant', 90002, 'invalid_request', /Compare the settings with the registration/],
    ['a disabled app', 7000112, 'unauthorized_client', /Compare the settings with the registration/],
    ['a public client [bar 99]', 700025, 'invalid_client', /belongs under the platform Web/],
    ['a single-page application [bar 99]', 9002327, 'invalid_request', /belongs under the platform Web/],
  ])('%s (AADSTS%i) fails, with the fix', async (_what, number, error, fix) => {
    const scene = await aScene()
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

  test('a policy for apps stops its token, not its proof', async () => {
    const scene = await aScene()
    answerAt(scene, '/token', refusal(53003, 'access_denied'))
    expect((await verdictOn('client_credential', scene)).status).toBe('ok')
  })

  test('an outage says nothing about it', async () => {
    const scene = await aScene()
    scene.entrada.sandbox.faults.set('entra.token_server_error')
    const { status, fix } = await verdictOn('client_credential', scene)
    expect([status, fix]).toEqual(['warning', 'Check again.'])
  })

  test('a certificate is tried as well', async () => {
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

  test('of an app for several tenants is tried in the first that may sign in', async () => {
    const sandbox = createSandbox({ people: 5, registration: { signInAudience: 'AzureADMultipleOrgs' } })
    const [home] = sandbox.tenants
    const scene = await aScene({
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

describe('the redirect URI', () => {
  test('that people came in by is registered, and under Web', async () => {
    expect(await verdictOn('redirect_uri', await aScene())).toEqual({
      name: 'redirect_uri',
      status: 'ok',
      detail:
        'https://chat.contoso.example/oauth/openid/callback is registered, and was under Web when you signed in.',
    })
  })

  test('that is not registered any more fails, and is spelled out', async () => {
    const scene = await aScene()
    const { sandbox } = scene.entrada
    sandbox.registration = { ...sandbox.registration, redirectUris: [] }
    expect(await verdictOn('redirect_uri', scene)).toMatchObject({
      status: 'failed',
      detail: 'https://chat.contoso.example/oauth/openid/callback is refused, AADSTS50011.',
      fix: expect.stringContaining('platform Web'),
    })
  })

  test('under the platform of single-page applications fails, with the fix [bar 99]', async () => {
    const scene = await aScene()
    answerAt(scene, '/authorize', (request) => {
      const asked = new URL(request.url).searchParams
      // Demanded there alone, and therefore not sent by the check.
      expect([asked.get('prompt'), asked.has('code_challenge')]).toEqual(['none', false])
      const back = new URL(asked.get('redirect_uri') ?? '')
      back.searchParams.set('error', 'invalid_request')
      back.searchParams.set('error_description', 'AADSTS9002325: Proof Key … raw text')
      return new Response(null, { status: 302, headers: { location: back.href } })
    })
    const answer = await answerFor(scene)
    expect(named(answer, 'redirect_uri')).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('AADSTS9002325'),
      fix: expect.stringContaining('single-page application'),
    })
    expect(JSON.stringify(answer)).not.toContain('raw text')
  })

  test('at a service that shows a page instead is for a person to try', async () => {
    const scene = await aScene()
    answerAt(scene, '/authorize', () => new Response('<title>Sign in</title>'))
    expect((await verdictOn('redirect_uri', scene)).status).toBe('skipped')
  })
})

describe('who cannot sign in is told of the platform, as nobody gets as far as the check [bar 99]', () => {
  test('by a redirect URI of a single-page application', async () => {
    const uri = 'https://chat.contoso.example/oauth/openid/callback'
    const registration = { redirectUris: [], spaRedirectUris: [uri] }
    const browser = anEntrada({ sandbox: createSandbox({ people: 5, registration }) }).browser()
    await browser.open('/')
    await browser.submit({ button: ['account', CAST.alex.userPrincipalName] })
    const page = await browser.submit({ button: ['decision', 'accept'] })
    expect(page.headers.get('entrada-error')).toBe('registration_rejected')
    expect(page.text).toContain('AADSTS9002327')
    expect(page.text).toContain('It belongs under the platform Web.')
  })

  test('by a public client', async () => {
    const entrada = anEntrada()
    const browser = entrada.browser()
    await browser.open('/')
    answerAt({ entrada, operator: browser }, '/token', refusal(700025, 'invalid_client'))
    await browser.submit({ button: ['account', CAST.alex.userPrincipalName] })
    const page = await browser.submit({ button: ['decision', 'accept'] })
    expect(page.headers.get('entrada-error')).toBe('registration_rejected')
    expect(page.text).toContain('It belongs under the platform Web.')
  })
})

describe('Microsoft 365', () => {
  test('what has been consented to is listed', async () => {
    const { status, detail } = await verdictOn('permissions', await aScene())
    expect([status, detail]).toEqual(['ok', 'people: on, groups: on, files: on'])
  })

  test('what has not been consented to is a warning, with the way to consent', async () => {
    const scene = await aScene()
    scene.entrada.sandbox.entra.revokeAdminConsent(undefined, ['Files.Read.All'])
    await clock.advance(3 * 3600)
    expect(await verdictOn('permissions', scene)).toMatchObject({
      status: 'warning',
      detail: 'people: on, groups: on, files: consent needed',
      fix: expect.stringContaining('/.entrada/consent?feature=sign_in&admin=1'),
    })
  })

  test('a token that is not to be had fails, with Microsoft’s number', async () => {
    // Or the session would end with its first recheck that finds no token.
    const scene = await aScene({ settings: { MEMBERSHIP_CHECK_SECONDS: '86400' } })
    scene.entrada.sandbox.faults.set('entra.secret_expired')
    await clock.advance(3 * 3600)
    expect(await verdictOn('permissions', scene)).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('AADSTS7000222'),
    })
  })

  test('without tokens there is nothing to permit', async () => {
    const scene = await aScene({ settings: { OPENID_REUSE_TOKENS: 'false' } })
    expect((await verdictOn('permissions', scene)).status).toBe('skipped')
  })

  test('Graph that is down is said to be', async () => {
    const scene = await aScene()
    scene.entrada.sandbox.faults.set('graph.outage')
    expect(await verdictOn('graph', scene)).toMatchObject({
      status: 'failed',
      detail: 'Answers 503 without a token.',
    })
    scene.entrada.internet.disconnect(scene.entrada.sandbox.hosts.graph)
    expect((await verdictOn('graph', scene)).detail).toBe('No answer.')
  })
})

describe('the chat', () => {
  test('is asked the way everybody’s requests go, and nothing of its answer is shown', async () => {
    const seen: Request[] = []
    const scene = await aScene({}, (request) => {
      seen.push(request)
      return locked(request)
    })
    seen.length = 0
    const answer = await answerFor(scene)
    expect(named(answer, 'chat').detail).toBe('Answers 200 to Entrada with ORIGIN_SECRET.')
    expect(JSON.stringify(answer)).not.toContain('hello')
    const ours = seen.filter(({ headers }) => headers.has('entrada-assertion'))
    expect(ours.map(({ headers }) => headers.get('x-forwarded-user'))).toEqual([CAST.alex.id])
  })

  test('that wants another secret refuses what comes through Entrada', async () => {
    let isChanged = false
    const scene = await aScene({}, (request) =>
      isChanged ? new Response(null, { status: 403 }) : locked(request),
    )
    isChanged = true
    expect(await verdictOn('chat', scene)).toMatchObject({
      status: 'failed',
      detail: 'Answers 403 to Entrada with ORIGIN_SECRET.',
      fix: expect.stringContaining('ORIGIN_SECRET'),
    })
  })

  test.each([500, 503])('that answers %i is broken', async (status) => {
    let isBroken = false
    const scene = await aScene({}, (request) =>
      isBroken ? new Response('stack trace', { status }) : locked(request),
    )
    isBroken = true
    const answer = await answerFor(scene)
    expect(named(answer, 'chat').status).toBe('failed')
    expect(JSON.stringify(answer)).not.toContain('stack trace')
  })

  test('that is not there is named, and the others are checked all the same', async () => {
    const scene = await aScene()
    scene.entrada.internet.disconnect(CHAT_ORIGIN)
    const answer = await answerFor(scene)
    expect(named(answer, 'chat').detail).toContain('The chat service did not answer')
    expect(named(answer, 'origin_protection').detail).toBe('No answer.')
    expect(named(answer, 'client_credential').status).toBe('ok')
  })

  test('that refuses whom it is not told of may be right, where nobody is signed in', async () => {
    const { entrada } = aGuardedChat(
      { settings: { DOMAIN_SERVER: 'http://localhost:8787' } },
      () => new Response(null, { status: 401 }),
    )
    const answer = await (await entrada.fetch(CHECK)).json<Answer>()
    expect(named(answer, 'chat')).toMatchObject({
      status: 'warning',
      fix: 'Sign in and check again.',
    })
  })
})

describe('the chat’s own address', () => {
  /** A chat that answers strangers so, and Entrada as it should. */
  const toStrangers =
    (answer: HostHandler): HostHandler =>
    (request) =>
      request.headers.has('entrada-assertion') ? new Response('hello') : answer(request)

  test('is asked twice by a stranger: without a name, and with a name nobody may say [bar 64]', async () => {
    const seen: Request[] = []
    const scene = await aScene(
      {},
      toStrangers((request) => {
        seen.push(request)
        return new Response(null, { status: 403 })
      }),
    )
    expect((await verdictOn('origin_protection', scene)).status).toBe('ok')
    expect(seen.map(({ url, method }) => [method, url])).toEqual([
      ['GET', `${CHAT_ORIGIN}/`],
      ['GET', `${CHAT_ORIGIN}/`],
    ])
    expect(seen.map(({ headers }) => headers.get('x-forwarded-user'))).toEqual([
      null,
      'entrada-check',
    ])
    for (const { headers } of seen) {
      expect([headers.has('entrada-origin-secret'), headers.has('cookie')]).toEqual([false, false])
    }
  })

  test('that answers strangers fails, with the fixes [bar 64]', async () => {
    const scene = await aScene({}, () => new Response('hello'))
    const answer = await answerFor(scene)
    expect(answer.ok).toBe(false)
    expect(named(answer, 'origin_protection')).toMatchObject({
      status: 'failed',
      detail:
        'origin.contoso.example answers people who did not come through Entrada: 200, with a spoofed X-Forwarded-User 200.',
      fix: expect.stringMatching(
        /ORIGIN_SECRET.*tunnel.*mutual TLS.*docs\/protecting-the-chat\.md/,
      ),
    })
  })

  test('that believes a name anybody may write fails [bar 64]', async () => {
    const scene = await aScene(
      {},
      toStrangers(({ headers }) =>
        headers.has('x-forwarded-user')
          ? new Response('hello')
          : new Response(null, { status: 302, headers: { location: '/login' } }),
      ),
    )
    expect((await verdictOn('origin_protection', scene)).status).toBe('failed')
  })

  test.each(['librechat', 'onyx'])(
    'of a %s, which knows people by itself, is a warning when open',
    async (preset) => {
      const scene = await aScene(
        { settings: { ORIGIN_PRESET: preset } },
        () => new Response('hello'),
      )
      expect((await verdictOn('origin_protection', scene)).status).toBe('warning')
    },
  )

  test.each<[string, number, Record<string, string>, string]>([
    ['400, as without a client certificate', 400, {}, 'ok'],
    ['401', 401, {}, 'ok'],
    ['403', 403, {}, 'ok'],
    ['421', 421, {}, 'ok'],
    ['to the public address', 302, { location: 'https://chat.contoso.example/' }, 'ok'],
    ['to a sign-in of the chat’s own', 302, { location: '/login' }, 'warning'],
    ['to a look-alike', 302, { location: 'https://chat.contoso.example.evil/' }, 'warning'],
    ['404', 404, {}, 'warning'],
    ['502', 502, {}, 'warning'],
  ])('that answers strangers %s', async (_what, status, headers, verdict) => {
    const scene = await aScene(
      {},
      toStrangers(() => new Response(null, { status, headers })),
    )
    expect((await verdictOn('origin_protection', scene)).status).toBe(verdict)
  })

  test('is not followed anywhere', async () => {
    const scene = await aScene(
      {},
      toStrangers(() => Response.redirect('https://elsewhere.example/', 302)),
    )
    await answerFor(scene)
    expect(scene.entrada.sandbox.journal.to('unknown')).toEqual([])
  })

  test('where there is none, that is said, and what from outside Cloudflare', async () => {
    const { entrada } = await aScene()
    const service = anEntrada({ share: entrada, originService: () => new Response('hello') })
    const operator = service.browser()
    await operator.signIn(CAST.alex.userPrincipalName)
    const bound = await verdictOn('origin_protection', { entrada: service, operator })
    expect([bound.status, bound.detail]).toEqual([
      'skipped',
      expect.stringContaining('from outside Cloudflare'),
    ])
    const sameZone = anEntrada({ share: entrada, settings: { ORIGIN_URL: null } })
    entrada.internet.answer(entrada.origin, () => new Response('hello'))
    const other = sameZone.browser()
    await other.signIn(CAST.alex.userPrincipalName)
    const route = await verdictOn('origin_protection', { entrada: sameZone, operator: other })
    expect(route.status).toBe('skipped')
  })

  test('on this machine is nobody else’s', async () => {
    const local = 'http://127.0.0.1:3000'
    const scene = await aScene({
      settings: { ORIGIN_URL: local },
      hosts: { [local]: () => new Response('hello') },
    })
    expect((await verdictOn('origin_protection', scene)).status).toBe('skipped')
  })
})

describe('an issuer that is not Entra', () => {
  const ISSUER = 'https://id.example'

  /** It says so to the app's own grant, and shows its sign-in page whatever is asked. */
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

  test('has no Microsoft 365, and keeps its redirect URIs to itself', async () => {
    const answer = await answerBy(400, { error: 'unauthorized_client' })
    expect(named(answer, 'issuer').detail).toBe('https://id.example publishes 1 keys.')
    for (const name of ['graph', 'permissions', 'redirect_uri']) {
      expect([name, named(answer, name).status]).toEqual([name, 'skipped'])
    }
  })

  test.each([
    ['takes the credential and has no such grant for the app', 400, { error: 'unauthorized_client' }, 'ok'],
    ['hands out a token', 200, { access_token: 'x'.repeat(30), token_type: 'Bearer' }, 'ok'],
    ['does not take the credential', 401, { error: 'invalid_client' }, 'failed'],
    ['knows no such grant', 400, { error: 'unsupported_grant_type' }, 'skipped'],
    ['is down', 503, {}, 'warning'],
  ])('that %s', async (_what, status, body, verdict) => {
    const answer = await answerBy(status, body)
    expect(named(answer, 'client_credential').status).toBe(verdict)
    expect(JSON.stringify(answer)).not.toContain('xxx')
  }) // prettier-ignore
})

test('what hangs is given up, by itself', async () => {
  const scene = await aScene()
  scene.entrada.sandbox.faults.set('graph.hang')
  scene.entrada.sandbox.faults.set('entra.token_hang')
  const answer = await clock.runOut(answerFor(scene), 20)
  expect(named(answer, 'graph').detail).toBe('No answer.')
  expect(named(answer, 'client_credential').status).not.toBe('ok')
  expect(named(answer, 'chat').status).toBe('ok')
})
