import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { createSandbox } from '../../sandbox/sandbox.ts'
import { bendBatches, collectionOf, refusal } from './batch-fixture.ts'
import { aSearcher, names } from './searcher-fixture.ts'

const OK = { people: 'ok', users: 'ok', groups: 'ok', local: 'off' }
const COLLECTIONS = { people: '/me/people', users: '/users', groups: '/groups' } as const
const PARTS = ['people', 'users', 'groups'] as const

/** What a part says when its request alone is refused. */
const REFUSALS = [
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

describe.each(PARTS)('%s', (part) => {
  test.each(REFUSALS)(
    'that meet %i %j alone say so, and take nobody with them',
    async (status, headers, expected) => {
      const adele = await aSearcher()
      bendBatches(adele, (asked) =>
        collectionOf(asked) === COLLECTIONS[part] ? refusal(asked, status, headers) : asked.answer,
      )
      const response = await adele.fetch('/people?q=me')
      const answer = await adele.search('me')
      // In a directory that asks for a pause nobody can be looked up either.
      const isPaused = part === 'users' && expected === 'throttled'
      const people = isPaused ? { people: 'throttled' } : {}
      expect(answer.status).toEqual({ ...OK, ...people, [part]: expected })
      expect(names(answer).includes('Megan Bowen')).toBe(!isPaused)
      const retryAfter = Number(response.headers.get('retry-after') ?? '0')
      expect(retryAfter > 0).toBe(expected === 'throttled')
      await response.body?.cancel()
    },
  )

  test('that are not mentioned in the answer have failed alone', async () => {
    const adele = await aSearcher()
    bendBatches(adele, (asked) => (collectionOf(asked) === COLLECTIONS[part] ? null : asked.answer))
    expect((await adele.search('me')).status).toEqual({ ...OK, [part]: 'failed' })
  })

  test.each([['text'], [null], [{ value: 'none' }], [[]]])(
    'that come as %j have failed alone',
    async (body) => {
      const adele = await aSearcher()
      bendBatches(adele, (asked) =>
        collectionOf(asked) === COLLECTIONS[part] ? { ...asked.answer, body } : asked.answer,
      )
      expect((await adele.search('me')).status).toEqual({ ...OK, [part]: 'failed' })
    },
  )

  test('among whom something nobody can read is found: the others are listed', async () => {
    const adele = await aSearcher()
    const strange = [
      ...[null, 7, 'text', {}, { id: 7 }, { id: '../me', displayName: 'Me' }],
      { id: 'AAMkAGmailbox', displayName: 'Mega Mailbox', userPrincipalName: 'mega@x.example' },
      { id: CAST.alex.id, displayName: null, userPrincipalName: null },
    ]
    bendBatches(adele, (asked) => {
      const { body } = asked.answer as { body?: { value?: unknown[] } }
      return { ...asked.answer, body: { ...body, value: [...strange, ...(body?.value ?? [])] } }
    })
    const answer = await adele.search('me')
    expect(answer.status).toEqual(OK)
    expect(names(answer)).toContain('Megan Bowen')
    expect(names(answer)).not.toContain('Mega Mailbox')
  })
})

test('where nobody can be looked up, a directory’s id and the right kind of person must do', async () => {
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
  bendBatches(adele, ({ answer }) => ({ ...answer, body: { value } }))
  const answer = await adele.search('megan')
  expect(names(answer)).toEqual(['Megan OrganizationUser'])
  expect(answer.status).toEqual({ ...OK, users: 'consent_needed', groups: 'consent_needed' })
})

describe('a $search that Graph does not take', () => {
  test.each(['users', 'groups'] as const)('of %s is asked anew by startswith', async (part) => {
    const adele = await aSearcher()
    const batches = bendBatches(adele, (asked) =>
      asked.url.startsWith(`/${part}?$search`) ? refusal(asked, 400) : asked.answer,
    )
    const answer = await adele.search(part === 'users' ? 'megan' : 'project')
    expect(answer.status).toEqual(OK)
    expect(names(answer)).toContain(part === 'users' ? 'Megan Bowen' : 'Project Phoenix')
    expect(batches.map((batch) => batch.length)).toEqual([3, 1])
    expect(batches[1]?.[0]?.url).toMatch(new RegExp(`^/${part}\\?\\$filter=startswith`))
  })

  test('nor that, is a failure of the part', async () => {
    const adele = await aSearcher()
    bendBatches(adele, (asked) =>
      collectionOf(asked) === '/users' ? refusal(asked, 400) : asked.answer,
    )
    expect((await adele.search('zz')).status).toEqual({ ...OK, users: 'failed' })
  })
})

describe('a second round trip that fails', () => {
  /** A slip of the finger: Graph guesses at somebody, who then has to be looked up. */
  const TYPO = 'megna'

  test.each([
    ['never arrives', () => Promise.reject(new Error('Network connection lost.')), 'failed'],
    ['meets 503', () => new Response(null, { status: 503 }), 'failed'],
    [
      'is throttled',
      () => new Response(null, { status: 429, headers: { 'retry-after': '20' } }),
      'throttled',
    ],
    ['is answered with a page', () => new Response('<h1>Bad gateway</h1>'), 'failed'],
  ] as const)('because it %s costs the first one nothing', async (_what, fail, status) => {
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
  })
})

describe('a search', () => {
  test('costs three resource units, and no page is followed', async () => {
    const adele = await aSearcher({ sandbox: createSandbox({ people: 3000, groups: 100 }) })
    const batches = bendBatches(adele, ({ answer }) => answer)
    await adele.search('ma')
    const units = batches.flat().map(({ answer }) => Number(answer.headers?.['x-ms-resource-unit']))
    expect(units).toEqual([1, 1, 1])
    expect(adele.roundTrips).toBe(1)
  })

  test('fits a batch, however many people Graph knows by their mailboxes', async () => {
    const adele = await aSearcher()
    const known = (name: string) =>
      Array.from({ length: 250 }, (_, index) => ({
        id: `AAMkAG${name}${index}`,
        displayName: `Megan ${name}${index}`,
        userPrincipalName: `megan.${name}${index}@contoso.example`,
        personType: { class: 'Person', subclass: 'OrganizationUser' },
      }))
    const batches = bendBatches(adele, (asked) => {
      const { body } = asked.answer as { body?: object }
      if (collectionOf(asked) === '/users') {
        return { ...asked.answer, body: { ...body, '@odata.nextLink': 'https://x.example/' } }
      }
      if (collectionOf(asked) !== '/me/people') return asked.answer
      const value = known(asked.url.includes('$search') ? 'Found' : 'Acquainted')
      return { ...asked.answer, body: { value } }
    })
    for (const q of ['meg', 'mega', 'megan']) expect((await adele.search(q)).status).toEqual(OK)
    expect(batches).toHaveLength(3)
    for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(20)
  })
})
