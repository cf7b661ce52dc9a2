/** A user object as Entra and Graph know it. */
export interface Person {
  readonly id: string
  readonly displayName: string
  readonly givenName: string | null
  readonly surname: string | null
  /** `null` for people without a mailbox; sign-in must not depend on this property. */
  readonly mail: string | null
  readonly userPrincipalName: string
  readonly jobTitle: string | null
  readonly department: string | null
  readonly userType: 'Member' | 'Guest'
  readonly accountEnabled: boolean
  readonly hasPhoto: boolean
  /** Guests, unlicensed people and newcomers have no OneDrive: `/me/drive` is 404 for them. */
  readonly hasOneDrive: boolean
  /** Where a multi-geo tenant stores the person's data; absent in the default location. */
  readonly preferredDataLocation?: 'EUR'
  /** App roles of the registration, direct or through a group. */
  readonly appRoles: readonly string[]
  /** May consent for the whole organisation. */
  readonly isAdministrator: boolean
}

export interface Group {
  readonly id: string
  readonly displayName: string
  readonly description: string | null
  readonly mail: string | null
  readonly mailNickname: string
  readonly securityEnabled: boolean
  readonly groupTypes: readonly string[]
  readonly visibility: 'Public' | 'Private' | 'HiddenMembership'
  readonly ownerIds: readonly string[]
  /** Direct members: people and groups. */
  readonly memberIds: readonly string[]
  /**
   * Assigned to the enterprise application, which `groupMembershipClaims: ApplicationGroup`
   * requires.
   */
  readonly isAssignedToApplication: boolean
}

export interface DirectoryContents {
  readonly tenantId: string
  /** Verified domain, e.g. `contoso.example`. An authority may name the tenant by it. */
  readonly domain: string
  readonly people: readonly Person[]
  readonly groups: readonly Group[]
}

/**
 * One tenant's people and groups. Tests change them through `put…` and `remove…`, as an
 * administrator would.
 */
export class Directory {
  readonly tenantId: string
  readonly domain: string
  readonly #people = new Map<string, Person>()
  readonly #groups = new Map<string, Group>()
  #parents: Map<string, Set<string>> | null = null

  constructor(contents: DirectoryContents) {
    this.tenantId = contents.tenantId
    this.domain = contents.domain
    for (const person of contents.people) this.#people.set(person.id, person)
    for (const group of contents.groups) this.#groups.set(group.id, group)
  }

  get people(): readonly Person[] {
    return [...this.#people.values()]
  }

  get groups(): readonly Group[] {
    return [...this.#groups.values()]
  }

  person(id: string): Person | null {
    return this.#people.get(id) ?? null
  }

  personByPrincipalName(name: string): Person | null {
    const wanted = name.toLowerCase()
    for (const person of this.#people.values()) {
      if (person.userPrincipalName.toLowerCase() === wanted) return person
    }
    return null
  }

  group(id: string): Group | null {
    return this.#groups.get(id) ?? null
  }

  putPerson(person: Person): void {
    this.#people.set(person.id, person)
  }

  putGroup(group: Group): void {
    this.#groups.set(group.id, group)
    this.#parents = null
  }

  removePerson(id: string): void {
    this.#people.delete(id)
  }

  removeGroup(id: string): void {
    this.#groups.delete(id)
    this.#parents = null
  }

  /** Every group that contains the member, nested groups included. Tolerates cycles. */
  transitiveGroupsOf(memberId: string): readonly Group[] {
    const parents = this.#parentIndex()
    const found = new Set<string>()
    const queue = [memberId]
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      for (const parent of parents.get(id) ?? []) {
        if (found.has(parent)) continue
        found.add(parent)
        queue.push(parent)
      }
    }
    return [...found].flatMap((id) => this.#groups.get(id) ?? [])
  }

  directGroupsOf(memberId: string): readonly Group[] {
    return [...(this.#parentIndex().get(memberId) ?? [])].flatMap(
      (id) => this.#groups.get(id) ?? [],
    )
  }

  /** Every person and group below, each once. */
  transitiveMembersOf(groupId: string): readonly (Person | Group)[] {
    const found = new Map<string, Person | Group>()
    const queue = [groupId]
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      for (const memberId of this.#groups.get(id)?.memberIds ?? []) {
        const member = this.#people.get(memberId) ?? this.#groups.get(memberId)
        if (member === undefined || found.has(memberId)) continue
        found.set(memberId, member)
        if (this.#groups.has(memberId)) queue.push(memberId)
      }
    }
    return [...found.values()]
  }

  #parentIndex(): Map<string, Set<string>> {
    if (this.#parents !== null) return this.#parents
    const parents = new Map<string, Set<string>>()
    for (const group of this.#groups.values()) {
      for (const memberId of group.memberIds) {
        const of = parents.get(memberId) ?? new Set<string>()
        of.add(group.id)
        parents.set(memberId, of)
      }
    }
    this.#parents = parents
    return parents
  }
}
