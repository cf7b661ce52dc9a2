import { describe, expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../../sandbox/directory/cast.ts'
import type { Directory } from '../../sandbox/directory/directory.ts'
import { createSandbox, type Sandbox } from '../../sandbox/sandbox.ts'
import { aSearcher, names } from './searcher-fixture.ts'

/*
 * Where more people answer to two letters than fit a page of Graph's, that page does not tell who of those the
 * user works with is (still) in the directory.
 */

const COLLEAGUES = ['Leena Weber', 'Wolfgang Weber'] as const

function contosoOf({ tenants }: Sandbox): Directory {
  const [contoso] = tenants
  if (contoso === undefined) throw new Error('no tenant')
  return contoso
}

const idOf = (index: number) => `1a1b6f0e-2f6c-4f6e-8a77-${String(index).padStart(12, '0')}`

/** More than a thousand each are called Lee and Wolf, and Adele works with the last of them. */
function aCrowd(): Sandbox {
  const sandbox = createSandbox({ people: 0, groups: 0 })
  const contoso = contosoOf(sandbox)
  const [template] = contoso.people
  const group = contoso.group(CAST_GROUPS.phoenixOne)
  if (template === undefined || group === null) throw new Error('no cast')
  const put = (index: number, displayName: string) => {
    const [givenName = '', surname = ''] = displayName.split(' ')
    const address = `p${index}@contoso.example`
    const addresses = { mail: address, userPrincipalName: address }
    contoso.putPerson({
      ...template,
      id: idOf(index),
      displayName,
      givenName,
      surname,
      ...addresses,
    })
  }
  for (let index = 0; index < 1200; index++) put(index, `Lee Quux${index}`)
  for (let index = 0; index < 1200; index++) put(2000 + index, `Wolf Quux${index}`)
  for (const [index, name] of COLLEAGUES.entries()) put(5000 + index, name)
  contoso.putGroup({ ...group, memberIds: [CAST.adele.id, idOf(5000), idOf(5001)] })
  return sandbox
}

describe('among thousands who are called alike', () => {
  test('whom one works with is found within two round trips, and who has left never', async () => {
    const adele = await aSearcher({ sandbox: aCrowd() })
    const answers = await adele.type('leena we')
    expect(adele.roundTrips).toBeLessThanOrEqual(2)
    expect(names(answers.at(-1) ?? (await adele.search('leena we')))).toEqual(['Leena Weber'])
    const gone = await aSearcher({ sandbox: aCrowd() })
    for (const answer of await gone.type('lee gu')) expect(names(answer)).not.toContain('Lee Gu')
    expect(gone.roundTrips).toBeLessThanOrEqual(2)
  })

  test('they come first at two letters, once Entrada has got to know them', async () => {
    const adele = await aSearcher({ sandbox: aCrowd() })
    await adele.type('leena we')
    await adele.pause(0)
    const before = adele.roundTrips
    expect(names(await adele.search('wo'))[0]).toBe('Wolfgang Weber')
    expect(names(await adele.search('le'))[0]).toBe('Leena Weber')
    expect(adele.roundTrips - before).toBe(1)
  })

  test('who leaves is looked up anew and gone, however well one knew them', async () => {
    const adele = await aSearcher({ sandbox: aCrowd() })
    await adele.type('leena we')
    await adele.pause(0)
    await adele.search('wo')
    contosoOf(adele.sandbox).removePerson(idOf(5001))
    await adele.pause(900)
    for (const answer of await adele.type('wolfgang')) {
      expect(names(answer)).not.toContain('Wolfgang Weber')
    }
  })

  test('a directory that is throttled while they are looked up is not said to lack them', async () => {
    const adele = await aSearcher({ sandbox: aCrowd() })
    await adele.search('le')
    adele.sandbox.faults.set('graph.throttled', { retryAfterSeconds: 20 })
    const answer = await adele.search('leena')
    expect(answer).toMatchObject({
      results: [],
      status: { people: 'throttled', users: 'throttled', groups: 'ok' },
    })
  })

  test('without memory they are looked up right away', async () => {
    const settings = { LOOKUP_CACHE_SECONDS: '0' }
    const adele = await aSearcher({ sandbox: aCrowd(), settings })
    expect(names(await adele.search('le'))[0]).toBe('Leena Weber')
    expect(adele.roundTrips).toBe(2)
  })
})
