import { describe, expect, test } from 'vitest'
import { CAST, CAST_GROUPS } from '../../sandbox/directory/cast.ts'
import type { Directory, Person } from '../../sandbox/directory/directory.ts'
import { createSandbox, type Sandbox } from '../../sandbox/sandbox.ts'
import { aSearcher, names } from './searcher-fixture.ts'

/** Given name, surname, display name; the address is made of the account. */
const STAFF: readonly (readonly [
  account: string,
  displayName: string,
  given: string,
  surname: string,
])[] = [
  ['jo', 'Jo', 'Jo', ''],
  ['jonas.weber', 'Jonas Weber', 'Jonas', 'Weber'],
  ['john.smith', 'John Smith', 'John', 'Smith'],
  ['john.smithson', 'John Smithson', 'John', 'Smithson'],
  ['smith.johnson', 'Smith Johnson', 'Smith', 'Johnson'],
  ['anne-marie.lefevre', 'Anne-Marie Lefèvre', 'Anne-Marie', 'Lefèvre'],
  ['jan.muller', 'Jan Müller', 'Jan', 'Müller'],
  ['kim.muller', 'Kim Muller', 'Kim', 'Muller'],
  ['lukasz.kowalczyk', 'Łukasz Kowalczyk', 'Łukasz', 'Kowalczyk'],
  ['zoe.decomposed', 'Zoe\u0308 Decomposed', 'Zoe\u0308', 'Decomposed'],
  ['cd.composed', 'Cle\u0301mentine Décomposée', 'Cle\u0301mentine', 'Décomposée'],
  ['nina.petrova', 'Нина Петрова', 'Нина', 'Петрова'],
  ['eleni.p', 'Ελένη Παπαδοπούλου', 'Ελένη', 'Παπαδοπούλου'],
  ['mohammed.alhassan', 'محمد الحسن', 'محمد', 'الحسن'],
  ['noa.cohen', 'נועה כהן', 'נועה', 'כהן'],
  ['xiaolong.wang', '王小龙', '小龙', '王'],
  ['taro.yamada', '山田 太郎', '太郎', '山田'],
  ['minjun.kim', '김민준', '민준', '김'],
  ['priya.sharma', 'प्रिया शर्मा', 'प्रिया', 'शर्मा'],
  ['somchai.jaidee', 'สมชาย ใจดี', 'สมชาย', 'ใจดี'],
  ['shane.oconnor', "Shane O'Connor", 'Shane', "O'Connor"],
  ['r.macdonald', 'Ronald MacDonald', 'Ronald', 'MacDonald'],
  ['vance.adele', 'Vance, Adele (Ext.)', 'Adele', 'Vance'],
  ['jo+sales', 'Sales Desk', 'Sales', 'Desk'],
  ['frontdesk', 'R&D Front Desk', 'R&D', 'Desk'],
]

function idOf(index: number): string {
  return `1a1b6f0e-2f6c-4f6e-8a77-${String(index).padStart(12, '0')}`
}

function contosoOf({ tenants }: Sandbox): Directory {
  const [contoso] = tenants
  if (contoso === undefined) throw new Error('no tenant')
  return contoso
}

/** Jonas and John Smithson work with Adele; everybody else is merely in the directory. */
function anOrganisation(): Sandbox {
  const sandbox = createSandbox({ people: 0, groups: 0 })
  const contoso = contosoOf(sandbox)
  const [template] = contoso.people
  if (template === undefined) throw new Error('nobody')
  for (const [index, [account, displayName, givenName, surname]] of STAFF.entries()) {
    const address = `${account}@contoso.example`
    const person: Person = {
      ...template,
      id: idOf(index),
      displayName,
      givenName,
      surname,
      mail: address,
      userPrincipalName: address,
    }
    contoso.putPerson(person)
  }
  // Graph has everyone acquainted with some: a crowd keeps those from being the ones of the table.
  for (let index = 0; index < 3000; index++) {
    const account = `filler${index}@filler.example`
    const id = idOf(100_000 + index)
    const displayName = `Quux Xyzzy ${index}`
    const naming = { displayName, givenName: 'Quux', surname: 'Xyzzy' }
    contoso.putPerson({ ...template, ...naming, id, mail: account, userPrincipalName: account })
  }
  const group = contoso.group(CAST_GROUPS.phoenixOne)
  if (group === null) throw new Error('no group')
  const memberIds = [CAST.adele.id, idOf(1), idOf(3)]
  contoso.putGroup({ ...group, memberIds })
  return sandbox
}

describe('the first result', () => {
  test.each([
    // Whom one works with comes first, exact or not.
    ['jo', 'Jonas Weber'],
    ['john smi', 'John Smithson'],
    // Unless a whole name was typed.
    ['john smith', 'John Smith'],
    ['smith john', 'John Smith'],
    ['john.smith@contoso.example', 'John Smith'],
    ['adele vance', 'Adele Vance'],
    // Any order, any case, any part.
    ['vance adele', 'Adele Vance'],
    ['VANCE', 'Adele Vance'],
    ['decomposed', 'Zoe\u0308 Decomposed'],
    ['donald', 'Ronald MacDonald'],
    ['macdon', 'Ronald MacDonald'],
    // Marks matter where they are typed, and are no obstacle where they are not in the directory.
    ['müller', 'Jan Müller'],
    ['muller', 'Kim Muller'],
    ['jan muller', 'Jan Müller'],
    ['kim müller', 'Kim Muller'],
    ['anne-marie lefe', 'Anne-Marie Lefèvre'],
    ['anne marie', 'Anne-Marie Lefèvre'],
    ['annemarie', 'Anne-Marie Lefèvre'],
    ['łukasz', 'Łukasz Kowalczyk'],
    ['lukasz', 'Łukasz Kowalczyk'],
    ['zoë', 'Zoe\u0308 Decomposed'],
    ['clém', 'Cle\u0301mentine Décomposée'],
    // Every script, in its own order and reversed.
    ['нина', 'Нина Петрова'],
    ['Петрова Нина', 'Нина Петрова'],
    ['nina', 'Нина Петрова'],
    ['ελένη', 'Ελένη Παπαδοπούλου'],
    ['ΕΛΈΝΗ', 'Ελένη Παπαδοπούλου'],
    ['محمد', 'محمد الحسن'],
    ['الحسن محمد', 'محمد الحسن'],
    ['כהן', 'נועה כהן'],
    ['王小', '王小龙'],
    ['小龙', '王小龙'],
    ['太郎', '山田 太郎'],
    ['太郎 山田', '山田 太郎'],
    ['김민', '김민준'],
    ['민준', '김민준'],
    ['शर्मा', 'प्रिया शर्मा'],
    ['ใจดี', 'สมชาย ใจดี'],
    // Symbols and addresses.
    ["o'connor", "Shane O'Connor"],
    ['oconnor', "Shane O'Connor"],
    ['O’Connor', "Shane O'Connor"],
    ['r&d', 'R&D Front Desk'],
    ['front desk', 'R&D Front Desk'],
    ['jo+sales', 'Sales Desk'],
    ['jo+sales@contoso.example', 'Sales Desk'],
    ['xiaolong.wang@', '王小龙'],
    ['"megan"', 'Megan Bowen'],
    ['meg\\', 'Megan Bowen'],
    // Groups, when nobody is called so.
    ['phoenix', 'Project Phoenix'],
    ['chat', 'Chat Administrators'],
    ['sales', 'Sales Desk'],
    // A slip of the finger, among those one works with.
    ['webre', 'Jonas Weber'],
    ['jonsa weber', 'Jonas Weber'],
  ])('for %s is %s', async (text, expected) => {
    const adele = await aSearcher({ sandbox: anOrganisation() })
    const answer = await adele.search(text)
    expect(names(answer)[0]).toBe(expected)
    expect(answer.status).toEqual({ people: 'ok', users: 'ok', groups: 'ok', local: 'off' })
  })
})

describe('the list', () => {
  test('names everyone once, people before groups', async () => {
    const adele = await aSearcher({ sandbox: anOrganisation() })
    const { results } = await adele.search('jo')
    const ids = results.map(({ idOnTheSource }) => idOnTheSource)
    expect(new Set(ids).size).toBe(ids.length)
    expect(results.map(({ name }) => name)).toEqual([
      'Jonas Weber',
      'John Smithson',
      'Jo',
      'John Smith',
      'Smith Johnson',
      'Sales Desk',
    ])
  })

  test('keeps places for groups when people alone would fill it', async () => {
    const adele = await aSearcher({ sandbox: createSandbox({ people: 3000, groups: 200 }) })
    const { results } = await adele.search('pr', { limit: '8' })
    const types = results.map(({ type }) => type)
    expect(types).toEqual([...Array(6).fill('user'), ...Array(2).fill('group')])
  })

  test('holds contacts, rooms, mail groups and who has left for nobody of the directory', async () => {
    const adele = await aSearcher()
    for (const text of ['lee gu', 'jacob caz', 'ingrid bau', 'sales, wor', 'no-reply']) {
      for (const { idOnTheSource } of (await adele.search(text)).results) {
        const contoso = contosoOf(adele.sandbox)
        expect(contoso.person(idOnTheSource) ?? contoso.group(idOnTheSource)).not.toBeNull()
      }
    }
    expect(names(await adele.search('lee gu'))).toEqual([])
  })

  test('has those whom Graph knows by a mailbox’s id by their own', async () => {
    const adele = await aSearcher()
    const contoso = contosoOf(adele.sandbox)
    const answers = await Promise.all(
      contoso.people
        .slice(0, 30)
        .map(({ displayName }) => displayName)
        .filter((name) => name.length > 2)
        .map((name) => adele.search(name.slice(0, 90), { types: 'user' })),
    )
    for (const { results } of answers) {
      for (const { idOnTheSource } of results) expect(contoso.person(idOnTheSource)).not.toBeNull()
    }
  })
})
