import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { answerOf, aSearcher } from './searcher-fixture.ts'
import { problemOf } from '../../support/scene.ts'

describe('the answer', () => {
  test('has LibreChat’s shape, and says what became of each part', async () => {
    const adele = await aSearcher()
    const answer = await adele.search('megan')
    expect(answer).toMatchObject({
      query: 'megan',
      limit: 20,
      types: ['user', 'group'],
      count: answer.results.length,
      sources: { local: 0, entra: answer.results.length },
      status: { people: 'ok', users: 'ok', groups: 'ok', local: 'off' },
    })
    expect(answer.results[0]).toMatchObject({
      id: null,
      type: 'user',
      name: 'Megan Bowen',
      email: 'megan.bowen@contoso.example',
      username: 'megan.bowen@contoso.example',
      source: 'entra',
      idOnTheSource: CAST.megan.id,
    })
  })
})

describe('whatever is typed [requirement 87]', () => {
  test('is a search and nothing else: Graph takes every query, and is asked for three collections', async () => {
    const settings = { RATE_LIMITS: '{"search":{"perMinute":100000}}' }
    const adele = await aSearcher({ settings })
    const nasty = [
      ...[
        'me"gan',
        "me'gan",
        'me\\gan',
        'me&gan',
        'me%gan',
        'me#gan',
        'me+gan',
        'me(gan',
        'me:gan',
      ],
      ...[
        '" OR "mail:a',
        "' or accountEnabled eq false or startswith(mail,'",
        '$top=999&$search=x',
      ],
      ...['../../me/messages', '/users?$select=passwordProfile', 'a\r\nx-evil: 1', '\u202emegan'],
      ...[
        'R&D "Front" Desk\\',
        '100% (Support): #1+2',
        '😀😀',
        '٪٪',
        'ab\ud800c',
        '﷽﷽',
        '½½',
        '⒜⒝',
      ],
    ]
    const random = fc.sample(fc.string({ unit: 'binary', minLength: 2, maxLength: 12 }), {
      numRuns: 60,
      seed: 7,
    })
    for (const q of [...nasty, ...random]) {
      const response = await adele.fetch(`/people?${new URLSearchParams({ q })}`)
      if (response.status === 400) {
        expect(await problemOf(response)).toMatchObject({ code: 'invalid_request' })
        continue
      }
      const { status } = await answerOf(response)
      expect(status, q).toEqual({ people: 'ok', users: 'ok', groups: 'ok', local: 'off' })
      for (const part of adele.partsOfLastBatch()) {
        expect(['people', 'users', 'groups', 'directoryObjects/getByIds']).toContain(part)
      }
    }
    const paths = new Set(adele.sandbox.journal.to('graph').map(({ url }) => url.pathname))
    expect([...paths]).toEqual(['/v1.0/$batch'])
  }, 30_000)
})
