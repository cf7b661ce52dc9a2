import { expect, test } from 'vitest'
import { CAST, CAST_GROUPS, CONTOSO } from '../directory/cast.ts'
import { ALL_SCOPES, aSandbox, calling, codeOf, valueOf } from './graph-caller.ts'

const sandbox = aSandbox()
const graph = calling(sandbox)
const eventual = { consistencylevel: 'eventual' }
const group = (id: string, rest = '') => `/v1.0/groups/${id}${rest}`

test('members are direct, transitiveMembers include nested groups', async () => {
  const direct = valueOf(await graph.get(group(CAST_GROUPS.everyoneInSales, '/members?$top=999')))
  expect(direct).toHaveLength(121)
  expect(direct[0]).toMatchObject({
    '@odata.type': '#microsoft.graph.group',
    id: CAST_GROUPS.chatUsers,
  })
  const path = group(CAST_GROUPS.everyoneInSales, '/transitiveMembers?$top=999&$select=id')
  const ids = valueOf(await graph.get(path)).map((member) => member['id'])
  expect(ids).toContain(CAST.adele.id)
  expect(new Set(ids).size).toBe(ids.length)
})

test('a cast returns one kind, and is an advanced query', async () => {
  const path = group(CAST_GROUPS.everyoneInSales, '/transitiveMembers/microsoft.graph.user')
  for (const [query, headers] of [
    ['', {}],
    ['?$count=true', {}],
    ['', eventual],
  ] as const) {
    const refused = await graph.get(path + query, headers)
    expect([refused.status, codeOf(refused)]).toEqual([400, 'Request_UnsupportedQuery'])
  }
  const users = await graph.get(`${path}?$count=true&$top=999`, eventual)
  expect(users.body['@odata.count']).toBe(122)
  expect(valueOf(users).every((member) => 'userPrincipalName' in member)).toBe(true)
  const groups = group(CAST_GROUPS.everyoneInSales, '/members/microsoft.graph.group?$count=true')
  expect(valueOf(await graph.get(groups, eventual)).map(({ id }) => id)).toEqual([
    CAST_GROUPS.chatUsers,
  ])
})

test('owners are listed separately from members', async () => {
  const owners = valueOf(await graph.get(group(CAST_GROUPS.chatUsers, '/owners?$select=id')))
  expect(owners).toEqual([{ '@odata.type': '#microsoft.graph.user', id: CAST.alex.id }])
})

test('members that the caller may not read have type and id, other properties are null', async () => {
  const caller = calling(sandbox, { ...CAST.megan, scopes: ['User.Read', 'GroupMember.Read.All'] })
  const members = valueOf(
    await caller.get(group(CAST_GROUPS.chatUsers, '/members?$select=id,displayName,mail')),
  )
  expect(members).toEqual([
    { '@odata.type': '#microsoft.graph.user', id: CAST.adele.id, displayName: null, mail: null },
    {
      '@odata.type': '#microsoft.graph.user',
      id: CAST.megan.id,
      displayName: 'Megan Bowen',
      mail: 'megan.bowen@contoso.example',
    },
  ])
})

test('hidden members are visible to members and to Member.Read.Hidden', async () => {
  const path = group(CAST_GROUPS.boardOfDirectors, '/members')
  const refused = await graph.get(path)
  expect([refused.status, codeOf(refused)]).toEqual([403, 'Authorization_RequestDenied'])
  expect((await graph.get(group(CAST_GROUPS.boardOfDirectors))).body).toMatchObject({
    displayName: 'Board of Directors',
    visibility: 'HiddenMembership',
  })
  expect((await calling(sandbox, CAST.diego).get(path)).status).toBe(200)
  expect((await calling(sandbox, CAST.alex).get(path)).status).toBe(200)
  const privileged = { ...CAST.adele, scopes: [...ALL_SCOPES, 'Member.Read.Hidden'] }
  expect((await calling(sandbox, privileged).get(path)).status).toBe(200)
})

test('an unknown group is not found', async () => {
  const missing = await graph.get(group('0c1b6f0e-2f6c-4f6e-8a77-0000000000ff', '/members'))
  expect([missing.status, codeOf(missing)]).toEqual([404, 'Request_ResourceNotFound'])
  expect((await graph.get(group(CAST_GROUPS.chatUsers, '/calendar'))).status).toBe(400)
})

test('deleted members are no longer listed', async () => {
  const own = aSandbox()
  own.tenants.find(({ tenantId }) => tenantId === CONTOSO)?.removePerson(CAST.megan.id)
  const members = await calling(own).get(group(CAST_GROUPS.chatUsers, '/members?$select=id'))
  expect(valueOf(members).map(({ id }) => id)).toEqual([CAST.adele.id])
})

test('a user is found by principal name, ignoring case', async () => {
  const names = ['adele.vance@contoso.example', 'ADELE.VANCE@contoso.example']
  for (const name of names) {
    expect((await graph.get(`/v1.0/users/${name}`)).body['id']).toBe(CAST.adele.id)
  }
  const guest = encodeURIComponent(CAST.gustav.userPrincipalName)
  expect((await graph.get(`/v1.0/users/${guest}`)).body['id']).toBe(CAST.gustav.id)
})
