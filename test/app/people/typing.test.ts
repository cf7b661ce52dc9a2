import { describe, expect, test, vi } from 'vitest'
import { createSandbox } from '../../sandbox/sandbox.ts'
import { clock } from '../../support/clock.ts'
import { anEntrada } from '../../support/entrada.ts'
import { answerOf, aSearcher, names } from './searcher-fixture.ts'

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
  ])('of “%s” costs at most two round trips to Graph, and a repeat none', async (text) => {
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

  test('faster than Graph answers costs no more', async () => {
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

  test('in whichever order its letters go on costs no more', async () => {
    // So many are called Brown that nine letters are what it takes to tell one of them.
    const adele = await aSearcher({ sandbox: createSandbox({ people: 60_000, groups: 0 }) })
    clock.letRun()
    adele.sandbox.faults.set('graph.slow', { delayMs: 100 })
    const first = adele.search('br')
    await vi.waitUntil(() => adele.roundTrips === 1, { timeout: 15_000 })
    const later = ['brown ama', 'brown am', 'brown a', 'brown', 'bro'].map((q) => adele.search(q))
    await Promise.all([first, ...later])
    expect(adele.roundTrips).toBe(2)
  })

  test('gives at every letter what asking Graph for it would give', async () => {
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

test('symbols that nobody is called by do not keep whoever follows them from being found', async () => {
  const adele = await aSearcher()
  const answers = await adele.type('++megan')
  expect(names(answers.at(-1) ?? (await adele.search('++megan')))).toEqual(['Megan Bowen'])
})

describe('the same question at the same time', () => {
  test('is put to Graph once, also from two data centres', async () => {
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

  test('is not lost with the one who asked first and left', async () => {
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
