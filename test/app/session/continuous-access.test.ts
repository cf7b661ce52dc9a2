import { describe, expect, test } from 'vitest'
import type { Browser } from '../../support/browser/browser.ts'
import { clock } from '../../support/clock.ts'
import { type Entrada } from '../../support/entrada.ts'
import { aScene } from '../../support/scene.ts'

const WITH_PEOPLE = {
  settings: { LOOKUP_CACHE_SECONDS: '0' },
  scopes: ['User.Read', 'People.Read', 'User.ReadBasic.All', 'GroupMember.Read.All'],
}

function claimsSent(entrada: Entrada): readonly unknown[] {
  return entrada.sandbox.journal
    .redemptions()
    .map(({ form }) => form.get('claims'))
    .map((claims): unknown => (claims === null ? null : JSON.parse(claims)))
}

async function search(browser: Browser, query: string) {
  const response = await browser.fetch(`/.entrada/people?q=${query}`)
  return {
    response,
    body: await response.json<{
      status?: Record<string, string>
      code?: string
      loginUrl?: string
    }>(),
  }
}

describe('a claims challenge from Graph', () => {
  test('is answered by one forced refresh that carries it, without an error for the caller', async () => {
    const { entrada, browser } = await aScene(WITH_PEOPLE)
    await search(browser, 'adele')
    const before = entrada.sandbox.journal.redemptions('refresh_token').length
    entrada.sandbox.faults.set('graph.claims_challenge', { times: 1 })
    const { response, body } = await search(browser, 'megan')
    expect(response.status).toBe(200)
    expect(body.status).toMatchObject({ users: 'ok' })
    expect(entrada.sandbox.journal.redemptions('refresh_token').length - before).toBe(1)
    expect(claimsSent(entrada).at(-1)).toHaveProperty('access_token')
  })

  test('that requires user interaction leads to a step-up sign-in with the challenge, and the session goes on', async () => {
    const { entrada, browser } = await aScene(WITH_PEOPLE)
    await search(browser, 'adele')
    entrada.sandbox.faults.set('graph.claims_challenge', { times: 1 })
    entrada.sandbox.faults.set('entra.conditional_access')
    await search(browser, 'megan')
    expect((await browser.fetch('/.entrada/session')).status).toBe(200)
    await browser.open(`${entrada.origin}/.entrada/login?step_up=1&return_to=/echo`)
    const authorize = entrada.sandbox.journal
      .to('login')
      .findLast(({ url }) => url.pathname.endsWith('/authorize'))
    expect(JSON.parse(authorize?.url.searchParams.get('claims') ?? 'null')).toHaveProperty(
      'access_token',
    )
  })

  test('is answered once even if Graph keeps repeating it', async () => {
    const { entrada, browser } = await aScene(WITH_PEOPLE)
    await search(browser, 'adele')
    const before = entrada.sandbox.journal.redemptions('refresh_token').length
    entrada.sandbox.faults.set('graph.claims_challenge')
    for (let index = 0; index < 3; index++) await search(browser, `megan${index}`)
    expect(
      entrada.sandbox.journal.redemptions('refresh_token').length - before,
    ).toBeLessThanOrEqual(3)
    expect((await browser.fetch('/.entrada/session')).status).toBe(200)
  })
})

test('a token that Graph refuses is replaced once', async () => {
  const { entrada, browser } = await aScene(WITH_PEOPLE)
  await search(browser, 'adele')
  const before = entrada.sandbox.journal.redemptions('refresh_token').length
  entrada.sandbox.faults.set('graph.token_rejected', { times: 1 })
  const { body } = await search(browser, 'megan')
  expect(body.status).toMatchObject({ users: 'ok' })
  expect(entrada.sandbox.journal.redemptions('refresh_token').length - before).toBe(1)
})

describe('the capability to handle challenges', () => {
  test('is not announced by default', async () => {
    const { entrada, browser } = await aScene(WITH_PEOPLE)
    await search(browser, 'adele')
    expect(claimsSent(entrada).filter((claims) => claims !== null)).toEqual([])
  })

  test('is announced in every request when set, and tokens are used for their longer life', async () => {
    const { entrada, browser } = await aScene({
      ...WITH_PEOPLE,
      settings: {
        ...WITH_PEOPLE.settings,
        OPENID_CLIENT_CAPABILITIES: 'cp1',
        SESSION_IDLE_SECONDS: '172800',
        // The membership recheck refreshes even a token that is still valid.
        MEMBERSHIP_CHECK_SECONDS: '86400',
      },
    })
    await search(browser, 'adele')
    const announced = { access_token: { xms_cc: { values: ['cp1'] } } }
    const authorize = entrada.sandbox.journal
      .to('login')
      .find(({ url }) => url.pathname.endsWith('/authorize'))
    expect(JSON.parse(authorize?.url.searchParams.get('claims') ?? 'null')).toEqual(announced)
    expect(claimsSent(entrada)).toEqual(claimsSent(entrada).map(() => announced))
    const before = entrada.sandbox.journal.redemptions('refresh_token').length
    await clock.advance(12 * 3600)
    await search(browser, 'megan')
    expect(entrada.sandbox.journal.redemptions('refresh_token').length).toBe(before)
  })

  test('is kept when a challenge is merged into it', async () => {
    const { entrada, browser } = await aScene({
      ...WITH_PEOPLE,
      settings: { ...WITH_PEOPLE.settings, OPENID_CLIENT_CAPABILITIES: 'cp1' },
    })
    await search(browser, 'adele')
    entrada.sandbox.faults.set('graph.claims_challenge', { times: 1 })
    await search(browser, 'megan')
    expect(claimsSent(entrada).at(-1)).toMatchObject({
      access_token: { xms_cc: { values: ['cp1'] } },
    })
    expect(
      Object.keys((claimsSent(entrada).at(-1) as { access_token: object }).access_token).length,
    ).toBeGreaterThan(1)
  })
})
