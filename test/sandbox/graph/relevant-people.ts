import type * as graph from '@microsoft/microsoft-graph-types'
import type { Person } from '../directory/directory.ts'
import { mix } from '../directory/random.ts'
import type { Caller } from './caller.ts'

/** Larger groups do not make their members relevant to each other. */
const SMALL_GROUP = 150
const ACQUAINTANCES = 40

/** The caller's contacts, the closest first. Guests are never among them. */
export function relevantPeople(caller: Caller): readonly graph.Person[] {
  const { directory, person } = caller
  const known = new Map<string, Person>()
  const add = (candidate: Person | null | undefined) => {
    if (candidate === null || candidate === undefined) return
    if (candidate.id === person.id || candidate.userType === 'Guest') return
    known.set(candidate.id, candidate)
  }
  const groups = directory
    .transitiveGroupsOf(person.id)
    .filter(({ memberIds, visibility }) => {
      return visibility !== 'HiddenMembership' && memberIds.length <= SMALL_GROUP
    })
    .toSorted((a, b) => a.memberIds.length - b.memberIds.length)
  for (const group of groups) for (const id of group.memberIds) add(directory.person(id))
  const { people } = directory
  const own = seedOf(person.id)
  for (let index = 0; index < ACQUAINTANCES; index++) add(people[mix(own, index) % people.length])
  const colleagues = [...known.values()].map((colleague, index) => toColleague(colleague, index))
  const [closest, ...others] = colleagues
  return [...(closest === undefined ? [] : [closest]), ...unlistedEntries(person), ...others]
}

/** The rest of the directory, for `X-PeopleQuery-QuerySources: Mailbox,Directory`. */
export function directoryPeople({ directory }: Caller): readonly graph.Person[] {
  return directory.people
    .filter(({ userType }) => userType === 'Member')
    .map((person) => toColleague(person, -1))
}

/**
 * A user of the organisation. Some entries have a mailbox id instead: microsoft-graph-toolkit#1387.
 */
function toColleague(person: Person, index: number): graph.Person {
  return {
    ...NOTHING_KNOWN,
    id: index > 0 && index % 9 === 0 ? mailboxIdOf(person.id) : person.id,
    displayName: person.displayName,
    givenName: person.givenName,
    surname: person.surname,
    jobTitle: person.jobTitle,
    department: person.department,
    userPrincipalName: person.userPrincipalName,
    imAddress: person.mail === null ? null : `sip:${person.mail}`,
    scoredEmailAddresses: person.mail === null ? [] : [{ address: person.mail }],
    personType: { class: 'Person', subclass: 'OrganizationUser' },
  }
}

/** Entries that are not in the directory: private contacts, people who left, mail groups. */
function unlistedEntries(person: Person): readonly graph.Person[] {
  const contact = (displayName: string, address: string): graph.Person => ({
    ...NOTHING_KNOWN,
    id: mailboxIdOf(`${person.id} ${address}`),
    displayName,
    userPrincipalName: '',
    scoredEmailAddresses: [{ address }],
    personType: { class: 'Person', subclass: 'PersonalContact' },
  })
  return [
    contact('Jacob Cazares (TAILSPIN)', 'jacob@tailspin.example'),
    contact('Megan Bowen', 'megan.private@mail.example'),
    contact('Dr. Ingrid Bauer', 'praxis@bauer.example'),
    contact('', 'no-reply@newsletter.example'),
    {
      ...NOTHING_KNOWN,
      id: '0f1b6f0e-2f6c-4f6e-8a77-00000000dead',
      displayName: 'Lee Gu',
      givenName: 'Lee',
      surname: 'Gu',
      userPrincipalName: 'lee.gu@contoso.example',
      scoredEmailAddresses: [{ address: 'lee.gu@contoso.example' }],
      personType: { class: 'Person', subclass: 'OrganizationUser' },
    },
    {
      ...NOTHING_KNOWN,
      id: mailboxIdOf(`${person.id} group`),
      displayName: 'Sales, world-wide',
      userPrincipalName: '',
      scoredEmailAddresses: [{ address: 'sales@contoso.example' }],
      personType: { class: 'Group', subclass: 'UnifiedGroup' },
    },
  ]
}

const NOTHING_KNOWN: graph.Person = {
  givenName: null,
  surname: null,
  birthday: '',
  personNotes: '',
  isFavorite: false,
  jobTitle: null,
  companyName: null,
  yomiCompany: '',
  department: null,
  officeLocation: null,
  profession: '',
  imAddress: null,
  phones: [],
  postalAddresses: [],
  websites: [],
}

function mailboxIdOf(name: string): string {
  return `AAMkAG${Buffer.from(name.replaceAll('-', '')).toString('base64')}`
}

function seedOf(id: string): number {
  return mix(...id.split('-').map((part) => Number.parseInt(part.slice(-8), 16)))
}
