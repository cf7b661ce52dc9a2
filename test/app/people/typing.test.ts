import { describe, expect, test, vi } from 'vitest'
import { createSandbox, type Sandbox } from '../../sandbox/sandbox.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada } from '../../support/entrada.ts'
import { answerOf, aSearcher, names } from './searcher-fixture.ts'

function putPerson({ tenants }: Sandbox, index: number, displayName: string): void {
  const [contoso] = tenants
  const [template] = contoso?.people ?? []
  if (contoso === undefined || template === undefined) throw new Error('no person to copy')
  const id = `1a1b6f0e-2f6c-4f6e-8a77-${String(index).padStart(12, '0')}`
  const [givenName = '', surname = ''] = displayName.split(' ')
  const address = `p${index}@contoso.example`
  const addresses = { mail: address, userPrincipalName: address }
  contoso.putPerson({ ...template, id, displayName, givenName, surname, ...addresses })
}

describe('typing eight letters', () => {
  const LARGE = { people: 5000, groups: 300 }

  test.each([
    'adele va',
    'maria mü',
    'smith-jo',
    'jack smi',
    'daniel b',
    'Нина Пет',
    '山田 太郎 様子',
    'محمد الح',
    'campaign',
    'project ',
    "o'connor",
    'zzyzzx q',
    'megan.bo',
  ])('of “%s” costs at most two round trips to Graph, and none when repeated', async (text) => {
    const adele = await aSearcher({ sandbox: createSandbox(LARGE) })
    const answers = await adele.type(text)
    expect(adele.roundTrips).toBeLessThanOrEqual(2)
    for (const { status } of answers) {
      expect(status).toEqual({ people: 'ok', users: 'ok', groups: 'ok', local: 'off' })
    }
    const before = adele.roundTrips
    expect(await adele.type(text)).toEqual(answers)
    expect(adele.roundTrips).toBe(before)
  })

  test('faster than Graph answers costs no more round trips', async () => {
    const adele = await aSearcher({ sandbox: createSandbox(LARGE) })
    clock.letRun()
    adele.sandbox.faults.set('graph.slow', { delayMs: 50 })
    const text = 'jack smi'
    const answers = await Promise.all(
      [...text].slice(1).map((_, index) => adele.search(text.slice(0, index + 2))),
    )
    expect(adele.roundTrips).toBeLessThanOrEqual(2)
    expect(names(answers.at(-1) ?? (await adele.search(text)))[0]).toMatch(/^Jack Smi/)
  })

  test('costs no more round trips when waiting searches resume in another order', async () => {
    // So many people are called Brown that only nine letters leave less than a page.
    const adele = await aSearcher({ sandbox: createSandbox({ people: 60_000, groups: 0 }) })
    clock.letRun()
    adele.sandbox.faults.set('graph.slow', { delayMs: 100 })
    const first = adele.search('br')
    await vi.waitUntil(() => adele.roundTrips === 1, { timeout: 15_000 })
    const later = ['brown ama', 'brown am', 'brown a', 'brown', 'bro'].map((q) => adele.search(q))
    const [, ...answers] = await Promise.all([first, ...later])
    expect(adele.roundTrips).toBe(2)
    for (const { query, results, status } of answers) {
      expect(results, query).not.toEqual([])
      expect(status, query).toEqual({ people: 'ok', users: 'ok', groups: 'ok', local: 'off' })
    }
  })

  test('finds a person although the pages of both prefixes fetched before are truncated', async () => {
    const sandbox = createSandbox({ people: 0, groups: 0 })
    for (let index = 0; index < 1200; index++) putPerson(sandbox, index, `Anna Zeta${index}`)
    for (let index = 2000; index < 3200; index++) putPerson(sandbox, index, `Anne Quux${index}`)
    putPerson(sandbox, 5000, 'Anneke Weber')
    const adele = await aSearcher({ sandbox, scopes: ['User.ReadBasic.All'] })
    clock.letRun()
    adele.sandbox.faults.set('graph.slow', { delayMs: 200 })
    const first = adele.search('an')
    await vi.waitUntil(() => adele.roundTrips === 1, { interval: 5 })
    const [, answer] = await Promise.all([first, adele.search('anneke we')])
    expect(names(answer)).toEqual(['Anneke Weber'])
    // `an`, then `anne` for all who wait, then the whole text.
    expect(adele.roundTrips).toBe(3)
  })

  test('gives the same results as Graph at every letter', async () => {
    const typing = await aSearcher({ sandbox: createSandbox(LARGE) })
    const answers = await typing.type('stephan')
    const asking = await aSearcher({
      sandbox: createSandbox(LARGE),
      settings: { LOOKUP_CACHE_SECONDS: '0' },
    })
    for (const answer of answers) {
      const direct = await asking.search(answer.query)
      expect(new Set(names(answer))).toEqual(new Set(names(direct)))
    }
  })
})

test('symbols before a name do not prevent its match', async () => {
  const adele = await aSearcher()
  const answers = await adele.type('++megan')
  expect(names(answers.at(-1) ?? (await adele.search('++megan')))).toEqual(['Megan Bowen'])
})

describe('the same query at the same time', () => {
  test('is sent to Graph once, even from two data centres', async () => {
    const adele = await aSearcher()
    const elsewhere = anEntrada({ share: adele.entrada })
    const tab = elsewhere.tabOf(adele.browser)
    clock.letRun()
    adele.sandbox.faults.set('graph.slow', { delayMs: 50 })
    const responses = await Promise.all([
      ...Array.from({ length: 5 }, () => adele.fetch('/people?q=megan')),
      ...Array.from({ length: 5 }, () => tab.fetch('/.entrada/people?q=megan')),
    ])
    for (const response of responses) {
      expect(names(await answerOf(response))).toEqual(['Megan Bowen'])
    }
    expect(adele.roundTrips).toBe(1)
  })

  test('is answered although the client that sent it first has left', async () => {
    const adele = await aSearcher()
    clock.letRun()
    adele.sandbox.faults.set('graph.slow', { delayMs: 50 })
    const leaving = new AbortController()
    const first = adele.fetch('/people?q=megan', { signal: leaving.signal })
    leaving.abort(new Error('typed on'))
    await expect(first).rejects.toThrow('typed on')
    expect(names(await adele.search('megan'))).toContain('Megan Bowen')
    expect(adele.roundTrips).toBe(1)
  })
})
