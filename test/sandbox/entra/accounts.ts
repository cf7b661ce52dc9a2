import type { Directory, Person } from '../directory/directory.ts'
import { AadstsError } from './aadsts.ts'
import { type Authority, domainsOf } from './authority.ts'

/** A person and the tenant they sign in to. A guest has one account per tenant. */
export interface Account {
  readonly directory: Directory
  readonly person: Person
}

/**
 * Finds the account for a typed name at an authority. Distinguishes AADSTS50020 from AADSTS50034 as
 * Entra does.
 */
export function findAccount(
  name: string,
  authority: Authority,
  tenants: readonly Directory[],
): Account {
  if (authority.kind === 'tenant') {
    const { directory } = authority
    const person = directory.personByPrincipalName(name) ?? guestKnownAs(directory, name)
    if (person !== null) return { directory, person }
    const elsewhere = findMember(name, tenants)
    if (elsewhere === null) throw new AadstsError(50034, `Account: '${name}'.`)
    throw new AadstsError(
      50020,
      `Identity provider: 'https://sts.windows.net/${elsewhere.directory.tenantId}/', ` +
        `tenant: '${directory.domain}'.`,
    )
  }
  // Without a tenant in the path, a guest signs in to their home tenant.
  const member = findMember(homeNameOf(name) ?? name, tenants)
  if (member === null) throw new AadstsError(50034, `Account: '${name}'.`)
  return member
}

/** The name a guest types: the user name in their home organisation. */
export function homeNameOf(userPrincipalName: string): string | null {
  const guest = /^(?<alias>.+)_(?<domain>[^_]+)#ext#@/i.exec(userPrincipalName)
  if (guest?.groups === undefined) return null
  return `${guest.groups['alias']}@${guest.groups['domain']}`
}

/** The issuer of a guest's own tenant, as the `idp` claim names it; `null` for members. */
export function identityProviderOf(person: Person, tenants: readonly Directory[]): string | null {
  const domain = homeNameOf(person.userPrincipalName)?.split('@').at(-1)?.toLowerCase()
  if (person.userType !== 'Guest' || domain === undefined) return null
  const home = tenants.find((tenant) => domainsOf(tenant).includes(domain))
  return home === undefined ? 'mail' : `https://sts.windows.net/${home.tenantId}/`
}

/** The value of the `login_hint` claim. It is opaque to every client. */
export function loginHintOf({ directory, person }: Account): string {
  return `O.${Buffer.from(`${person.id} ${directory.tenantId}`).toString('base64url')}`
}

export function readLoginHint(hint: string): { userId: string; tenantId: string } | null {
  if (!hint.startsWith('O.')) return null
  const [userId, tenantId, more] = Buffer.from(hint.slice(2), 'base64url').toString().split(' ')
  if (userId === undefined || tenantId === undefined || more !== undefined) return null
  return { userId, tenantId }
}

/** MSAL's account identifier: home object id and home tenant id as base64url JSON. */
export function clientInfoOf({ directory, person }: Account): string {
  const info = JSON.stringify({ uid: person.id, utid: directory.tenantId })
  return Buffer.from(info).toString('base64url')
}

function findMember(name: string, tenants: readonly Directory[]): Account | null {
  for (const directory of tenants) {
    const person = directory.personByPrincipalName(name)
    if (person?.userType === 'Member') return { directory, person }
  }
  return null
}

function guestKnownAs(directory: Directory, name: string): Person | null {
  const wanted = name.toLowerCase()
  return (
    directory.people.find(
      (person) => homeNameOf(person.userPrincipalName)?.toLowerCase() === wanted,
    ) ?? null
  )
}
