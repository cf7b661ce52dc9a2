import { CONTOSO, FABRIKAM } from './cast.ts'
import { contosoGroups, FABRIKAM_GROUPS } from './cast-groups.ts'
import { CONTOSO_PEOPLE, FABRIKAM_PEOPLE } from './cast-people.ts'
import { Directory, type Group, type Person } from './directory.ts'
import { NAME_LISTS, ODD_NAMES, toAscii } from './names.ts'
import { createRandom, mix, type Random } from './random.ts'
import { DEPARTMENTS, JOB_TITLES, PARTNER_DOMAINS, SUBJECTS } from './work.ts'

export interface DirectorySize {
  readonly seed: number
  /** Generated people and groups in Contoso, beside the cast. */
  readonly people: number
  readonly groups: number
}

/**
 * Contoso, where Entrada is registered, and Fabrikam, whose people must be refused or kept apart.
 */
export function createDirectories(size: DirectorySize): readonly Directory[] {
  const people = generatePeople(size)
  return [
    new Directory({
      tenantId: CONTOSO,
      domain: 'contoso.example',
      people: [...CONTOSO_PEOPLE, ...people],
      groups: [...contosoGroups(people), ...generateGroups(size, people)],
    }),
    new Directory({
      tenantId: FABRIKAM,
      domain: 'fabrikam.example',
      people: FABRIKAM_PEOPLE,
      groups: FABRIKAM_GROUPS,
    }),
  ]
}

interface Naming {
  readonly displayName: string
  readonly givenName: string | null
  readonly surname: string | null
  readonly alias: string
}

interface Generated {
  readonly people: Person[]
  /** Counts the people with this alias so far. */
  readonly taken: Map<string, number>
  previous: Naming | null
}

const generatedBySeed = new Map<number, Generated>()

/**
 * Each person depends only on the seed and their position, so that a larger directory only adds
 * people. People never change; all sandboxes of a process share those of a seed (60,000 take
 * seconds).
 */
function generatePeople({ seed, people: count }: DirectorySize): readonly Person[] {
  const fresh: Generated = { people: [], taken: new Map(), previous: null }
  const generated = generatedBySeed.get(seed) ?? fresh
  generatedBySeed.set(seed, generated)
  const { people, taken } = generated
  for (let index = people.length; index < count; index++) {
    const random = createRandom(mix(seed, 1, index))
    const id = random.guid()
    // Adjacent people share a name: a user interface must make them distinguishable.
    const { previous } = generated
    const naming: Naming = previous !== null && index % 40 === 7 ? previous : name(random)
    generated.previous = naming
    const uses = (taken.get(naming.alias) ?? 0) + 1
    taken.set(naming.alias, uses)
    people.push(person(random, { ...naming, id, alias: `${naming.alias}${uses > 1 ? uses : ''}` }))
  }
  return people.slice(0, count)
}

function person(random: Random, naming: Naming & { readonly id: string }): Person {
  const { id, displayName, givenName, surname, alias } = naming
  const isGuest = random.chance(0.04)
  const home = `${alias}@${random.pick(PARTNER_DOMAINS)}`
  const account = `${alias}@contoso.example`
  const hasMail = random.chance(0.97)
  return {
    id,
    displayName,
    givenName,
    surname,
    mail: isGuest ? home : hasMail ? account : null,
    userPrincipalName: isGuest ? `${home.replace('@', '_')}#EXT#@contoso.example` : account,
    jobTitle: !isGuest && random.chance(0.8) ? random.pick(JOB_TITLES) : null,
    department: !isGuest && random.chance(0.9) ? random.pick(DEPARTMENTS) : null,
    userType: isGuest ? 'Guest' : 'Member',
    accountEnabled: random.chance(0.97),
    hasPhoto: random.chance(0.6),
    hasOneDrive: !isGuest && random.chance(0.9),
    appRoles: [],
    isAdministrator: false,
  }
}

function name(random: Random): Naming {
  if (random.chance(0.03)) {
    const odd = random.pick(ODD_NAMES)
    return { displayName: odd.native, givenName: null, surname: null, alias: odd.ascii }
  }
  const list = random.pick(NAME_LISTS)
  const given = random.pick(list.given)
  const surname = random.pick(list.surnames)
  const displayName = {
    'given first': `${given.native} ${surname.native}`,
    'surname first': `${surname.native} ${given.native}`,
    'surname first, unspaced': `${surname.native}${given.native}`,
  }[list.order]
  return {
    displayName,
    givenName: given.native,
    surname: surname.native,
    alias: `${given.ascii}.${surname.ascii}`,
  }
}

const KINDS = ['security', 'security', 'unified', 'dynamic', 'distribution'] as const

/** Members are generated people and earlier generated groups; the cast's memberships stay fixed. */
function generateGroups(size: DirectorySize, people: readonly Person[]): readonly Group[] {
  const generated: Group[] = []
  for (let index = 0; index < size.groups; index++) {
    const random = createRandom(mix(size.seed, 2, index))
    const kind = random.pick(KINDS)
    const subject = random.pick(SUBJECTS)
    const department = random.pick(DEPARTMENTS)
    const mailNickname = `${toAscii(subject) || 'group'}-${index + 1}`
    const isUnified = kind === 'unified' || kind === 'dynamic'
    const members = Array.from({ length: people.length === 0 ? 0 : 2 + random.below(40) }, () =>
      random.pick(people),
    )
    const nested = generated.length > 0 && kind === 'security' && random.chance(0.3)
    generated.push({
      id: random.guid(),
      displayName: random.chance(0.7) ? `${subject} ${department}` : subject,
      description: random.chance(0.6) ? `${department}: everything about ${subject}` : null,
      mail: kind === 'security' ? null : `${mailNickname}@contoso.example`,
      mailNickname,
      securityEnabled: kind === 'security',
      groupTypes: isUnified
        ? ['Unified', ...(kind === 'dynamic' ? ['DynamicMembership'] : [])]
        : [],
      visibility: isUnified && random.chance(0.2) ? 'Public' : 'Private',
      ownerIds: members.slice(0, 1).map((owner) => owner.id),
      memberIds: [
        ...new Set(members.map((member) => member.id)),
        ...(nested ? [random.pick(generated).id] : []),
      ],
      isAssignedToApplication: false,
    })
  }
  return generated
}
