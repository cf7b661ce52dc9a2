import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { createSandbox } from '../../sandbox/sandbox.ts'
import { collectionOf, errorAnswer, replaceInBatches } from './batch-fixture.ts'
import { aSearcher, names } from './searcher-fixture.ts'

const OK = { people: 'ok', users: 'ok', groups: 'ok', local: 'off' }
const COLLECTIONS = { people: '/me/people', users: '/users', groups: '/groups' } as const
const SOURCES = ['people', 'users', 'groups'] as const

/** The status of a source when Graph refuses its request alone. */
const ERRORS = [
  [401, {}, 'failed'],
  [403, {}, 'off'],
  [404, {}, 'off'],
  [429, { 'Retry-After': '20' }, 'throttled'],
  [429, {}, 'throttled'],
  [500, {}, 'failed'],
  [502, {}, 'failed'],
  [503, { 'Retry-After': '20' }, 'throttled'],
  [503, {}, 'failed'],
  [504, {}, 'failed'],
  [509, {}, 'failed'],
] as const

describe.each(SOURCES)('%s', (source) => {
  test.each(ERRORS)(
    'that Graph answers with %i %j have a status of their own, and the other sources are searched',
    async (status, headers, expected) => {
      const adele = await aSearcher()
      replaceInBatches(adele, (item) =>
        collectionOf(item) === COLLECTIONS[source]
          ? errorAnswer(item, status, headers)
          : item.answer,
      )
      const response = await adele.fetch('/people?q=me')
      const answer = await adele.search('me')
      // Verification asks the directory too, so people cannot be verified during its pause.
      const isPaused = source === 'users' && expected === 'throttled'
      const people = isPaused ? { people: 'throttled' } : {}
      expect(answer.status).toEqual({ ...OK, ...people, [source]: expected })
      expect(names(answer).includes('Megan Bowen')).toBe(!isPaused)
      const retryAfter = Number(response.headers.get('retry-after') ?? '0')
      expect(retryAfter > 0).toBe(expected === 'throttled')
      await response.body?.cancel()
    },
  )

  test('that are missing in the batch answer fail alone', async () => {
    const adele = await aSearcher()
    replaceInBatches(adele, (item) =>
      collectionOf(item) === COLLECTIONS[source] ? null : item.answer,
    )
    expect((await adele.search('me')).status).toEqual({ ...OK, [source]: 'failed' })
  })

  test.each([['text'], [null], [{ value: 'none' }], [[]]])(
    'that Graph answers with the body %j fail alone',
    async (body) => {
      const adele = await aSearcher()
      replaceInBatches(adele, (item) =>
        collectionOf(item) === COLLECTIONS[source] ? { ...item.answer, body } : item.answer,
      )
      expect((await adele.search('me')).status).toEqual({ ...OK, [source]: 'failed' })
    },
  )

  test('with items of an unknown shape list the other items', async () => {
    const adele = await aSearcher()
    const strange = [
      ...[null, 7, 'text', {}, { id: 7 }, { id: '../me', displayName: 'Me' }],
      { id: 'AAMkAGmailbox', displayName: 'Mega Mailbox', userPrincipalName: 'mega@x.example' },
      { id: CAST.alex.id, displayName: null, userPrincipalName: null },
    ]
    replaceInBatches(adele, (item) => {
      const { body } = item.answer as { body?: { value?: unknown[] } }
      return { ...item.answer, body: { ...body, value: [...strange, ...(body?.value ?? [])] } }
    })
    const answer = await adele.search('me')
    expect(answer.status).toEqual(OK)
    expect(names(answer)).toContain('Megan Bowen')
    expect(names(answer)).not.toContain('Mega Mailbox')
  })
})

test('without permission to verify relevant people, those with an object id and the right type are shown', async () => {
  const adele = await aSearcher({ scopes: ['People.Read'] })
  const person = (index: number, subclass: string, id?: string) => ({
    id: id ?? `2a1b6f0e-2f6c-4f6e-8a77-${String(index).padStart(12, '0')}`,
    displayName: `Megan ${subclass}${id === undefined ? '' : ' by mailbox'}`,
    userPrincipalName: `megan${index}@contoso.example`,
    personType: { class: subclass === 'UnifiedGroup' ? 'Group' : 'Person', subclass },
  })
  const kinds = ['OrganizationUser', 'PersonalContact', 'UnifiedGroup', 'Room', 'OtherDistribution']
  const value = [
    person(100, 'OrganizationUser', 'AAMkAGmailbox'),
    ...kinds.map((kind, index) => person(index, kind)),
  ]
  replaceInBatches(adele, ({ answer }) => ({ ...answer, body: { value } }))
  const answer = await adele.search('megan')
  expect(names(answer)).toEqual(['Megan OrganizationUser'])
  expect(answer.status).toEqual({ ...OK, users: 'consent_needed', groups: 'consent_needed' })
})

describe('a $search that Graph rejects', () => {
  test.each(['users', 'groups'] as const)('is replaced by startswith for %s', async (list) => {
    const adele = await aSearcher()
    const batches = replaceInBatches(adele, (item) =>
      item.url.startsWith(`/${list}?$search`) ? errorAnswer(item, 400) : item.answer,
    )
    const answer = await adele.search(list === 'users' ? 'megan' : 'project')
    expect(answer.status).toEqual(OK)
    expect(names(answer)).toContain(list === 'users' ? 'Megan Bowen' : 'Project Phoenix')
    expect(batches.map((batch) => batch.length)).toEqual([3, 1])
    expect(batches[1]?.[0]?.url).toMatch(new RegExp(`^/${list}\\?\\$filter=startswith`))
  })

  test('fails the source when Graph rejects startswith too', async () => {
    const adele = await aSearcher()
    replaceInBatches(adele, (item) =>
      collectionOf(item) === '/users' ? errorAnswer(item, 400) : item.answer,
    )
    expect((await adele.search('zz')).status).toEqual({ ...OK, users: 'failed' })
  })
})

describe('a second round trip', () => {
  /** A typing error: Graph guesses at a person, who must then be verified. */
  const TYPO = 'megna'

  test.each([
    ['never arrives', () => Promise.reject(new Error('Network connection lost.')), 'failed'],
    ['meets 503', () => new Response(null, { status: 503 }), 'failed'],
    [
      'is throttled',
      () => new Response(null, { status: 429, headers: { 'retry-after': '20' } }),
      'throttled',
    ],
    ['gets a page instead of JSON', () => new Response('<h1>Bad gateway</h1>'), 'failed'],
  ] as const)(
    'that %s makes people “failed” or “throttled” and keeps the results of the first',
    async (_what, fail, status) => {
      const adele = await aSearcher()
      expect(names(await adele.search(TYPO))).toEqual(['Megan Bowen'])
      expect(adele.roundTrips).toBe(2)
      await adele.pause(4 * 3600)
      const { hosts } = adele.sandbox
      let trips = 0
      adele.entrada.internet.answer(hosts.graph, (request) => {
        trips += 1
        return trips > 1 ? fail() : adele.sandbox.fetch(request)
      })
      const answer = await adele.search(TYPO)
      expect(answer).toMatchObject({ results: [], status: { ...OK, people: status } })
      expect(trips).toBe(2)
    },
  )
})

describe('a search', () => {
  test('costs three resource units and reads no further page', async () => {
    const adele = await aSearcher({ sandbox: createSandbox({ people: 3000, groups: 100 }) })
    const batches = replaceInBatches(adele, ({ answer }) => answer)
    await adele.search('ma')
    const units = batches.flat().map(({ answer }) => Number(answer.headers?.['x-ms-resource-unit']))
    expect(units).toEqual([1, 1, 1])
    expect(adele.roundTrips).toBe(1)
  })

  test('fits into one batch even when Graph gives mailbox ids for 250 people', async () => {
    const adele = await aSearcher()
    const relevant = (name: string) =>
      Array.from({ length: 250 }, (_, index) => ({
        id: `AAMkAG${name}${index}`,
        displayName: `Megan ${name}${index}`,
        userPrincipalName: `megan.${name}${index}@contoso.example`,
        personType: { class: 'Person', subclass: 'OrganizationUser' },
      }))
    const batches = replaceInBatches(adele, (item) => {
      const { body } = item.answer as { body?: object }
      if (collectionOf(item) === '/users') {
        return { ...item.answer, body: { ...body, '@odata.nextLink': 'https://x.example/' } }
      }
      if (collectionOf(item) !== '/me/people') return item.answer
      const value = relevant(item.url.includes('$search') ? 'Found' : 'Frequent')
      return { ...item.answer, body: { value } }
    })
    for (const q of ['meg', 'mega', 'megan']) expect((await adele.search(q)).status).toEqual(OK)
    expect(batches).toHaveLength(3)
    for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(20)
  })
})
