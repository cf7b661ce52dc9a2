import { describe, expect, test } from 'vitest'
import { CAST, CONTOSO, FABRIKAM } from '../../sandbox/directory/cast.ts'
import { createSandbox } from '../../sandbox/sandbox.ts'
import { ALL_SCOPES, aSearcher, names, type SearcherOptions } from './searcher-fixture.ts'

const settings = { LOOKUP_CACHE_SCOPE: 'tenant' }

const adeleWho = (options: SearcherOptions = {}) => aSearcher({ settings, ...options })

describe('where the organisation’s members share what they look up', () => {
  test('users and groups found by one are not asked for by another', async () => {
    const adele = await adeleWho()
    const first = await adele.search('diego', { types: 'user,group' })
    await adele.pause(0)
    const alex = await adeleWho({ who: 'alex', entrada: adele.entrada })
    const second = await alex.search('diego')
    expect(names(second)).toEqual(names(first))
    // Their own relevant people alone are asked for.
    expect(alex.partsOfLastBatch()).toEqual(['people'])
  })

  test('relevant people stay everyone’s own [requirement 88]', async () => {
    const adele = await adeleWho()
    await adele.search('ma')
    await adele.pause(0)
    const { hosts } = adele.entrada.platform.objects.LOOKUPS
    const shared = hosts.filter(({ id }) => id.name?.startsWith('tenant/') === true)
    expect(shared).toHaveLength(1)
    const parts = shared.flatMap(({ disk }) => [...disk.contents()])
    expect(parts).toContain('users')
    expect(parts).not.toContain('people')
  })

  test('no one object is asked by all: what begins unlike lies apart', async () => {
    const adele = await adeleWho()
    for (const text of ['ma', 'mar', 'jo', 'pr', 'ni']) await adele.search(text)
    await adele.pause(0)
    const { hosts } = adele.entrada.platform.objects.LOOKUPS
    expect(hosts.filter(({ id }) => id.name?.startsWith('tenant/') === true)).toHaveLength(4)
  })

  test('guests neither get what members found nor add to it [requirement 88]', async () => {
    const adele = await adeleWho()
    expect(names(await adele.search('bowen'))).toContain('Megan Bowen')
    await adele.pause(0)
    const gustav = await adeleWho({ who: 'gustav', entrada: adele.entrada })
    expect(await gustav.search('bowen')).toMatchObject({
      results: [],
      status: { people: 'off', users: 'off', groups: 'off' },
    })
    await gustav.pause(0)
    // Nor when it is known already that this is a guest.
    expect(await gustav.search('bowen')).toMatchObject({ results: [] })
    await gustav.pause(0)
    // And that a guest may not ask is no news for members.
    const alex = await adeleWho({ who: 'alex', entrada: adele.entrada })
    expect((await alex.search('bowen')).status).toMatchObject({ users: 'ok', groups: 'ok' })
  })

  test('another permission is another answer [requirement 88]', async () => {
    const adele = await adeleWho({ scopes: ['User.Read.All'] })
    const [known] = (await adele.search('megan bow')).results
    expect(known?.description).toBe('Marketing Manager')
    await adele.pause(0)
    adele.sandbox.entra.revokeAdminConsent('https://graph.microsoft.com', ['User.Read.All'])
    const alex = await adeleWho({
      who: 'alex',
      entrada: adele.entrada,
      scopes: ['User.ReadBasic.All'],
    })
    const [basic] = (await alex.search('megan bow')).results
    expect(basic?.name).toBe('Megan Bowen')
    expect(basic).not.toHaveProperty('description')
  })

  test('another tenant is another world [requirement 88]', async () => {
    const sandbox = createSandbox({ registration: { signInAudience: 'AzureADMultipleOrgs' } })
    sandbox.entra.grantAdminConsent(ALL_SCOPES, sandbox.hosts.graph, FABRIKAM)
    const tenants = {
      OPENID_ISSUER: 'organizations',
      OPENID_ALLOWED_TENANTS: `${CONTOSO},${FABRIKAM}`,
    }
    const adele = await adeleWho({ sandbox, settings: { ...settings, ...tenants } })
    const [here] = (await adele.search('adele van')).results
    expect(here?.idOnTheSource).toBe(CAST.adele.id)
    await adele.pause(0)
    const felix = await adeleWho({ who: 'felix', entrada: adele.entrada })
    const [there] = (await felix.search('adele van')).results
    expect(there).toMatchObject({ name: 'Adele Vance', email: 'adele.vance@fabrikam.example' })
  })

  test('who cannot be told to be a member keeps to their own', async () => {
    const adele = await adeleWho()
    adele.sandbox.faults.set('graph.outage', { times: 1 })
    expect(names(await adele.search('bowen'))).toContain('Megan Bowen')
    await adele.pause(0)
    const { hosts } = adele.entrada.platform.objects.LOOKUPS
    expect(hosts.map(({ id }) => id.name?.split('/')[0])).toEqual(['user'])
  })

  test('whether one is a member is asked once an hour', async () => {
    const adele = await adeleWho()
    await adele.search('bowen')
    await adele.pause(0)
    await adele.search('diego')
    expect(adele.sandbox.journal.to('graph', '/v1.0/me')).toHaveLength(1)
  })

  test('what is shared tells nobody’s name in storage', async () => {
    const adele = await adeleWho()
    await adele.type('megan')
    await adele.pause(0)
    const stored = adele.entrada.platform.dump().toLowerCase()
    expect(stored).not.toContain('megan')
    expect(stored).not.toContain('bowen')
  })
})

test('it is off unless the operator says so', async () => {
  const adele = await aSearcher()
  await adele.search('bowen')
  await adele.pause(0)
  const { hosts } = adele.entrada.platform.objects.LOOKUPS
  expect(hosts.map(({ id }) => id.name?.split('/')[0])).toEqual(['user'])
})
