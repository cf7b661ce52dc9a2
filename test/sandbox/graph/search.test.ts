import { expect, test } from 'vitest'
import { CAST, CONTOSO } from '../directory/cast.ts'
import { aSandbox, calling, codeOf, valueOf } from './graph-caller.ts'
import { matchesTokens, tokenise } from './tokens.ts'
import { aString } from './matchers.ts'

const sandbox = aSandbox()
const graph = calling(sandbox)
const eventual = { consistencylevel: 'eventual' }

const search = (path: string, expression: string) =>
  graph.get(`/v1.0/${path}?$search=${encodeURIComponent(expression)}&$select=displayName`, eventual)
const names = async (path: string, expression: string) =>
  valueOf(await search(path, expression)).map((entity) => entity['displayName'])

// Examples from Microsoft's documentation, then from its footnotes.
test.each([
  ['hello world', ['hello', 'world']],
  ['HelloWorld', ['hello', 'world']],
  ['helloWORLD', ['hello', 'world']],
  ['hello.world', ['hello', '.', 'world', 'helloworld']],
  ['hello123world', ['hello', '123', 'world']],
  ['HELLOworld', ['helloworld']],
  ['HelloWORld', ['hello', 'world']],
])('%s is tokenised as %j', (text, tokens) => {
  expect(tokenise(text)).toEqual(tokens)
})

test.each(['李四(David Li)', '李四', 'David', 'Li', 'David)', '(李四', 'Li 李'])(
  '李四(David Li) is found by %s',
  (sought) => {
    expect(matchesTokens(tokenise('李四(David Li)'), sought)).toBe(true)
  },
)

test.each([
  ['hello-world', 'helloworld', true],
  ['hello.world', 'helloworld', true],
  ['HelloWorld', 'helloworld', false],
  ['Vance, Adele', 'adele vance', true],
  ['Adele Vance', 'ADELE', true],
  ['Adele Vance', 'ade van', true],
  ['Adele Vance', 'dele', false],
  ['Adele Vance', 'adele bowen', false],
  ["O'Hara", 'ohara', true],
  ["O'Hara", "O'Hara", true],
  ['Zoë', 'zoe', false],
])('%s matches %s: %s', (value, sought, expected) => {
  expect(matchesTokens(tokenise(value), sought)).toBe(expected)
})

test('names are searched by tokens, other properties by prefix', async () => {
  expect(await names('users', '"displayName:bowen"')).toContain('Megan Bowen')
  expect(await names('users', '"displayName:owen"')).not.toContain('Megan Bowen')
  expect(await names('users', '"mail:megan.b"')).toEqual(['Megan Bowen'])
  expect(await names('users', '"mail:bowen"')).toEqual([])
  expect(await names('users', '"userPrincipalName:MEGAN.BOWEN@"')).toEqual(['Megan Bowen'])
})

test('clauses combine with AND, OR and parentheses', async () => {
  const both = '"displayName:megan" AND "displayName:bowen"'
  expect(await names('users', both)).toEqual(['Megan Bowen'])
  const either = '"mail:megan.bowen" OR "mail:adele.vance"'
  expect(await names('users', either)).toEqual(['Adele Vance', 'Megan Bowen'])
  const nested = '"displayName:project" AND ("displayName:phoenix" OR "description:nowhere")'
  expect(await names('groups', nested)).toEqual(['Project Phoenix', 'Project Phoenix'])
})

test('two groups with the same name are both found and have different descriptions', async () => {
  expect(await names('groups', '"description:launch" AND "description:asia"')).toEqual([
    'Project Phoenix',
  ])
})

test('a search without the header is refused', async () => {
  const refused = await graph.get(`/v1.0/users?$search=${encodeURIComponent('"displayName:a"')}`)
  expect([refused.status, codeOf(refused)]).toEqual([400, 'Request_UnsupportedQuery'])
})

test.each([
  ['bare words', 'displayName:megan', 'BadRequest'],
  ['an unterminated quote', '"displayName:megan', 'BadRequest'],
  ['no property', '"megan"', 'BadRequest'],
  ['no text', '"displayName:"', 'BadRequest'],
  ['an unknown property', '"shoeSize:42"', 'Request_UnsupportedQuery'],
  ['lower-case operators', '"displayName:a" or "displayName:b"', 'BadRequest'],
  ['a parenthesis left open', '("displayName:a"', 'BadRequest'],
  ['a backslash before anything else', '"displayName:a\\b"', 'BadRequest'],
  ['a single-quoted clause', "'displayName:a'", 'BadRequest'],
  ['nothing', '', 'BadRequest'],
  ['a dangling operator', '"displayName:a" AND', 'BadRequest'],
])('a search with %s is a bad request', async (_, expression, code) => {
  const refused = await search('users', expression)
  expect([refused.status, codeOf(refused)]).toEqual([400, code])
})

test('quotes and backslashes are found when they are escaped', async () => {
  const own = aSandbox()
  const [contoso] = own.tenants
  const adele = contoso?.person(CAST.adele.id)
  if (contoso === undefined || adele === null || adele === undefined) throw new Error('no Adele')
  contoso.putPerson({ ...adele, displayName: 'Quixote\\Panza "Dulcinea"' })
  const caller = calling(own)
  const find = (text: string) =>
    caller.get(`/v1.0/users?$search=${encodeURIComponent(`"displayName:${text}"`)}`, eventual)
  expect(valueOf(await find('\\"Dulcinea\\"'))).toHaveLength(1)
  expect(valueOf(await find('Quixote\\\\Panza'))).toHaveLength(1)
  expect((await find('"Dulcinea"')).status).toBe(400)
})

test('an ampersand is an error, encoded or not', async () => {
  const refused = await search('users', '"displayName:Hara & Söhne"')
  expect([refused.status, codeOf(refused)]).toEqual([400, 'Request_BadRequest'])
  expect(JSON.stringify(refused.body)).toContain('Unrecognized query argument specified')
  expect(await names('users', '"displayName:Hara Söhne"')).toEqual([`Ünal, "Ops" O'Hara & Söhne`])
})

test('a search that breaks out of its quotes is evaluated as written', async () => {
  const injected = '"displayName:zzz" OR "mail:megan.bowen"'
  expect(await names('users', injected)).toEqual(['Megan Bowen'])
})

test('search and filter both apply', async () => {
  const query = `$search=${encodeURIComponent('"displayName:phoenix"')}&$filter=securityEnabled eq true`
  const found = await graph.get(`/v1.0/groups?${query}&$select=id,securityEnabled`, eventual)
  expect(valueOf(found)).toEqual([{ id: aString(), securityEnabled: true }])
})

test('a change in the directory appears in the search', async () => {
  const own = aSandbox()
  const contoso = own.tenants.find(({ tenantId }) => tenantId === CONTOSO)
  const adele = contoso?.person(CAST.adele.id)
  if (contoso === undefined || adele === null || adele === undefined) throw new Error('no Adele')
  const find = async () =>
    valueOf(
      await calling(own).get(
        `/v1.0/users?$search=${encodeURIComponent('"displayName:quixotic"')}`,
        eventual,
      ),
    )
  expect(await find()).toHaveLength(0)
  contoso.putPerson({ ...adele, displayName: 'Quixotic Adele' })
  expect(await find()).toHaveLength(1)
})

test('a directory of 20,000 is searched in 200 ms', async () => {
  const large = calling(aSandbox({ people: 20_000 }))
  const path = `/v1.0/users?$search=${encodeURIComponent('"displayName:mar" OR "mail:mar"')}`
  const times: number[] = []
  for (let run = 0; run < 4; run++) {
    const started = performance.now()
    expect((await large.get(path, eventual)).status).toBe(200)
    times.push(performance.now() - started)
  }
  expect(Math.min(...times)).toBeLessThan(200)
})
