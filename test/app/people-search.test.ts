import { describe, expect, test } from 'vitest'
import { CAST } from '../sandbox/directory/cast.ts'
import { aSearcher } from './people-searcher.ts'

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
