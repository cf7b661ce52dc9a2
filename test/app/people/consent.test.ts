import { describe, expect, test } from 'vitest'
import { CAST } from '../../sandbox/directory/cast.ts'
import { createSandbox } from '../../sandbox/sandbox.ts'
import { ALL_SCOPES, aSearcher, names, OK } from './searcher-fixture.ts'

/* What of the search is open to somebody: by consent, by their account, by the settings. */

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
