import { describe, expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../../sandbox/directory/cast.ts'
import type { Group } from '../../sandbox/directory/directory.ts'
import { createSandbox, type Sandbox } from '../../sandbox/sandbox.ts'
import { bendBatches } from './batch-fixture.ts'
import { aSearcher, membersOf, type MembersAnswer, type Searcher } from './searcher-fixture.ts'
import { problemOf } from '../../support/scene.ts'

async function members(searcher: Searcher, path: string): Promise<MembersAnswer> {
  const response = await searcher.browser.fetch(path)
  expect(response.status).toBe(200)
  return membersOf(response)
}

async function allMembers(searcher: Searcher, path: string): Promise<readonly MembersAnswer[]> {
  const pages: MembersAnswer[] = []
  for (let next: string | null = path; next !== null; next = pages.at(-1)?.next ?? null) {
    pages.push(await members(searcher, next))
  }
  return pages
}

const pathOf = (id: string, query = '') => `/.entrada/groups/${id}/members${query}`
const ids = (pages: readonly MembersAnswer[]) =>
  pages.flatMap((page) => page.members.map(({ idOnTheSource }) => idOnTheSource))

function groupIn(sandbox: Sandbox, id: string): Group {
  const group = sandbox.tenants[0]?.group(id)
  if (group === null || group === undefined) throw new Error(`no group ${id}`)
  return group
}

async function refusalOf(searcher: Searcher, path: string): Promise<object> {
  return problemOf(await searcher.browser.fetch(path))
}

describe('the members of a group', () => {
  test('are the people and groups directly in it', async () => {
    const adele = await aSearcher()
    const answer = await members(adele, pathOf(CAST_GROUPS.phoenixOne))
    const known = groupIn(adele.sandbox, CAST_GROUPS.phoenixOne).memberIds
    expect(answer).toMatchObject({
      id: CAST_GROUPS.phoenixOne,
      transitive: false,
      count: known.length,
      withheld: 0,
      next: null,
    })
    expect(ids([answer])).toEqual(known)
    expect(answer.members[0]).toMatchObject({ type: 'user', source: 'entra', id: null })
  })

  test('have their sign-in name where they have no mail', async () => {
    const adele = await aSearcher()
    const [contoso] = adele.sandbox.tenants
    const person = contoso?.person(CAST.adele.id)
    if (contoso === undefined || person == null) throw new Error('no tenant')
    contoso.putPerson({ ...person, mail: null })
    const { members: found } = await members(adele, pathOf(CAST_GROUPS.chatUsers))
    const one = found.find(({ idOnTheSource }) => idOnTheSource === CAST.adele.id)
    expect(one?.email).toBe(CAST.adele.userPrincipalName)
  })

  test('are, on demand, the people in its groups as well, each once', async () => {
    const adele = await aSearcher()
    const direct = await allMembers(adele, pathOf(CAST_GROUPS.everyoneInSales))
    expect(ids(direct)).toContain(CAST_GROUPS.chatUsers)
    expect(ids(direct)).not.toContain(CAST.adele.id)
    const pages = await allMembers(adele, pathOf(CAST_GROUPS.everyoneInSales, '?transitive=true'))
    expect(ids(pages)).toContain(CAST.adele.id)
    expect(ids(pages)).not.toContain(CAST_GROUPS.chatUsers)
    expect(new Set(ids(pages)).size).toBe(ids(pages).length)
    const [contoso] = adele.sandbox.tenants
    const known = contoso?.transitiveMembersOf(CAST_GROUPS.everyoneInSales) ?? []
    const people = known.filter((member) => 'userPrincipalName' in member)
    expect(ids(pages).toSorted()).toEqual(people.map(({ id }) => id).toSorted())
  })

  test('come in pages of the size asked for', async () => {
    const adele = await aSearcher()
    const pages = await allMembers(adele, pathOf(CAST_GROUPS.everyoneInSales, '?limit=50'))
    expect(pages.map(({ count }) => count)).toEqual([50, 50, 21])
  })

  test.each([
    ['0', 1],
    ['1000', 100],
  ])('come at most a hundred at a time, and one at least: limit=%s', async (limit, count) => {
    const adele = await aSearcher()
    const answer = await members(adele, pathOf(CAST_GROUPS.everyoneInSales, `?limit=${limit}`))
    expect(answer.count).toBe(count)
  })

  test('leave out devices and whatever else is no person and no group', async () => {
    const adele = await aSearcher()
    bendBatches(adele, ({ answer }) => {
      const { body } = answer as { body?: { value?: unknown[] } }
      const device = {
        '@odata.type': '#microsoft.graph.device',
        id: CAST.alex.id,
        displayName: 'PC',
      }
      return { ...answer, body: { ...body, value: [device, null, 7, ...(body?.value ?? [])] } }
    })
    const answer = await members(adele, pathOf(CAST_GROUPS.phoenixOne))
    const known = groupIn(adele.sandbox, CAST_GROUPS.phoenixOne).memberIds
    expect(ids([answer])).toEqual(known)
    expect(answer.withheld).toBe(0)
  })

  test('go on at Graph alone, whatever host its link to the next page names', async () => {
    const adele = await aSearcher()
    const batches = bendBatches(adele, ({ answer }) => {
      const { body } = answer as { body?: object }
      const link = `https://evil.example/v1.0/groups/${CAST_GROUPS.everyoneInSales}/members?$top=1`
      return { ...answer, body: { ...body, '@odata.nextLink': link } }
    })
    const first = await members(adele, pathOf(CAST_GROUPS.everyoneInSales, '?limit=1'))
    await members(adele, first.next ?? '')
    expect(batches).toHaveLength(2)
    expect(adele.sandbox.journal.to('unknown')).toEqual([])
  })

  test('count in the owners where the operator says so, each once over all pages', async () => {
    const settings = { ENTRA_ID_INCLUDE_OWNERS_AS_MEMBERS: 'true' }
    const sandbox = createSandbox()
    const group = groupIn(sandbox, CAST_GROUPS.everyoneInSales)
    // An owner who is also a member, and on the last page at that.
    const memberIds = [...group.memberIds, CAST.alex.id]
    sandbox.tenants[0]?.putGroup({ ...group, memberIds })
    const adele = await aSearcher({ settings, sandbox })
    const pages = await allMembers(adele, pathOf(CAST_GROUPS.everyoneInSales, '?limit=50'))
    expect(pages[0]?.members[0]?.idOnTheSource).toBe(CAST.alex.id)
    expect(ids(pages).filter((id) => id === CAST.alex.id)).toHaveLength(1)
    expect(ids(pages).toSorted()).toEqual(memberIds.toSorted())
  })

  test('and owners who may not be shown are counted with them', async () => {
    const scopes = ['GroupMember.Read.All']
    const path = pathOf(CAST_GROUPS.everyoneInSales, '?limit=50')
    const alone = await members(await aSearcher({ scopes }), path)
    const settings = { ENTRA_ID_INCLUDE_OWNERS_AS_MEMBERS: 'true' }
    const withOwners = await members(await aSearcher({ scopes, settings }), path)
    expect(withOwners.withheld).toBe(alone.withheld + 1)
  })

  test('who may not be shown are counted, not passed over in silence', async () => {
    const adele = await aSearcher({ scopes: ['GroupMember.Read.All'] })
    const answer = await members(adele, pathOf(CAST_GROUPS.phoenixOne))
    const known = groupIn(adele.sandbox, CAST_GROUPS.phoenixOne).memberIds
    expect(answer).toMatchObject({ members: [], withheld: known.length })
  })
})

describe('a list of members is refused', () => {
  test('without the permission, with where to get it', async () => {
    const adele = await aSearcher({ scopes: ['People.Read', 'User.ReadBasic.All'] })
    expect(await refusalOf(adele, pathOf(CAST_GROUPS.chatUsers))).toMatchObject({
      status: 403,
      code: 'consent_required',
      consentUrl: 'https://chat.contoso.example/.entrada/consent?feature=groups&return_to=%2F',
    })
    expect(adele.roundTrips).toBe(0)
  })

  test('when its membership is hidden from the user, as Graph refuses it', async () => {
    const adele = await aSearcher()
    expect(await refusalOf(adele, pathOf(CAST_GROUPS.boardOfDirectors))).toMatchObject({
      status: 403,
      code: 'graph_refused',
    })
  })

  test.each([
    ['an id that is no GUID', pathOf('me'), 404, 'graph_not_found'],
    ['an id that climbs', pathOf('..%2F..%2Fusers'), 404, 'graph_not_found'],
    ['an unknown group', pathOf('0c1b6f0e-2f6c-4f6e-8a77-0000000000ff'), 404, 'graph_not_found'],
    ['a limit in words', pathOf(CAST_GROUPS.chatUsers, '?limit=all'), 400, 'invalid_request'],
    ['half a choice', pathOf(CAST_GROUPS.chatUsers, '?transitive=maybe'), 400, 'invalid_request'],
    [
      'a cursor of one’s own',
      pathOf(CAST_GROUPS.chatUsers, '?cursor=v1.a.b.c'),
      400,
      'invalid_request',
    ],
  ])('for %s', async (_what, path, status, code) => {
    const adele = await aSearcher()
    expect(await refusalOf(adele, path)).toMatchObject({ status, code })
  })

  test('when Graph throttles, with its time to wait and without another try [requirement 87]', async () => {
    const adele = await aSearcher()
    adele.sandbox.faults.set('graph.throttled', { retryAfterSeconds: 17 })
    const response = await adele.browser.fetch(pathOf(CAST_GROUPS.chatUsers))
    expect(response.status).toBe(429)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(17)
    const before = adele.roundTrips
    expect(await refusalOf(adele, pathOf(CAST_GROUPS.chatUsers))).toMatchObject({ status: 429 })
    expect(adele.roundTrips).toBe(before)
  })

  test('when a further page fails, rather than end there', async () => {
    const adele = await aSearcher()
    const first = await members(adele, pathOf(CAST_GROUPS.everyoneInSales))
    adele.sandbox.faults.set('graph.partial_page')
    expect(await refusalOf(adele, first.next ?? '')).toMatchObject({
      status: 503,
      code: 'graph_unavailable',
    })
  })
})

test('a cursor opens nobody else’s list', async () => {
  const adele = await aSearcher()
  const first = await members(adele, pathOf(CAST_GROUPS.everyoneInSales))
  const cursor = new URL(first.next ?? '').searchParams.get('cursor') ?? ''
  const query = `?cursor=${encodeURIComponent(cursor)}`
  const elsewhere = await refusalOf(adele, pathOf(CAST_GROUPS.chatUsers, query))
  expect(elsewhere).toMatchObject({ status: 400, code: 'invalid_request' })
  const deeper = await refusalOf(
    adele,
    pathOf(CAST_GROUPS.everyoneInSales, `${query}&transitive=true`),
  )
  expect(deeper).toMatchObject({ status: 400, code: 'invalid_request' })
  const megan = await aSearcher({ who: 'megan', entrada: adele.entrada })
  const others = await refusalOf(megan, pathOf(CAST_GROUPS.everyoneInSales, query))
  expect(others).toMatchObject({ status: 400, code: 'invalid_request' })
})
