import { afterAll, beforeAll, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import type { Browser } from '../support/browser/browser.ts'
import { serveEntrada, type ServedEntrada } from '../support/workerd/served-entrada.ts'

let entrada: ServedEntrada
beforeAll(async () => {
  entrada = await serveEntrada({ sandbox: { people: 5000, groups: 200 } })
  entrada.sandbox.entra.grantAdminConsent([
    'People.Read',
    'User.ReadBasic.All',
    'GroupMember.Read.All',
  ])
})
afterAll(() => entrada.close())

async function signedIn(who: keyof typeof CAST = 'adele'): Promise<Browser> {
  const browser = entrada.browser()
  await browser.signIn(CAST[who].userPrincipalName)
  return browser
}

async function search(browser: Browser, q: string): Promise<string> {
  const response = await browser.fetch(`/.entrada/people?q=${encodeURIComponent(q)}`)
  expect(response.status).toBe(200)
  return response.text()
}

const roundTrips = () => entrada.sandbox.journal.to('graph').length

test('the same query from many tabs at once costs one round trip to Graph', async () => {
  const browser = await signedIn()
  const before = roundTrips()
  entrada.sandbox.faults.set('graph.slow', { delayMs: 200 })
  const answers = await Promise.all(Array.from({ length: 8 }, () => search(browser, 'stephan')))
  entrada.sandbox.faults.clear()
  expect(new Set(answers).size).toBe(1)
  expect(answers[0]).toContain('Stephan')
  expect(roundTrips() - before).toBe(1)
})

test('eight letters cost at most two round trips to Graph, and none when repeated', async () => {
  const browser = await signedIn()
  const before = roundTrips()
  const typed = ['da', 'dan', 'dani', 'danie', 'daniel', 'daniel ', 'daniel b']
  for (const text of typed) await search(browser, text)
  expect(roundTrips() - before).toBeLessThanOrEqual(2)
  const after = roundTrips()
  for (const text of typed) await search(browser, text)
  expect(roundTrips()).toBe(after)
})

test('cached results survive a deployment, and are encrypted', async () => {
  const browser = await signedIn('alex')
  const first = await search(browser, 'bowen')
  const before = roundTrips()
  await entrada.restart()
  expect(await search(browser, 'bowen')).toBe(first)
  expect(roundTrips()).toBe(before)
  const stored = entrada.dump().toLowerCase()
  for (const secret of ['bowen', 'stephan', 'daniel']) expect(stored).not.toContain(secret)
})

test('a query whose client has disconnected still fills the cache', async () => {
  const browser = await signedIn('megan')
  entrada.sandbox.faults.set('graph.slow', { delayMs: 300 })
  const before = roundTrips()
  const leaving = new AbortController()
  const first = browser.fetch('/.entrada/people?q=grace', { signal: leaving.signal })
  setTimeout(() => leaving.abort(new Error('typed on')), 150)
  await expect(first).rejects.toThrow('typed on')
  expect(await search(browser, 'grace ')).toContain('Grace')
  entrada.sandbox.faults.clear()
  expect(roundTrips() - before).toBe(1)
})

test('photos and group members are served by the real runtime', async () => {
  const browser = await signedIn()
  const photo = await browser.load(`/.entrada/people/${CAST.megan.id}/photo`, 'image')
  expect(photo.headers.get('content-type')).toBe('image/png')
  expect((await photo.arrayBuffer()).byteLength).toBeGreaterThan(100)
  const group = entrada.sandbox.tenants[0]?.groups.find(({ memberIds }) => memberIds.length > 3)
  const members = await browser.fetch(`/.entrada/groups/${group?.id}/members?limit=2`)
  expect(await members.json()).toMatchObject({ count: 2, next: expect.stringContaining('cursor=') })
})
