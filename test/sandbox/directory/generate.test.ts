import { expect, test } from 'vitest'
import { CAST, CAST_GROUPS, CONTOSO } from './cast.ts'
import { createDirectories } from './generate.ts'

const [contoso, fabrikam] = createDirectories({ seed: 1, people: 3000, groups: 60 })
if (contoso === undefined || fabrikam === undefined) throw new Error('two tenants expected')

const groupIdsOf = (id: string) => contoso.transitiveGroupsOf(id).map((group) => group.id)

test('the same seed produces the same directory, another seed a different one', () => {
  const again = createDirectories({ seed: 1, people: 3000, groups: 60 })
  const other = createDirectories({ seed: 2, people: 3000, groups: 60 })
  expect(again[0]?.people).toEqual(contoso.people)
  expect(again[0]?.groups).toEqual(contoso.groups)
  expect(other[0]?.people.at(-1)).not.toEqual(contoso.people.at(-1))
})

test('a larger directory only adds people', () => {
  const larger = createDirectories({ seed: 1, people: 3500, groups: 0 })[0]?.people ?? []
  expect(larger.slice(0, contoso.people.length)).toEqual(contoso.people)
})

test('Adele is in exactly three groups, the last of them over three levels', () => {
  expect(contoso.directGroupsOf(CAST.adele.id).map((group) => group.id)).toEqual([
    CAST_GROUPS.chatUsers,
  ])
  expect(groupIdsOf(CAST.adele.id)).toEqual([
    CAST_GROUPS.chatUsers,
    CAST_GROUPS.everyoneInSales,
    CAST_GROUPS.allEmployees,
  ])
})

test('Megan is in 700 security groups, which overflow the groups claim', () => {
  const groups = contoso.transitiveGroupsOf(CAST.megan.id)
  expect(groups.filter((group) => group.securityEnabled)).toHaveLength(700)
})

test('Ünal has a difficult name, no mailbox and no OneDrive', () => {
  expect(contoso.person(CAST.unal.id)).toMatchObject({
    displayName: `Ünal, "Ops" O'Hara & Söhne`,
    mail: null,
    hasOneDrive: false,
  })
})

test('the cast keeps its ids and its tenant', () => {
  expect(contoso.tenantId).toBe(CONTOSO)
  for (const { id, userPrincipalName } of Object.values(CAST)) {
    const directory = id === CAST.felix.id ? fabrikam : contoso
    expect(directory.person(id)?.userPrincipalName).toBe(userPrincipalName)
  }
})

test('ids and principal names are unique', () => {
  const { people, groups } = contoso
  expect(new Set([...people, ...groups].map(({ id }) => id)).size).toBe(
    people.length + groups.length,
  )
  const names = people.map((person) => person.userPrincipalName.toLowerCase())
  expect(new Set(names).size).toBe(people.length)
})

test('ids look like the GUIDs that Entra issues', () => {
  const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
  for (const { id } of [...contoso.people, ...contoso.groups]) expect(id).toMatch(guid)
})

test.each([
  ['Cyrillic', /\p{Script=Cyrillic}/u],
  ['Greek', /\p{Script=Greek}/u],
  ['Arabic', /\p{Script=Arabic}/u],
  ['Hebrew', /\p{Script=Hebrew}/u],
  ['Han', /\p{Script=Han}/u],
  ['Hangul', /\p{Script=Hangul}/u],
  ['Devanagari', /\p{Script=Devanagari}/u],
  ['Thai', /\p{Script=Thai}/u],
  ['Latin letters with marks', /[éüłøğ]/],
  ['apostrophes', /'/],
  ['quotes', /"/],
  ['ampersands', /&/],
  ['hyphens', /-/],
  ['markup', /<b>/],
  ['one word', /^\p{L}+$/u],
  ['more than a hundred characters', /^.{100}/u],
])('generated names vary like real ones: %s', (_, pattern) => {
  expect(contoso.people.slice(6).some((person) => pattern.test(person.displayName))).toBe(true)
})

test('people with the same name exist and differ in their principal names', () => {
  const names = contoso.people.map((person) => person.displayName)
  expect(new Set(names).size).toBeLessThan(names.length)
})

test('a directory of 5,000 people is generated in less than 200 ms', () => {
  // Uses the best of three runs, because the machine may be busy.
  const times = [1, 2, 3].map((seed) => {
    const started = performance.now()
    createDirectories({ seed, people: 5000, groups: 100 })
    return performance.now() - started
  })
  expect(Math.min(...times)).toBeLessThan(200)
})
