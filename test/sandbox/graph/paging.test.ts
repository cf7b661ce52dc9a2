import { expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../directory/cast.ts'
import {
  type Answer,
  aSandbox,
  calling,
  codeOf,
  type GraphCaller,
  valueOf,
} from './graph-caller.ts'

const sandbox = aSandbox()
const graph = calling(sandbox)
const eventual = { consistencylevel: 'eventual' }

function nextOf(answer: Answer): string | null {
  const link = answer.body['@odata.nextLink']
  return typeof link === 'string' ? link : null
}

async function allPages(
  caller: GraphCaller,
  path: string,
  headers = {},
): Promise<readonly Answer[]> {
  const pages: Answer[] = []
  for (let link: string | null = path; link !== null; link = nextOf(pages.at(-1) ?? fail())) {
    pages.push(await caller.get(link, headers))
  }
  return pages
}

function fail(): never {
  throw new Error('a page expected')
}

test('nextLinks return every person once, and are absolute', async () => {
  const pages = await allPages(graph, '/v1.0/users?$top=75&$select=id')
  const ids = pages.flatMap((page) => valueOf(page).map((user) => user['id']))
  expect(pages).toHaveLength(3)
  expect(new Set(ids).size).toBe(206)
  expect(nextOf(pages[0] ?? fail())).toMatch(
    /^https:\/\/graph\.microsoft\.com\/v1\.0\/users\?\$top=75&\$select=id&\$skiptoken=/,
  )
})

test('a page has 100 entries by default and at most 999', async () => {
  expect(valueOf(await graph.get('/v1.0/users'))).toHaveLength(100)
  expect(valueOf(await graph.get('/v1.0/groups?$top=999'))).toHaveLength(734)
  for (const top of [0, 1000]) {
    const refused = await graph.get(`/v1.0/users?$top=${top}`)
    expect([refused.status, codeOf(refused)]).toEqual([400, 'Request_UnsupportedQuery'])
  }
})

test('directory collections do not support $skip', async () => {
  expect((await graph.get('/v1.0/users?$skip=10')).status).toBe(400)
})

test('the count needs the header, and is on the first page only', async () => {
  const [first, second] = await allPages(graph, '/v1.0/users?$top=150&$count=true', eventual)
  expect(first?.body['@odata.count']).toBe(206)
  expect(second?.body).not.toHaveProperty('@odata.count')
  const ignored = await graph.get('/v1.0/users?$top=5&$count=true')
  expect(ignored.body).not.toHaveProperty('@odata.count')
  expect((await graph.get('/v1.0/users/$count')).status).toBe(400)
  const count = await graph.raw('/v1.0/users/$count', { headers: eventual })
  expect(await count.text()).toBe('206')
})

test.each([
  '/v1.0/groups?$search=%22displayName:campaign%22&$top=5',
  '/v1.0/groups?$count=true&$top=5',
  `/v1.0/groups/${CAST_GROUPS.everyoneInSales}/members/microsoft.graph.user?$count=true&$top=5`,
])('an advanced query for %s needs the header on every page', async (path) => {
  const next = nextOf(await graph.get(path, eventual)) ?? fail()
  const lost = await graph.get(next)
  expect([lost.status, codeOf(lost)]).toEqual([400, 'Request_UnsupportedQuery'])
  expect((await graph.get(next, eventual)).status).toBe(200)
})

test('an empty page may be followed by another', async () => {
  const megan = calling(sandbox, CAST.megan)
  const path = `/v1.0/groups/${CAST_GROUPS.everyoneInSales}/members/microsoft.graph.user`
  const pages = await allPages(megan, `${path}?$count=true&$top=1&$select=id`, eventual)
  expect(valueOf(pages[0] ?? fail())).toHaveLength(0)
  expect(nextOf(pages[0] ?? fail())).not.toBeNull()
  expect(pages.flatMap(valueOf)).toHaveLength(120)
  expect(pages[0]?.body['@odata.count']).toBe(120)
})

test('700 memberships come in seven pages', async () => {
  const megan = calling(sandbox, CAST.megan)
  const path = '/v1.0/me/transitiveMemberOf/microsoft.graph.group?$count=true&$select=id&$top=100'
  const pages = await allPages(megan, path, eventual)
  expect(pages).toHaveLength(7)
  expect(new Set(pages.flatMap(valueOf).map((group) => group['id'])).size).toBe(700)
})

test('a $skiptoken that the client invented is refused', async () => {
  for (const token of ['abc', 'RFNwdAoAAQ', 'RFNwdAoAAQMTAwMDAw']) {
    expect((await graph.get(`/v1.0/users?$skiptoken=${token}`)).status).toBe(400)
  }
})

test('the second page may fail', async () => {
  const own = aSandbox()
  own.faults.set('graph.partial_page', { times: 1 })
  const caller = calling(own)
  const first = await caller.get('/v1.0/users?$top=50')
  expect(first.status).toBe(200)
  const link = nextOf(first) ?? fail()
  expect((await caller.get(link)).status).toBe(500)
  expect((await caller.get(link)).status).toBe(200)
})
