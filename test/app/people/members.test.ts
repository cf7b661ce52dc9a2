import { describe, expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../../sandbox/directory/cast.ts'
import type { Group } from '../../sandbox/directory/directory.ts'
import { createSandbox, type Sandbox } from '../../sandbox/sandbox.ts'
import { replaceInBatches } from './batch-fixture.ts'
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

async function problemAt(searcher: Searcher, path: string): Promise<object> {
  return problemOf(await searcher.browser.fetch(path))
}

describe('a list of members', () => {
  test('contains the people and groups directly in the group', async () => {
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

  test('shows the sign-in name of people without mail', async () => {
    const adele = await aSearcher()
    const [contoso] = adele.sandbox.tenants
    const person = contoso?.person(CAST.adele.id)
    if (contoso === undefined || person == null) throw new Error('no tenant')
    contoso.putPerson({ ...person, mail: null })
    const { members: found } = await members(adele, pathOf(CAST_GROUPS.chatUsers))
    const one = found.find(({ idOnTheSource }) => idOnTheSource === CAST.adele.id)
    expect(one?.email).toBe(CAST.adele.userPrincipalName)
  })

  test('contains the people of nested groups on request, each once', async () => {
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

  test('comes in pages of the requested size', async () => {
    const adele = await aSearcher()
    const pages = await allMembers(adele, pathOf(CAST_GROUPS.everyoneInSales, '?limit=50'))
    expect(pages.map(({ count }) => count)).toEqual([50, 50, 21])
  })

  test.each([
    ['0', 1],
    ['1000', 100],
  ])('has 1 to 100 members a page: limit=%s', async (limit, count) => {
    const adele = await aSearcher()
    const answer = await members(adele, pathOf(CAST_GROUPS.everyoneInSales, `?limit=${limit}`))
    expect(answer.count).toBe(count)
  })

  test('leaves out devices and everything else that is neither person nor group', async () => {
    const adele = await aSearcher()
    replaceInBatches(adele, ({ answer }) => {
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

  test('gets the next page from Graph, even when the link names another host', async () => {
    const adele = await aSearcher()
    const batches = replaceInBatches(adele, ({ answer }) => {
      const { body } = answer as { body?: object }
      const link = `https://evil.example/v1.0/groups/${CAST_GROUPS.everyoneInSales}/members?$top=1`
      return { ...answer, body: { ...body, '@odata.nextLink': link } }
    })
    const first = await members(adele, pathOf(CAST_GROUPS.everyoneInSales, '?limit=1'))
    await members(adele, first.next ?? '')
    expect(batches).toHaveLength(2)
    expect(adele.sandbox.journal.to('unknown')).toEqual([])
  })

  test('includes owners when the setting says so, each once over all pages', async () => {
    const settings = { ENTRA_ID_INCLUDE_OWNERS_AS_MEMBERS: 'true' }
    const sandbox = createSandbox()
    const group = groupIn(sandbox, CAST_GROUPS.everyoneInSales)
    // Alex is an owner, and also a member on the last page.
    const memberIds = [...group.memberIds, CAST.alex.id]
    sandbox.tenants[0]?.putGroup({ ...group, memberIds })
    const adele = await aSearcher({ settings, sandbox })
    const pages = await allMembers(adele, pathOf(CAST_GROUPS.everyoneInSales, '?limit=50'))
    expect(pages[0]?.members[0]?.idOnTheSource).toBe(CAST.alex.id)
    expect(ids(pages).filter((id) => id === CAST.alex.id)).toHaveLength(1)
    expect(ids(pages).toSorted()).toEqual(memberIds.toSorted())
  })

  test('counts owners whom the user may not see', async () => {
    const scopes = ['GroupMember.Read.All']
    const path = pathOf(CAST_GROUPS.everyoneInSales, '?limit=50')
    const alone = await members(await aSearcher({ scopes }), path)
    const settings = { ENTRA_ID_INCLUDE_OWNERS_AS_MEMBERS: 'true' }
    const withOwners = await members(await aSearcher({ scopes, settings }), path)
    expect(withOwners.withheld).toBe(alone.withheld + 1)
  })

  test('counts members whom the user may not see', async () => {
    const adele = await aSearcher({ scopes: ['GroupMember.Read.All'] })
    const answer = await members(adele, pathOf(CAST_GROUPS.phoenixOne))
    const known = groupIn(adele.sandbox, CAST_GROUPS.phoenixOne).memberIds
    expect(answer).toMatchObject({ members: [], withheld: known.length })
  })
})

describe('a list of members is refused', () => {
  test('without consent, with the URL to give it', async () => {
    const adele = await aSearcher({ scopes: ['People.Read', 'User.ReadBasic.All'] })
    expect(await problemAt(adele, pathOf(CAST_GROUPS.chatUsers))).toMatchObject({
      status: 403,
      code: 'consent_required',
      consentUrl: 'https://chat.contoso.example/.entrada/consent?feature=groups&return_to=%2F',
    })
    expect(adele.roundTrips).toBe(0)
  })

  test('when Graph hides the membership from the user', async () => {
    const adele = await aSearcher()
    expect(await problemAt(adele, pathOf(CAST_GROUPS.boardOfDirectors))).toMatchObject({
      status: 403,
      code: 'graph_refused',
    })
  })

  test.each([
    ['an id that is no GUID [requirement 87]', pathOf('me'), 404, 'graph_not_found'],
    ['an id with a path in it [requirement 87]', pathOf('..%2F..%2Fusers'), 404, 'graph_not_found'],
    ['an unknown group', pathOf('0c1b6f0e-2f6c-4f6e-8a77-0000000000ff'), 404, 'graph_not_found'],
    [
      'a limit that is not a number',
      pathOf(CAST_GROUPS.chatUsers, '?limit=all'),
      400,
      'invalid_request',
    ],
    [
      'an unknown value of transitive',
      pathOf(CAST_GROUPS.chatUsers, '?transitive=maybe'),
      400,
      'invalid_request',
    ],
    [
      'a cursor that Entrada did not issue',
      pathOf(CAST_GROUPS.chatUsers, '?cursor=v1.a.b.c'),
      400,
      'invalid_request',
    ],
  ])('for %s', async (_what, path, status, code) => {
    const adele = await aSearcher()
    expect(await problemAt(adele, path)).toMatchObject({ status, code })
  })

  test('when Graph throttles, with the time to wait and without a retry [requirement 87]', async () => {
    const adele = await aSearcher()
    adele.sandbox.faults.set('graph.throttled', { retryAfterSeconds: 17 })
    const response = await adele.browser.fetch(pathOf(CAST_GROUPS.chatUsers))
    expect(response.status).toBe(429)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(17)
    const before = adele.roundTrips
    expect(await problemAt(adele, pathOf(CAST_GROUPS.chatUsers))).toMatchObject({ status: 429 })
    expect(adele.roundTrips).toBe(before)
  })

  test('when a further page fails, instead of ending there', async () => {
    const adele = await aSearcher()
    const first = await members(adele, pathOf(CAST_GROUPS.everyoneInSales))
    adele.sandbox.faults.set('graph.partial_page')
    expect(await problemAt(adele, first.next ?? '')).toMatchObject({
      status: 503,
      code: 'graph_unavailable',
    })
  })
})

test('a cursor is valid for one user and one list only', async () => {
  const adele = await aSearcher()
  const first = await members(adele, pathOf(CAST_GROUPS.everyoneInSales))
  const cursor = new URL(first.next ?? '').searchParams.get('cursor') ?? ''
  const query = `?cursor=${encodeURIComponent(cursor)}`
  const elsewhere = await problemAt(adele, pathOf(CAST_GROUPS.chatUsers, query))
  expect(elsewhere).toMatchObject({ status: 400, code: 'invalid_request' })
  const deeper = await problemAt(
    adele,
    pathOf(CAST_GROUPS.everyoneInSales, `${query}&transitive=true`),
  )
  expect(deeper).toMatchObject({ status: 400, code: 'invalid_request' })
  const megan = await aSearcher({ who: 'megan', entrada: adele.entrada })
  const others = await problemAt(megan, pathOf(CAST_GROUPS.everyoneInSales, query))
  expect(others).toMatchObject({ status: 400, code: 'invalid_request' })
})
