import { expect, test } from 'vitest'
import { CAST, CONTOSO } from '../directory/cast.ts'
import { aSandbox, calling, codeOf, valueOf } from './graph-caller.ts'
import { matchPerson } from './people-search.ts'
import { aNumber } from './matchers.ts'

const sandbox = aSandbox()
const graph = calling(sandbox)
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const people = (query: string, headers = {}) => graph.get(`/v1.0/me/people?${query}`, headers)
const search = async (text: string, headers = {}) =>
  valueOf(await people(`$search=${encodeURIComponent(text)}`, headers))

test('returns ten people by default, the most relevant first', async () => {
  expect(valueOf(await people(''))).toHaveLength(10)
  const all = valueOf(await people('$top=1000'))
  expect(all[0]).toMatchObject({ id: CAST.megan.id, displayName: 'Megan Bowen' })
  const scores = all
    .map((person) => person['scoredEmailAddresses'])
    .map((addresses) => Number(/"relevanceScore":([-.\d]+)/.exec(JSON.stringify(addresses))?.[1]))
    .filter((score) => !Number.isNaN(score))
  expect(scores.length).toBeGreaterThan(10)
  expect(scores).toEqual(scores.toSorted((a, b) => b - a))
})

test('an entry has the documented format', async () => {
  const [megan] = valueOf(await people('$top=1'))
  expect(megan).toEqual({
    id: CAST.megan.id,
    displayName: 'Megan Bowen',
    givenName: 'Megan',
    surname: 'Bowen',
    birthday: '',
    personNotes: '',
    isFavorite: false,
    jobTitle: 'Marketing Manager',
    companyName: null,
    yomiCompany: '',
    department: 'Marketing',
    officeLocation: null,
    profession: '',
    userPrincipalName: 'megan.bowen@contoso.example',
    imAddress: 'sip:megan.bowen@contoso.example',
    scoredEmailAddresses: [
      {
        address: 'megan.bowen@contoso.example',
        relevanceScore: aNumber(),
        selectionLikelihood: 'notSpecified',
      },
    ],
    phones: [],
    postalAddresses: [],
    websites: [],
    personType: { class: 'Person', subclass: 'OrganizationUser' },
  })
})

test('results include private contacts, groups and people who left', async () => {
  const all = valueOf(await people('$top=1000'))
  const contact = all.find((person) => person['displayName'] === 'Jacob Cazares (TAILSPIN)')
  expect(contact).toMatchObject({
    userPrincipalName: '',
    personType: { class: 'Person', subclass: 'PersonalContact' },
  })
  expect(contact?.['id']).not.toMatch(GUID)
  expect(all.filter((person) => person['displayName'] === 'Megan Bowen')).toHaveLength(2)
  expect(all.some((person) => JSON.stringify(person['personType']).includes('Group'))).toBe(true)
  const left = all.find((person) => person['displayName'] === 'Lee Gu')
  expect(left?.['id']).toMatch(GUID)
  expect((await graph.get(`/v1.0/users/${String(left?.['id'])}`)).status).toBe(404)
})

test('some colleagues have an id that the directory does not know', async () => {
  const filter = encodeURIComponent("personType/subclass eq 'OrganizationUser'")
  const colleagues = valueOf(await people(`$top=1000&$filter=${filter}`))
  const strange = colleagues.filter((person) => !GUID.test(String(person['id'])))
  expect(strange.length).toBeGreaterThan(0)
  expect(strange.length).toBeLessThan(colleagues.length / 4)
})

test('guests are never relevant people', async () => {
  const guests = new Set(
    sandbox.tenants
      .find(({ tenantId }) => tenantId === CONTOSO)
      ?.people.filter(({ userType }) => userType === 'Guest')
      .map(({ id }) => id),
  )
  const all = valueOf(await people('$top=1000'))
  expect(all.filter((person) => guests.has(String(person['id'])))).toEqual([])
})

test('a filter returns the organisation’s users only', async () => {
  const filter = "personType/class eq 'Person' and personType/subclass eq 'OrganizationUser'"
  const found = valueOf(await people(`$top=1000&$filter=${encodeURIComponent(filter)}`))
  expect(new Set(found.map((person) => JSON.stringify(person['personType'])))).toEqual(
    new Set(['{"class":"Person","subclass":"OrganizationUser"}']),
  )
})

// Examples from Microsoft's documentation.
test.each([
  ['tyler', 'exact'],
  ['tylerle', 'exact'],
  ['tylerle@example.com', 'exact'],
  ['tiler', 'fuzzy'],
  ['tyler lee', 'exact'],
  ['lee tyl', 'exact'],
  ['tylre', 'fuzzy'],
  ['yler', 'fuzzy'],
  ['ler', null],
  ['tom', null],
  ['tyler smith', null],
  ['', null],
])('Tyler Lee matches %s: %s', (phrase, expected) => {
  const tyler = {
    displayName: 'Tyler Lee',
    scoredEmailAddresses: [{ address: 'tylerle@example.com' }],
  }
  expect(matchPerson(tyler, phrase)).toBe(expected)
})

test('only a space or an @ needs quotes', async () => {
  expect((await search('meg'))[0]).toMatchObject({ id: CAST.megan.id })
  expect((await search('"megan bowen"'))[0]).toMatchObject({ id: CAST.megan.id })
  expect((await search('"megan.bowen@contoso.example"'))[0]).toMatchObject({ id: CAST.megan.id })
  for (const bare of ['megan bowen', 'megan.bowen@contoso.example', 'displayName:megan']) {
    const refused = await people(`$search=${encodeURIComponent(bare)}`)
    expect([bare, refused.status, codeOf(refused)]).toEqual([bare, 400, 'BadRequest'])
  }
})

test('a property clause is searched for as text', async () => {
  expect(await search('"displayName:megan"')).toEqual([])
})

test('an ampersand is allowed', async () => {
  expect((await people(`$search=${encodeURIComponent('"a & b"')}`)).status).toBe(200)
})

test('the rest of the directory is searched only on request', async () => {
  const alex = '"alex.wilber"'
  const known = await search(alex)
  const all = await search(alex, { 'x-peoplequery-querysources': 'Mailbox,Directory' })
  expect(all.map((person) => person['id'])).toContain(CAST.alex.id)
  expect(all.length).toBeGreaterThanOrEqual(known.length)
})

test('nextLinks use $skip', async () => {
  const first = await people('$top=3&$select=displayName')
  expect(first.body['@odata.nextLink']).toBe(
    'https://graph.microsoft.com/v1.0/me/people?$top=3&$select=displayName&$skip=3',
  )
  const second = await graph.get(String(first.body['@odata.nextLink']))
  const ids = [...valueOf(first), ...valueOf(second)].map((person) => person['id'])
  expect(new Set(ids).size).toBe(6)
})

test('needs no header, and accepts a trailing slash', async () => {
  expect((await graph.get('/v1.0/me/people/?$search=megan')).status).toBe(200)
})

test('a user without a mailbox has no relevant people', async () => {
  const refused = await calling(sandbox, CAST.unal).get('/v1.0/me/people')
  expect([refused.status, codeOf(refused)]).toEqual([404, 'MailboxNotEnabledForRESTAPI'])
})

test('an insights outage or a missing service leaves the rest working', async () => {
  const own = aSandbox()
  const caller = calling(own)
  own.faults.set('graph.people_outage', { times: 1 })
  expect((await caller.get('/v1.0/me/people')).status).toBe(503)
  own.faults.set('graph.people_missing')
  const missing = await caller.get('/v1.0/me/people')
  expect([missing.status, codeOf(missing)]).toEqual([400, 'BadRequest'])
  expect((await caller.get('/v1.0/users')).status).toBe(200)
})
