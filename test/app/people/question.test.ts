import { describe, expect, test } from 'vitest'
import { anEntrada } from '../../support/entrada.ts'
import { answerOf, aSearcher, OK } from './searcher-fixture.ts'
import { problemOf } from '../../support/scene.ts'

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

  test('needs a session [requirement 87]', async () => {
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
