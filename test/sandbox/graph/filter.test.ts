import { expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../directory/cast.ts'
import { aSandbox, calling, codeOf, valueOf } from './graph-caller.ts'

const sandbox = aSandbox()
const graph = calling(sandbox, {
  ...CAST.adele,
  scopes: ['User.Read.All', 'GroupMember.Read.All'],
})
const eventual = { consistencylevel: 'eventual' }

const filter = (path: string, expression: string, more = '', headers = {}) =>
  graph.get(`/v1.0/${path}?$filter=${encodeURIComponent(expression)}${more}`, headers)
const ids = async (path: string, expression: string) =>
  valueOf(await filter(path, expression)).map((entity) => entity['id'])

test.each([
  ["displayName eq 'Megan Bowen'", CAST.megan.id],
  ["displayName eq 'megan bowen'", CAST.megan.id],
  ["startswith(displayName,'Megan B')", CAST.megan.id],
  ["startsWith(userPrincipalName, 'adele.vance')", CAST.adele.id],
  ["mail eq 'adele.vance@contoso.example' and accountEnabled eq true", CAST.adele.id],
  [`id eq '${CAST.alex.id}'`, CAST.alex.id],
  ["accountEnabled eq false and (givenName eq 'Diego' or givenName eq 'Nobody')", CAST.diego.id],
  ["mail in ('megan.bowen@contoso.example')", CAST.megan.id],
])('users with %s', async (expression, id) => {
  expect(await ids('users', expression)).toEqual([id])
})

test('a quote in a string is doubled', async () => {
  expect(await ids('users', `startswith(displayName,'Ünal, "Ops" O''Hara & S')`)).toEqual([
    CAST.unal.id,
  ])
  const broken = await filter('users', `startswith(displayName,'Ünal, "Ops" O'Hara')`)
  expect([broken.status, codeOf(broken)]).toEqual([400, 'BadRequest'])
})

test('an injected condition is evaluated as a condition', async () => {
  const injected = await ids('users', "startswith(displayName,'zzz') or accountEnabled eq false")
  expect(injected).toContain(CAST.diego.id)
})

test.each([
  "displayName ne 'a'",
  "not startswith(displayName,'a')",
  "endswith(mail,'@contoso.example')",
  'displayName eq null',
  "startswith(officeLocation,'1')",
])('%s needs both ConsistencyLevel and $count', async (expression) => {
  for (const [more, headers] of [
    ['', {}],
    ['', eventual],
    ['&$count=true', {}],
  ] as const) {
    const refused = await filter('users', expression, more, headers)
    expect([refused.status, codeOf(refused)]).toEqual([400, 'Request_UnsupportedQuery'])
  }
  expect((await filter('users', expression, '&$count=true', eventual)).status).toBe(200)
})

test.each(["startswith(jobTitle,'I')", "shoeSize eq '42'", "endswith(displayName,'n')"])(
  '%s is never supported',
  async (expression) => {
    const refused = await filter('users', expression, '&$count=true', eventual)
    expect([refused.status, codeOf(refused)]).toEqual([400, 'Request_UnsupportedQuery'])
  },
)

test.each([
  "contains(displayName,'a')",
  'displayName',
  "displayName like 'a'",
  "displayName eq 'a' and",
])('%s is not a valid filter', async (expression) => {
  const refused = await filter('users', expression, '&$count=true', eventual)
  expect([refused.status, codeOf(refused)]).toEqual([400, 'BadRequest'])
})

test('groups are filtered by kind', async () => {
  const unified = await ids('groups', "groupTypes/any(c:c eq 'Unified')")
  expect(unified).toContain(CAST_GROUPS.phoenixTwo)
  expect(unified).not.toContain(CAST_GROUPS.phoenixOne)
  const secure = await ids(
    'groups',
    "securityEnabled eq true and startswith(displayName,'Project')",
  )
  expect(secure).toContain(CAST_GROUPS.phoenixOne)
  expect(secure).not.toContain(CAST_GROUPS.phoenixTwo)
})

test('sorting together with filtering is an advanced query', async () => {
  const more = '&$orderby=displayName desc'
  const expression = "startswith(displayName,'Project')"
  expect((await filter('groups', expression, more)).status).toBe(400)
  const sorted = await filter('groups', expression, `${more}&$count=true`, eventual)
  const names = valueOf(sorted).map((group) => String(group['displayName']))
  expect(names).toEqual(names.toSorted((a, b) => b.localeCompare(a)))
  expect(names.length).toBeGreaterThan(2)
})

test('a repeated, unknown or malformed option is a bad request', async () => {
  for (const query of ['$top=5&$top=6', '$limit=5', '$top=many', '$count=yes', '$expand=manager']) {
    expect((await graph.get(`/v1.0/users?${query}`)).status).toBe(400)
  }
})
