import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { createSandbox } from '../../sandbox/sandbox.ts'
import { ALL_SCOPES, aSearcher, names, OK } from './searcher-fixture.ts'

/* Which sources a user may search: by consent, account and settings. */

describe('a search without every consent', () => {
  test.each([
    ['relevant people', 'People.Read', 'people'],
    ['users', 'User.ReadBasic.All', 'users'],
    ['groups', 'GroupMember.Read.All', 'groups'],
  ])(
    'says that %s need consent, and searches the other sources',
    async (_what, missing, source) => {
      const scopes = ALL_SCOPES.filter((scope) => scope !== missing)
      const megan = await aSearcher({ who: 'megan', scopes })
      const answer = await megan.search('ad')
      expect(answer.status).toEqual({ ...OK, [source]: 'consent_needed' })
      expect(megan.sourcesOfLastBatch()).toEqual(
        ['people', 'users', 'groups'].filter((name) => name !== source),
      )
    },
  )

  test('says that every source needs consent, and does not call Graph', async () => {
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

  test('searches users and relevant people as soon as consent is given', async () => {
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

  test('says that groups are off when the settings do not request their scope', async () => {
    const settings = { OPENID_GRAPH_SCOPES: 'People.Read,User.ReadBasic.All' }
    const adele = await aSearcher({ settings, scopes: ['People.Read', 'User.ReadBasic.All'] })
    expect((await adele.search('megan')).status).toEqual({ ...OK, groups: 'off' })
  })
})

describe('the scopes of the token', () => {
  test('decide which properties are requested and shown', async () => {
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

  test('leave no user out when they do not show whether an account is blocked', async () => {
    const adele = await aSearcher()
    const [diego] = (await adele.search('diego')).results
    expect(diego?.idOnTheSource).toBe(CAST.diego.id)
  })
})

describe('a source is off', () => {
  test('for guests, who may not list the directory', async () => {
    const gustav = await aSearcher({ who: 'gustav' })
    const answer = await gustav.search('megan')
    expect(answer).toMatchObject({
      results: [],
      status: { people: 'off', users: 'off', groups: 'off' },
    })
    // The refusal is cached: further letters send no request.
    await gustav.type('alex wil')
    expect(gustav.roundTrips).toBe(1)
  })

  test('for relevant people of a user without a mailbox', async () => {
    const unal = await aSearcher({ who: 'unal' })
    const answer = await unal.search('megan')
    expect(answer.status).toEqual({ ...OK, people: 'off' })
    expect(names(answer)).toContain('Megan Bowen')
  })

  test('for relevant people in a cloud that has none, such as 21Vianet', async () => {
    const adele = await aSearcher()
    adele.sandbox.faults.set('graph.people_missing')
    const answer = await adele.search('megan')
    expect(answer.status).toEqual({ ...OK, people: 'off' })
    expect(names(answer)).toContain('Megan Bowen')
  })

  test('when the operator turns people search off, and Graph is not called', async () => {
    const adele = await aSearcher({ settings: { USE_ENTRA_ID_FOR_PEOPLE_SEARCH: 'false' } })
    expect((await adele.search('megan')).status).toMatchObject({
      people: 'off',
      users: 'off',
      groups: 'off',
    })
    expect(adele.roundTrips).toBe(0)
  })
})
