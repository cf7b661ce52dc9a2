import { describe, expect, test } from 'vitest'
import { clock } from '../../support/clock.ts'
import { anEntrada } from '../../support/entrada.ts'
import { answerOf, aSearcher, names, OK, TOKEN_LIFE_SECONDS } from './searcher-fixture.ts'

describe('an outage', () => {
  test('of relevant people leaves users and groups searchable', async () => {
    const adele = await aSearcher()
    adele.sandbox.faults.set('graph.people_outage')
    const answer = await adele.search('megan')
    expect(answer.status).toEqual({ ...OK, people: 'failed' })
    expect(names(answer)).toContain('Megan Bowen')
  })

  test('of Graph has a status of its own, not “nobody found”', async () => {
    const adele = await aSearcher()
    adele.sandbox.faults.set('graph.outage')
    const answer = await adele.search('megan')
    expect(answer.results).toEqual([])
    expect(answer.status).toEqual({ ...OK, people: 'failed', users: 'failed', groups: 'failed' })
  })

  test('has no effect seconds after its end', async () => {
    const adele = await aSearcher()
    adele.sandbox.faults.set('graph.outage')
    await adele.search('megan')
    adele.sandbox.faults.clear()
    await adele.pause(4)
    expect(names(await adele.search('megan'))).toContain('Megan Bowen')
  })

  test('of Graph pauses requests after a few failures', async () => {
    const adele = await aSearcher({ settings: { LOOKUP_CACHE_SECONDS: '0' } })
    adele.sandbox.faults.set('graph.outage')
    for (let attempt = 0; attempt < 20; attempt++) await adele.search(`megan ${attempt}`)
    expect(adele.roundTrips).toBeLessThan(6)
    adele.sandbox.faults.clear()
    await adele.pause(5)
    expect(names(await adele.search('megan'))).toContain('Megan Bowen')
  })

  test('of the network pauses requests as well', async () => {
    const adele = await aSearcher({ settings: { LOOKUP_CACHE_SECONDS: '0' } })
    let attempts = 0
    adele.entrada.internet.answer(adele.sandbox.hosts.graph, () => {
      attempts += 1
      throw new Error('Network connection lost.')
    })
    for (let attempt = 0; attempt < 20; attempt++) await adele.search(`megan ${attempt}`)
    expect(attempts).toBeLessThan(6)
  })

  test('in which Graph never responds ends after a few seconds', async () => {
    const adele = await aSearcher()
    const waits: number[] = []
    adele.entrada.internet.answer(adele.sandbox.hosts.graph, ({ signal }) => {
      const since = clock.now()
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          waits.push(clock.now() - since)
          reject(new Error('the caller has left'))
        })
      })
    })
    const answer = await clock.runOut(adele.search('megan'))
    expect(answer.status).toMatchObject({ people: 'failed', users: 'failed', groups: 'failed' })
    expect(waits).toHaveLength(1)
    expect(waits[0]).toBeLessThan(15_000)
  })

  test('of the sign-in service fails the search and keeps the session', async () => {
    const adele = await aSearcher()
    await clock.advance(TOKEN_LIFE_SECONDS)
    adele.sandbox.faults.set('entra.outage')
    const answer = await adele.search('megan')
    expect(answer.status).toMatchObject({ people: 'failed', users: 'failed', groups: 'failed' })
    adele.sandbox.faults.clear()
    await adele.pause(30)
    expect((await adele.search('megan')).status).toEqual(OK)
  })
})

describe('being throttled [requirement 87]', () => {
  test('is reported with the time to wait, and no request is sent before', async () => {
    const adele = await aSearcher()
    adele.sandbox.faults.set('graph.throttled', { retryAfterSeconds: 20 })
    const response = await adele.fetch('/people?q=megan')
    const answer = await answerOf(response)
    expect(answer.status).toMatchObject({
      people: 'throttled',
      users: 'throttled',
      groups: 'throttled',
    })
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(20)
    expect(adele.roundTrips).toBe(1)
    for (const text of ['megan', 'meg', 'adele', 'alex']) {
      expect((await adele.search(text)).status).toMatchObject({ users: 'throttled' })
    }
    // Another isolate reads it from the user's cache.
    const elsewhere = anEntrada({ share: adele.entrada })
    const tab = elsewhere.tabOf(adele.browser)
    await (await tab.fetch('/.entrada/people?q=diego')).body?.cancel()
    expect(adele.roundTrips).toBe(1)
    adele.sandbox.faults.clear()
    await adele.pause(27)
    expect((await adele.search('megan')).status).toEqual(OK)
  })

  test.each([
    [10.5, 11, 15],
    [999_999_999, 3600, 3600 * 1.3],
  ])(
    'for %d seconds pauses requests for %d to %d seconds',
    async (retryAfterSeconds, least, most) => {
      const adele = await aSearcher()
      adele.sandbox.faults.set('graph.throttled', { retryAfterSeconds })
      const pause = Number((await adele.fetch('/people?q=megan')).headers.get('retry-after'))
      expect(pause).toBeGreaterThanOrEqual(least)
      expect(pause).toBeLessThanOrEqual(most)
    },
  )

  test('pauses requests of the whole organisation, as Graph counts them', async () => {
    const adele = await aSearcher()
    const alex = await aSearcher({ who: 'alex', entrada: adele.entrada })
    adele.sandbox.faults.set('graph.throttled', { retryAfterSeconds: 20 })
    await adele.search('megan')
    const before = alex.roundTrips
    const response = await alex.fetch('/people?q=diego')
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(20)
    expect((await answerOf(response)).status).toMatchObject({ users: 'throttled' })
    expect(alex.roundTrips).toBe(before)
  })

  test('of one source leaves the others searchable', async () => {
    const adele = await aSearcher()
    adele.sandbox.faults.set('graph.throttled', { times: 1, retryAfterSeconds: 20 })
    const { status } = await adele.search('megan')
    expect(Object.values(status).toSorted()).toEqual(['off', 'ok', 'ok', 'throttled'])
  })

  test('is less likely for searches, which Graph receives with high priority', async () => {
    const adele = await aSearcher()
    await adele.search('megan')
    const [batch] = adele.sandbox.journal.to('graph', '/v1.0/$batch')
    expect(batch?.headers.get('x-ms-throttle-priority')).toBe('high')
  })
})
