import { describe, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { createSandbox } from '../sandbox/sandbox.ts'
import { clock } from '../support/clock.ts'
import { anEntrada } from '../support/entrada.ts'
import { ALL_SCOPES, answerOf, aSearcher, names, problemOf } from './people-searcher.ts'

const OK = { people: 'ok', users: 'ok', groups: 'ok', local: 'off' }
const TOKEN_LIFE_SECONDS = 2 * 3600

describe('what could not be asked for want of consent', () => {
  test.each([
    ['relevant people', 'People.Read', 'people'],
    ['users', 'User.ReadBasic.All', 'users'],
    ['groups', 'GroupMember.Read.All', 'groups'],
  ])('is said of %s, and the others are found', async (_what, missing, part) => {
    const scopes = ALL_SCOPES.filter((scope) => scope !== missing)
    const megan = await aSearcher({ who: 'megan', scopes })
    const answer = await megan.search('ad')
    expect(answer.status).toEqual({ ...OK, [part]: 'consent_needed' })
    expect(megan.partsOfLastBatch()).toEqual(
      ['people', 'users', 'groups'].filter((name) => name !== part),
    )
  })

  test('is all of it before anything was consented to, and Graph is left alone', async () => {
    const adele = await aSearcher({ scopes: [] })
    const answer = await adele.search('megan')
    expect(answer).toMatchObject({
      results: [],
      count: 0,
      status: {
        people: 'consent_needed',
        users: 'consent_needed',
        groups: 'consent_needed',
        local: 'off',
      },
    })
    expect(adele.roundTrips).toBe(0)
  })

  test('is asked as soon as it is given', async () => {
    const adele = await aSearcher({ scopes: [] })
    await adele.search('megan')
    await adele.browser.open('/.entrada/consent?feature=people')
    if (adele.browser.page.url.origin !== adele.entrada.origin) {
      await adele.browser.submit({ button: ['decision', 'accept'] })
    }
    const answer = await adele.search('megan')
    expect(answer.status).toEqual({ ...OK, groups: 'consent_needed' })
    expect(names(answer)).toContain('Megan Bowen')
  })

  test('is no question where the operator never asks for it', async () => {
    const settings = { OPENID_GRAPH_SCOPES: 'People.Read,User.ReadBasic.All' }
    const adele = await aSearcher({ settings, scopes: ['People.Read', 'User.ReadBasic.All'] })
    expect((await adele.search('megan')).status).toEqual({ ...OK, groups: 'off' })
  })
})

describe('an outage', () => {
  test('of relevant people leaves users and groups', async () => {
    const adele = await aSearcher()
    adele.sandbox.faults.set('graph.people_outage')
    const answer = await adele.search('megan')
    expect(answer.status).toEqual({ ...OK, people: 'failed' })
    expect(names(answer)).toContain('Megan Bowen')
  })

  test('of Graph is not “nobody by that name”', async () => {
    const adele = await aSearcher()
    adele.sandbox.faults.set('graph.outage')
    const answer = await adele.search('megan')
    expect(answer.results).toEqual([])
    expect(answer.status).toEqual({ ...OK, people: 'failed', users: 'failed', groups: 'failed' })
  })

  test('is over as soon as it is over', async () => {
    const adele = await aSearcher()
    adele.sandbox.faults.set('graph.outage')
    await adele.search('megan')
    adele.sandbox.faults.clear()
    await adele.pause(4)
    expect(names(await adele.search('megan'))).toContain('Megan Bowen')
  })

  test('of Graph is asked about ever less: after a few failures it is left alone for a while', async () => {
    const adele = await aSearcher({ settings: { LOOKUP_CACHE_SECONDS: '0' } })
    adele.sandbox.faults.set('graph.outage')
    for (let attempt = 0; attempt < 20; attempt++) await adele.search(`megan ${attempt}`)
    expect(adele.roundTrips).toBeLessThan(6)
    adele.sandbox.faults.clear()
    await adele.pause(5)
    expect(names(await adele.search('megan'))).toContain('Megan Bowen')
  })

  test('of the way there counts like one of Graph', async () => {
    const adele = await aSearcher({ settings: { LOOKUP_CACHE_SECONDS: '0' } })
    let attempts = 0
    adele.entrada.internet.answer(adele.sandbox.hosts.graph, () => {
      attempts += 1
      throw new Error('Network connection lost.')
    })
    for (let attempt = 0; attempt < 20; attempt++) await adele.search(`megan ${attempt}`)
    expect(attempts).toBeLessThan(6)
  })

  test('of a Graph that never answers ends the wait after seconds', async () => {
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

  test('of the sign-in service costs the search, not the session', async () => {
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

describe('being throttled [bar 87]', () => {
  test('is said, with the time to wait, and nobody asks again before', async () => {
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
    // Another isolate knows it from the user's own memory.
    const elsewhere = anEntrada({ share: adele.entrada })
    const tab = elsewhere.tabOf(adele.browser)
    await (await tab.fetch('/.entrada/people?q=diego')).body?.cancel()
    expect(adele.roundTrips).toBe(1)
    adele.sandbox.faults.clear()
    await adele.pause(27)
    expect((await adele.search('megan')).status).toEqual(OK)
  })

  test('of one user is spared to the next: it is the organisation that has to wait', async () => {
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

  test('in one part leaves the others alone', async () => {
    const adele = await aSearcher()
    adele.sandbox.faults.set('graph.throttled', { times: 1, retryAfterSeconds: 20 })
    const { status } = await adele.search('megan')
    expect(Object.values(status).toSorted()).toEqual(['off', 'ok', 'ok', 'throttled'])
  })

  test('is spared to whoever is not throttled: urgent calls say so', async () => {
    const adele = await aSearcher()
    await adele.search('megan')
    const [batch] = adele.sandbox.journal.to('graph', '/v1.0/$batch')
    expect(batch?.headers.get('x-ms-throttle-priority')).toBe('high')
  })
})

describe('a token', () => {
  test('that Graph refuses is renewed once, and the search goes on', async () => {
    const adele = await aSearcher()
    adele.sandbox.faults.set('graph.token_rejected', { times: 1 })
    expect((await adele.search('megan')).status).toEqual(OK)
    expect(adele.roundTrips).toBe(2)
  })

  test('that Graph goes on refusing fails the parts, after one renewal', async () => {
    const adele = await aSearcher()
    const before = adele.sandbox.journal.redemptions('refresh_token').length
    adele.sandbox.faults.set('graph.token_rejected')
    const answer = await adele.search('megan')
    expect(answer.status).toMatchObject({ people: 'failed', users: 'failed', groups: 'failed' })
    expect(adele.roundTrips).toBe(2)
    expect(adele.sandbox.journal.redemptions('refresh_token').length - before).toBeLessThan(3)
  })

  test('that has expired is renewed without anyone noticing', async () => {
    const adele = await aSearcher()
    await adele.search('megan')
    await clock.advance(TOKEN_LIFE_SECONDS)
    expect((await adele.search('alex')).status).toEqual(OK)
  })

  test('that cannot be renewed any more is a matter of signing in', async () => {
    const adele = await aSearcher()
    await clock.advance(TOKEN_LIFE_SECONDS)
    adele.sandbox.faults.set('entra.session_revoked')
    const response = await adele.fetch('/people?q=megan')
    expect(response.status).toBe(401)
    expect(await problemOf(response)).toMatchObject({
      code: 'session_required',
      loginUrl: 'https://chat.contoso.example/.entrada/login?return_to=%2F',
    })
  })

  test('that is no longer good enough for Graph leads to a stronger sign-in', async () => {
    const adele = await aSearcher()
    adele.sandbox.faults.set('graph.claims_challenge')
    adele.sandbox.faults.set('entra.conditional_access')
    const response = await adele.fetch('/people?q=megan')
    expect(response.status).toBe(401)
    expect(await problemOf(response)).toMatchObject({ code: 'interaction_required' })
  })
})

describe('a token that Entra does not renew', () => {
  test.each([
    [65001, 'invalid_grant', 200, 'consent_needed'],
    [90094, 'invalid_grant', 200, 'consent_needed'],
    [700016, 'unauthorized_client', 200, 'failed'],
    [500011, 'invalid_resource', 200, 'failed'],
    [50076, 'interaction_required', 401, 'interaction_required'],
    [500212, 'invalid_grant', 403, 'blocked_by_policy'],
  ] as const)('for AADSTS%i (%s) is answered %i, %s', async (number, error, status, said) => {
    const adele = await aSearcher()
    await clock.advance(TOKEN_LIFE_SECONDS)
    const { handlers, hosts } = adele.sandbox
    adele.entrada.internet.answer(hosts.login, (request) => {
      if (!new URL(request.url).pathname.endsWith('/token')) return handlers.login(request)
      const words = { error, error_description: `AADSTS${number}: raw`, error_codes: [number] }
      return Response.json(words, { status: 400 })
    })
    const response = await adele.fetch('/people?q=megan')
    expect(response.status).toBe(status)
    if (status !== 200) return expect(await problemOf(response)).toMatchObject({ code: said })
    const expected = { people: said, users: said, groups: said, local: 'off' }
    expect(await answerOf(response)).toMatchObject({ results: [], status: expected })
    expect(adele.roundTrips).toBe(0)
  })
})

describe('not for everyone:', () => {
  test('a guest may leaf through nothing, and no error comes of it', async () => {
    const gustav = await aSearcher({ who: 'gustav' })
    const answer = await gustav.search('megan')
    expect(answer).toMatchObject({
      results: [],
      status: { people: 'off', users: 'off', groups: 'off' },
    })
    // It is remembered: a guest who types costs no more than the first try.
    await gustav.type('alex wil')
    expect(gustav.roundTrips).toBe(1)
  })

  test('someone without a mailbox has no relevant people', async () => {
    const unal = await aSearcher({ who: 'unal' })
    const answer = await unal.search('megan')
    expect(answer.status).toEqual({ ...OK, people: 'off' })
    expect(names(answer)).toContain('Megan Bowen')
  })

  test('a Graph without relevant people, as 21Vianet’s, finds users and groups', async () => {
    const adele = await aSearcher()
    adele.sandbox.faults.set('graph.people_missing')
    const answer = await adele.search('megan')
    expect(answer.status).toEqual({ ...OK, people: 'off' })
    expect(names(answer)).toContain('Megan Bowen')
  })

  test('switched off, it asks nobody', async () => {
    const adele = await aSearcher({ settings: { USE_ENTRA_ID_FOR_PEOPLE_SEARCH: 'false' } })
    expect((await adele.search('megan')).status).toMatchObject({
      people: 'off',
      users: 'off',
      groups: 'off',
    })
    expect(adele.roundTrips).toBe(0)
  })
})

describe('the question', () => {
  test.each([
    ['is missing', '/people'],
    ['is one letter', '/people?q=a'],
    ['is one letter among spaces', '/people?q=%20a%20'],
    ['is invisible', '/people?q=%E2%80%AE%E2%80%AE%E2%80%AE'],
    ['is longer than a hundred characters', `/people?q=${'a'.repeat(101)}`],
    ['has a limit in words', '/people?q=megan&limit=many'],
    ['has half a limit', '/people?q=megan&limit=1.5'],
  ])('that %s is refused, and Graph is left alone', async (_what, path) => {
    const adele = await aSearcher()
    const response = await adele.fetch(path)
    expect(response.status).toBe(400)
    expect(await problemOf(response)).toMatchObject({ code: 'invalid_request' })
    expect(adele.roundTrips).toBe(0)
  })

  test.each([
    ['%20megan%0A', 'megan', 20],
    [`${'a'.repeat(100)}&limit=`, 'a'.repeat(100), 20],
    ['ab&limit=1', 'ab', 1],
  ])(
    'as “%s” is taken without what is around it, for twenty by default',
    async (q, query, limit) => {
      const adele = await aSearcher()
      const response = await adele.fetch(`/people?q=${q}`)
      expect(await answerOf(response)).toMatchObject({ query, limit, types: ['user', 'group'] })
    },
  )

  test('needs a session [bar 87]', async () => {
    const response = await anEntrada().fetch('/.entrada/people?q=megan')
    expect(response.status).toBe(401)
    await response.body?.cancel()
  })

  test.each([
    ['user', ['people', 'users'], { ...OK, groups: 'off' }],
    ['group', ['groups'], { ...OK, people: 'off', users: 'off' }],
    ['user,group', ['people', 'users', 'groups'], OK],
    ['group,role,robot', ['groups'], { ...OK, people: 'off', users: 'off' }],
  ])('for %s asks for that alone', async (types, parts, status) => {
    const adele = await aSearcher()
    expect((await adele.search('pr', { types })).status).toEqual(status)
    expect(adele.partsOfLastBatch()).toEqual(parts)
  })

  test('for roles is not taken for a question about everything', async () => {
    const adele = await aSearcher()
    const answer = await adele.search('project', { types: 'role' })
    expect(answer).toMatchObject({ types: [], results: [] })
    expect(adele.roundTrips).toBe(0)
  })

  test.each([
    ['0', 1],
    ['-3', 1],
    ['7', 7],
    ['50', 50],
    ['999', 50],
  ])('with limit=%s gets at most %i', async (limit, most) => {
    const adele = await aSearcher()
    const answer = await adele.search('ma', { limit })
    expect(answer.limit).toBe(most)
    expect(answer.results.length).toBeLessThanOrEqual(most)
  })
})

describe('only what the token allows', () => {
  test('is asked for, and shown', async () => {
    const adele = await aSearcher({ scopes: ['User.ReadBasic.All'] })
    const [megan] = (await adele.search('megan')).results
    expect(megan).not.toHaveProperty('description')
    const alex = await aSearcher({
      who: 'alex',
      sandbox: createSandbox(),
      scopes: ['User.Read.All'],
    })
    const [known] = (await alex.search('megan')).results
    expect(known).toMatchObject({ name: 'Megan Bowen', description: 'Marketing Manager' })
    expect(await alex.search('diego')).toMatchObject({ results: [] })
  })

  test('leaves nobody out whose account’s state it does not show', async () => {
    const adele = await aSearcher()
    const [diego] = (await adele.search('diego')).results
    expect(diego?.idOnTheSource).toBe(CAST.diego.id)
  })
})
