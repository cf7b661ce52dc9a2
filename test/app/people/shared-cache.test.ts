import { describe, expect, test } from 'vitest'
import { CAST, CONTOSO, FABRIKAM } from '../../sandbox/directory/cast.ts'
import { createSandbox } from '../../sandbox/sandbox.ts'
import { ALL_SCOPES, aSearcher, names, type SearcherOptions } from './searcher-fixture.ts'

const settings = { LOOKUP_CACHE_SCOPE: 'tenant' }

const aMember = (options: SearcherOptions = {}) => aSearcher({ settings, ...options })

describe('the cache that members of an organisation share', () => {
  test('answers a member with users and groups that another member found', async () => {
    const adele = await aMember()
    const first = await adele.search('diego', { types: 'user,group' })
    await adele.pause(0)
    const alex = await aMember({ who: 'alex', entrada: adele.entrada })
    const second = await alex.search('diego')
    expect(names(second)).toEqual(names(first))
    // Only Alex's own relevant people are requested.
    expect(alex.sourcesOfLastBatch()).toEqual(['people'])
  })

  test('contains no relevant people [requirement 88]', async () => {
    const adele = await aMember()
    await adele.search('ma')
    await adele.pause(0)
    const { hosts } = adele.entrada.platform.objects.LOOKUPS
    const shared = hosts.filter(({ id }) => id.name?.startsWith('tenant/') === true)
    expect(shared).toHaveLength(1)
    const kinds = shared.flatMap(({ disk }) => [...disk.contents()])
    expect(kinds).toContain('users')
    expect(kinds).not.toContain('people')
  })

  test('is spread over several objects by the first two characters', async () => {
    const adele = await aMember()
    for (const text of ['ma', 'mar', 'jo', 'pr', 'ni']) await adele.search(text)
    await adele.pause(0)
    const { hosts } = adele.entrada.platform.objects.LOOKUPS
    expect(hosts.filter(({ id }) => id.name?.startsWith('tenant/') === true)).toHaveLength(4)
  })

  test('is neither read nor written for guests [requirement 88]', async () => {
    const adele = await aMember()
    expect(names(await adele.search('bowen'))).toContain('Megan Bowen')
    await adele.pause(0)
    const gustav = await aMember({ who: 'gustav', entrada: adele.entrada })
    expect(await gustav.search('bowen')).toMatchObject({
      results: [],
      status: { people: 'off', users: 'off', groups: 'off' },
    })
    await gustav.pause(0)
    // The same applies once the user type of the guest is cached.
    expect(await gustav.search('bowen')).toMatchObject({ results: [] })
    await gustav.pause(0)
    // The refusal for guests does not affect members.
    const alex = await aMember({ who: 'alex', entrada: adele.entrada })
    expect((await alex.search('bowen')).status).toMatchObject({ users: 'ok', groups: 'ok' })
  })

  test('has separate results for different scopes [requirement 88]', async () => {
    const adele = await aMember({ scopes: ['User.Read.All'] })
    const [known] = (await adele.search('megan bow')).results
    expect(known?.description).toBe('Marketing Manager')
    await adele.pause(0)
    adele.sandbox.entra.revokeAdminConsent('https://graph.microsoft.com', ['User.Read.All'])
    const alex = await aMember({
      who: 'alex',
      entrada: adele.entrada,
      scopes: ['User.ReadBasic.All'],
    })
    const [basic] = (await alex.search('megan bow')).results
    expect(basic?.name).toBe('Megan Bowen')
    expect(basic).not.toHaveProperty('description')
  })

  test('has separate results for each tenant [requirement 88]', async () => {
    const sandbox = createSandbox({ registration: { signInAudience: 'AzureADMultipleOrgs' } })
    sandbox.entra.grantAdminConsent(ALL_SCOPES, sandbox.hosts.graph, FABRIKAM)
    const tenants = {
      OPENID_ISSUER: 'organizations',
      OPENID_ALLOWED_TENANTS: `${CONTOSO},${FABRIKAM}`,
    }
    const adele = await aMember({ sandbox, settings: { ...settings, ...tenants } })
    const [here] = (await adele.search('adele van')).results
    expect(here?.idOnTheSource).toBe(CAST.adele.id)
    await adele.pause(0)
    const felix = await aMember({ who: 'felix', entrada: adele.entrada })
    const [there] = (await felix.search('adele van')).results
    expect(there).toMatchObject({ name: 'Adele Vance', email: 'adele.vance@fabrikam.example' })
  })

  test('is not used while the user type is unknown', async () => {
    const adele = await aMember()
    adele.sandbox.faults.set('graph.outage', { times: 1 })
    expect(names(await adele.search('bowen'))).toContain('Megan Bowen')
    await adele.pause(0)
    const { hosts } = adele.entrada.platform.objects.LOOKUPS
    expect(hosts.map(({ id }) => id.name?.split('/')[0])).toEqual(['user'])
  })

  test('needs the user type once an hour', async () => {
    const adele = await aMember()
    await adele.search('bowen')
    await adele.pause(0)
    await adele.search('diego')
    expect(adele.sandbox.journal.to('graph', '/v1.0/me')).toHaveLength(1)
  })

  test('contains no name in plain text', async () => {
    const adele = await aMember()
    await adele.type('megan')
    await adele.pause(0)
    const stored = adele.entrada.platform.dump().toLowerCase()
    expect(stored).not.toContain('megan')
    expect(stored).not.toContain('bowen')
  })
})

test('members share no cache by default', async () => {
  const adele = await aSearcher()
  await adele.search('bowen')
  await adele.pause(0)
  const { hosts } = adele.entrada.platform.objects.LOOKUPS
  expect(hosts.map(({ id }) => id.name?.split('/')[0])).toEqual(['user'])
})
