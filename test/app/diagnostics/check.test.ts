import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada } from '../../support/entrada.ts'
import { answerFor, anOperatorScene, CHECK, named, verdictOn, type Answer } from './fixture.ts'
import { signedIn } from '../../support/scene.ts'

/* Access to the setup check, its response formats, and the checks of the Worker itself. */

describe('who may run the setup check', () => {
  test('operators may run it', async () => {
    const { ok, checks } = await answerFor(await anOperatorScene())
    expect(ok).toBe(true)
    expect(checks.map(({ name, status }) => `${name}: ${status}`)).toEqual([
      'settings: ok',
      'bindings: ok',
      'issuer: ok',
      // In one process no server adds a `Date` header.
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

  test('refuses people who are not operators', async () => {
    const { entrada } = await anOperatorScene()
    const member = await signedIn(entrada)
    entrada.sandbox.journal.clear()
    const response = await member.fetch(CHECK)
    expect([response.status, await response.json()]).toMatchObject([
      403,
      { code: 'operator_required' },
    ])
    expect(entrada.sandbox.journal.all).toEqual([])
  })

  test('refuses people without a session, from a script and in a browser', async () => {
    const entrada = anEntrada()
    const response = await entrada.fetch(CHECK)
    expect([response.status, await response.json()]).toMatchObject([
      401,
      { code: 'session_required' },
    ])
    expect(entrada.sandbox.journal.all).toEqual([])
    const page = await entrada.browser().open(CHECK)
    expect(page.url.origin).toBe(entrada.sandbox.hosts.login)
  })

  test('on loopback everybody may run it, with or without a session', async () => {
    const entrada = anEntrada({ settings: { DOMAIN_SERVER: 'http://localhost:8787' } })
    const response = await entrada.fetch(CHECK)
    const answer = await response.json<Answer>()
    expect([response.status, answer.ok]).toEqual([200, false])
    expect(named(answer, 'permissions').status).toBe('skipped')
    expect(named(answer, 'redirect_uri').detail).toContain(
      'Sign in to confirm that its platform is Web',
    )
  })

  test('counts against the operator’s limit for sign-ins [requirement 95]', async () => {
    const settings = { RATE_LIMITS: '{"login":{"perMinute":2}}' }
    const { operator } = await anOperatorScene({ settings }, () => new Response('hello'))
    const statuses = []
    for (let time = 0; time < 3; time++) statuses.push((await operator.fetch(CHECK)).status)
    expect(statuses).toEqual([200, 200, 429])
  })
})

test('shows the same results as a page in a browser', async () => {
  const { operator } = await anOperatorScene({}, () => new Response('hello'))
  const page = await operator.open(CHECK)
  expect([page.status, page.title]).toEqual([200, 'Setup check failed'])
  const statuses = page.html.querySelectorAll('h2').map((heading) => heading.text.trim())
  expect(statuses).toContain('failed origin protection')
  expect(statuses).toContain('ok client credential')
  expect(page.text).toContain('Make the chat app require ORIGIN_SECRET')
  expect(page.html.querySelectorAll('[src], link, script, iframe')).toEqual([])
  const policy = page.headers.get('content-security-policy')
  expect(policy).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
})

test('every run is audited with the operator and the failed checks [requirement 100]', async () => {
  const scene = await anOperatorScene({}, () => new Response('hello'))
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
  test('warns about a setting without effect, by name [requirement 98]', async () => {
    const scene = await anOperatorScene({ settings: { OPENID_BUTTON_LABEL: 'Sign in' } })
    const answer = await answerFor(scene)
    expect(answer.ok).toBe(true)
    expect(named(answer, 'settings')).toMatchObject({
      status: 'warning',
      detail: expect.stringContaining('OPENID_BUTTON_LABEL'),
    })
  })

  test('names a binding that does not answer, and runs the other checks [requirement 94]', async () => {
    const scene = await anOperatorScene()
    scene.entrada.platform.objects.KEYS.bend({ fails: 'overloaded' })
    scene.entrada.platform.objects.LOOKUPS.bend({ fails: 'overloaded' })
    const answer = await answerFor(scene)
    expect(named(answer, 'bindings')).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('LOOKUPS'),
    })
    expect(named(answer, 'issuer').status).toBe('ok')
  })

  test('skips what a Worker cannot see', async () => {
    const { status, detail } = await verdictOn('other_doors', await anOperatorScene())
    expect(status).toBe('skipped')
    expect(detail).toMatch(/fails closed.*workers\.dev/)
  })
})

test('aborts a check that hangs, and only that one', async () => {
  const scene = await anOperatorScene()
  scene.entrada.sandbox.faults.set('graph.hang')
  scene.entrada.sandbox.faults.set('entra.token_hang')
  const answer = await clock.runOut(answerFor(scene), 20)
  expect(named(answer, 'graph').detail).toBe('No answer.')
  expect(named(answer, 'client_credential').status).not.toBe('ok')
  expect(named(answer, 'chat').status).toBe('ok')
})
