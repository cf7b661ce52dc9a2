import { expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../directory/cast.ts'
import { aSandbox, calling, codeOf, valueOf } from './graph-caller.ts'

const sandbox = aSandbox()
const graph = calling(sandbox)
const megan = calling(sandbox, CAST.megan)
const eventual = { consistencylevel: 'eventual' }

const ADELES = [CAST_GROUPS.chatUsers, CAST_GROUPS.everyoneInSales, CAST_GROUPS.allEmployees]

test('getMemberObjects returns nested groups', async () => {
  const answer = await graph.post('/v1.0/me/getMemberObjects', { securityEnabledOnly: true })
  expect(answer.body).toEqual({
    '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#Collection(Edm.String)',
    value: ADELES,
  })
})

test('returns security groups only, or all groups', async () => {
  const gustav = calling(sandbox, CAST.gustav)
  const secure = await gustav.post('/v1.0/me/getMemberObjects', { securityEnabledOnly: true })
  const all = await gustav.post('/v1.0/me/getMemberObjects', { securityEnabledOnly: false })
  expect([secure.body['value'], all.body['value']]).toEqual([[], [CAST_GROUPS.phoenixTwo]])
})

test('memberships that exceed the groups claim are returned completely', async () => {
  for (const action of ['getMemberObjects', 'getMemberGroups']) {
    const answer = await megan.post(`/v1.0/me/${action}`, { securityEnabledOnly: true })
    expect(answer.body['value']).toHaveLength(700)
  }
})

test('checkMemberGroups returns the groups that contain the user', async () => {
  const groupIds = [CAST_GROUPS.allEmployees, CAST_GROUPS.chatAdministrators]
  const answer = await graph.post('/v1.0/me/checkMemberGroups', { groupIds })
  expect(answer.body['value']).toEqual([CAST_GROUPS.allEmployees])
})

test('checkMemberGroups accepts at most 20 groups', async () => {
  const ids = (count: number) =>
    Array.from(
      { length: count },
      (_, n) => `0d1b6f0e-2f6c-4f6e-8a77-${String(n).padStart(12, '0')}`,
    )
  const check = (groupIds: readonly string[]) =>
    megan.post('/v1.0/me/checkMemberGroups', { groupIds })
  expect((await check(ids(20))).body['value']).toHaveLength(19)
  const refused = await check(ids(21))
  expect([refused.status, codeOf(refused)]).toEqual([400, 'Request_BadRequest'])
})

test.each([
  ['/v1.0/me/getMemberObjects', {}],
  ['/v1.0/me/checkMemberGroups', { groupIds: ['Chat Users'] }],
  ['/v1.0/me/checkMemberGroups', { groupIds: CAST_GROUPS.chatUsers }],
  ['/v1.0/directoryObjects/getByIds', { ids: ['x'] }],
])('%s with %j is a bad request', async (path, body) => {
  expect((await graph.post(path, body)).status).toBe(400)
})

test('memberships contain only an id for users who may not read groups', async () => {
  const path = '/v1.0/me/transitiveMemberOf?$select=id,displayName'
  const limited = calling(sandbox, { ...CAST.adele, scopes: ['User.Read'] })
  expect(valueOf(await limited.get(path))[0]).toEqual({
    '@odata.type': '#microsoft.graph.group',
    id: CAST_GROUPS.chatUsers,
    displayName: null,
  })
  expect(valueOf(await graph.get(path))[0]).toMatchObject({ displayName: 'Chat Users' })
})

test('the cast to groups is an advanced query', async () => {
  const path = '/v1.0/me/transitiveMemberOf/microsoft.graph.group?$select=id'
  expect((await graph.get(path)).status).toBe(400)
  const groups = await graph.get(`${path}&$count=true`, eventual)
  expect(groups.body['@odata.count']).toBe(3)
  expect(valueOf(groups).map(({ id }) => id)).toEqual(ADELES)
})

test('direct memberships exclude nested groups', async () => {
  expect(valueOf(await graph.get('/v1.0/me/memberOf?$select=id')).map(({ id }) => id)).toEqual([
    CAST_GROUPS.chatUsers,
  ])
})

test('getByIds returns users and groups once each and omits unknown ids', async () => {
  const ids = [
    CAST.megan.id,
    CAST_GROUPS.chatUsers,
    CAST.megan.id.toUpperCase(),
    '0f1b6f0e-2f6c-4f6e-8a77-00000000dead',
  ]
  const path = '/v1.0/directoryObjects/getByIds?$select=id,displayName'
  expect(valueOf(await graph.post(path, { ids }))).toEqual([
    { '@odata.type': '#microsoft.graph.user', id: CAST.megan.id, displayName: 'Megan Bowen' },
    {
      '@odata.type': '#microsoft.graph.group',
      id: CAST_GROUPS.chatUsers,
      displayName: 'Chat Users',
    },
  ])
  expect(valueOf(await graph.post(path, { ids, types: ['group'] }))).toHaveLength(1)
})
