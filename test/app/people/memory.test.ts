import { describe, expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../../sandbox/directory/cast.ts'
import type { Person } from '../../sandbox/directory/directory.ts'
import { createSandbox, type Sandbox } from '../../sandbox/sandbox.ts'
import { aSearcher, names } from './searcher-fixture.ts'

function personIn(sandbox: Sandbox, id: string): Person {
  const person = sandbox.tenants[0]?.person(id)
  if (person === null || person === undefined) throw new Error(`nobody is ${id}`)
  return person
}

function rename(sandbox: Sandbox, id: string, displayName: string): void {
  sandbox.tenants[0]?.putPerson({ ...personIn(sandbox, id), displayName })
}

describe('an answer', () => {
  test('is asked anew once it is old, while the old one is shown', async () => {
    const adele = await aSearcher()
    expect(names(await adele.search('megan'))).toEqual(['Megan Bowen'])
    rename(adele.sandbox, CAST.megan.id, 'Megan Bowen-Smith')
    await adele.pause(298)
    expect(names(await adele.search('megan'))).toEqual(['Megan Bowen'])
    expect(adele.roundTrips).toBe(1)
    await adele.pause(2)
    expect(names(await adele.search('megan'))).toEqual(['Megan Bowen'])
    await adele.pause(0)
    expect(adele.roundTrips).toBe(2)
    const last = adele.sandbox.journal.to('graph').at(-1)
    expect(last?.headers.get('x-ms-throttle-priority')).toBe('low')
    expect(names(await adele.search('megan'))).toEqual(['Megan Bowen-Smith'])
    expect(adele.roundTrips).toBe(2)
  })

  test('is never shown after its time, alarm or no alarm', async () => {
    const adele = await aSearcher()
    await adele.search('megan')
    rename(adele.sandbox, CAST.megan.id, 'Megan Bowen-Smith')
    await adele.pause(601)
    expect(names(await adele.search('megan'))).toEqual(['Megan Bowen-Smith'])
  })

  test('that nobody is called so is not believed for long', async () => {
    const adele = await aSearcher()
    expect(names(await adele.search('zacharias'))).toEqual([])
    rename(adele.sandbox, CAST.unal.id, 'Zacharias Newman')
    await adele.pause(55)
    expect(names(await adele.search('zacharias'))).toEqual([])
    await adele.pause(6)
    expect(names(await adele.search('zacharias'))).toEqual(['Zacharias Newman'])
  })

  test('is kept whole, however much a thousand groups have to say about themselves', async () => {
    const sandbox = createSandbox({ people: 0, groups: 0 })
    const [contoso] = sandbox.tenants
    const group = contoso?.group(CAST_GROUPS.phoenixOne)
    if (group === null || group === undefined) throw new Error('no group')
    for (let index = 0; index < 999; index++) {
      const id = `0c1b6f0e-2f6c-4f6e-8a77-${String(900_000 + index).padStart(12, '0')}`
      const displayName = `Zeichenkreis ${index}`
      contoso?.putGroup({ ...group, id, displayName, description: '筆'.repeat(1024) })
    }
    const adele = await aSearcher({ sandbox })
    const first = await adele.search('zeichen')
    expect(await adele.search('zeichen')).toEqual(first)
    expect(adele.roundTrips).toBe(1)
  })

  test('to capitals is one to small letters, and to a text with more space around it', async () => {
    const adele = await aSearcher()
    const { results } = await adele.search('megan')
    expect(results).not.toEqual([])
    for (const typed of ['MEGAN', ' Megan ', 'megan\t']) {
      expect((await adele.search(typed)).results).toEqual(results)
    }
    expect(adele.roundTrips).toBe(1)
  })

  test('outlives the object’s memory', async () => {
    const adele = await aSearcher()
    await adele.type('megan')
    await adele.pause(0)
    adele.entrada.platform.evict()
    const before = adele.roundTrips
    await adele.type('megan')
    expect(adele.roundTrips).toBe(before)
  })

  test('is kept for nobody where the operator wants nothing kept', async () => {
    const adele = await aSearcher({ settings: { LOOKUP_CACHE_SECONDS: '0' } })
    await adele.search('megan')
    await adele.search('megan')
    expect(adele.roundTrips).toBe(2)
    expect(adele.entrada.platform.count('LOOKUPS')).toBe(0)
  })

  test('is gone from storage when the time of all of them is over', async () => {
    const adele = await aSearcher()
    await adele.type('megan')
    await adele.pause(601)
    expect(await adele.entrada.platform.runAlarms()).toBe(1)
    const [host] = adele.entrada.platform.objects.LOOKUPS.hosts
    expect([...(host?.disk.contents() ?? [])].join('')).not.toContain('v1.')
  })
})

describe('memory is a help and never a must:', () => {
  test.each([['overloaded'], ['unreachable']] as const)(
    '%s, it costs nobody the search',
    async (fails) => {
      const adele = await aSearcher()
      adele.entrada.platform.objects.LOOKUPS.bend({ fails })
      const answer = await adele.search('megan')
      expect(names(answer)).toEqual(['Megan Bowen'])
      expect(adele.roundTrips).toBe(1)
    },
  )

  test('an answer lost on its way is asked for at Graph', async () => {
    const adele = await aSearcher()
    adele.entrada.platform.objects.LOOKUPS.bend({ loses: true })
    expect(names(await adele.search('megan'))).toEqual(['Megan Bowen'])
  })
})
