import { expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../../sandbox/directory/cast.ts'
import type { Browser } from '../../support/browser/browser.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada, type Entrada, type TestSettings } from '../../support/entrada.ts'
import { byGroup } from '../membership/fixture.ts'
import { CHECK, leaveSales, aMember as signedInAsMember } from '../membership/recheck-fixture.ts'

/* An error page and a problem document carry the id of the log line with Microsoft’s AADSTS number. */

const PEOPLE = '/.entrada/people?q=alex'

async function signedIn(
  settings: TestSettings = {},
): Promise<{ readonly entrada: Entrada; readonly browser: Browser }> {
  const entrada = anEntrada({ settings })
  const browser = entrada.browser()
  await browser.signIn(CAST.adele.userPrincipalName)
  return { entrada, browser }
}

async function problemAt(browser: Browser, path: string): Promise<Record<string, unknown>> {
  const headers = { accept: 'application/json' }
  return (await browser.fetch(path, { headers })).json<Record<string, unknown>>()
}

test('a refused refresh is logged under the id in the problem document', async () => {
  const { entrada, browser } = await signedIn()
  entrada.sandbox.faults.set('entra.blocked_by_policy')
  const problem = await problemAt(browser, PEOPLE)
  expect(problem['code']).toBe('blocked_by_policy')
  expect(entrada.logs.events('refresh_refused')).toMatchObject([
    { requestId: problem['requestId'], aadsts: problem['aadsts'] },
  ])
  expect(problem['aadsts']).toEqual(expect.any(Number))
})

test('a refused refresh is logged under the id on the error page', async () => {
  const { entrada, browser } = await signedIn()
  entrada.sandbox.faults.set('entra.blocked_by_policy')
  const page = await browser.open('/.entrada/people?q=alex')
  const [line] = entrada.logs.events('refresh_refused')
  expect(page.text).toContain(String(line?.['requestId']))
})

test('each request without a token is logged under its own id', async () => {
  const { entrada, browser } = await signedIn()
  entrada.sandbox.faults.set('entra.blocked_by_policy')
  const ids = [await problemAt(browser, PEOPLE), await problemAt(browser, PEOPLE)].map(
    ({ requestId }) => requestId,
  )
  expect(new Set(ids).size).toBe(2)
  expect(entrada.logs.events('refresh_refused').map(({ requestId }) => requestId)).toEqual(ids)
})

test('a secret that Entra refuses is logged under the id of the request', async () => {
  const { entrada, browser } = await signedIn()
  entrada.sandbox.faults.set('entra.wrong_secret')
  const problem = await problemAt(
    browser,
    '/.entrada/files/b%21abcdefghijklmnopqrstuvwxyz/01ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF',
  )
  expect(entrada.logs.events('client_credentials_refused')).toMatchObject([
    { requestId: problem['requestId'] },
  ])
})

test('a cached session logs under the id of the request that uses it', async () => {
  const { entrada, browser } = await signedIn({
    ORIGIN_PRESET: 'librechat',
    SESSION_CHECK_SECONDS: '60',
  })
  const path = '/api/auth/graph-token?scopes=https%3A%2F%2Fcontoso.sharepoint.com%2F.default'
  const headers = { accept: 'application/json' }
  entrada.sandbox.faults.set('entra.blocked_by_policy')
  const ids: unknown[] = []
  for (let count = 0; count < 2; count++) {
    const answer = await browser.fetch(path, { headers })
    ids.push((await answer.json<Record<string, unknown>>())['requestId'])
  }
  expect(new Set(ids).size).toBe(2)
  const refused = entrada.logs.events('refresh_refused').map(({ requestId }) => requestId)
  expect(refused).toEqual(ids)
})

test('a lost membership is logged under the id of the request that detects it', async () => {
  const scene = await signedInAsMember({ settings: byGroup('auto', CAST_GROUPS.chatUsers) })
  leaveSales(scene)
  await clock.advance(CHECK)
  const problem = await problemAt(scene.browser, PEOPLE)
  expect(problem['code']).toBe('session_required')
  expect(scene.entrada.logs.events('membership_lost')).toMatchObject([
    { requestId: problem['requestId'] },
  ])
})
