import type * as graph from '@microsoft/microsoft-graph-types'
import type { Group, Person } from '../directory/directory.ts'

/**
 * People and groups as Graph returns them. The types are Microsoft's, so a property that Graph does
 * not have fails to compile. The lists are what `$select` accepts.
 */
export const USER_PROPERTIES = [
  'id',
  'deletedDateTime',
  'accountEnabled',
  'ageGroup',
  'assignedLicenses',
  'assignedPlans',
  'businessPhones',
  'city',
  'companyName',
  'country',
  'createdDateTime',
  'creationType',
  'department',
  'displayName',
  'employeeHireDate',
  'employeeId',
  'employeeType',
  'faxNumber',
  'externalUserState',
  'givenName',
  'identities',
  'imAddresses',
  'jobTitle',
  'mail',
  'mailNickname',
  'mobilePhone',
  'officeLocation',
  'onPremisesImmutableId',
  'onPremisesSamAccountName',
  'onPremisesSyncEnabled',
  'otherMails',
  'passwordPolicies',
  'postalCode',
  'preferredLanguage',
  'proxyAddresses',
  'securityIdentifier',
  'showInAddressList',
  'state',
  'streetAddress',
  'surname',
  'usageLocation',
  'userPrincipalName',
  'userType',
] as const satisfies readonly (keyof graph.User)[]

/** Properties that SharePoint stores: they work for one user and are 501 on a collection. */
export const USER_PROFILE_PROPERTIES = [
  'aboutMe',
  'birthday',
  'interests',
  'mySite',
  'skills',
] as const satisfies readonly (keyof graph.User)[]

export const USER_DEFAULTS = [
  'businessPhones',
  'displayName',
  'givenName',
  'jobTitle',
  'mail',
  'mobilePhone',
  'officeLocation',
  'preferredLanguage',
  'surname',
  'userPrincipalName',
  'id',
] as const satisfies readonly (keyof graph.User)[]

/** The properties of other people that `User.ReadBasic.All` allows. */
export const USER_BASICS: ReadonlySet<string> = new Set([
  'displayName',
  'givenName',
  'id',
  'mail',
  'securityIdentifier',
  'surname',
  'userPrincipalName',
] as const satisfies readonly (keyof graph.User)[])

export const GROUP_PROPERTIES = [
  'id',
  'deletedDateTime',
  'classification',
  'createdDateTime',
  'description',
  'displayName',
  'expirationDateTime',
  'groupTypes',
  'isAssignableToRole',
  'mail',
  'mailEnabled',
  'mailNickname',
  'membershipRule',
  'membershipRuleProcessingState',
  'onPremisesSyncEnabled',
  'preferredDataLocation',
  'preferredLanguage',
  'proxyAddresses',
  'renewedDateTime',
  'securityEnabled',
  'securityIdentifier',
  'theme',
  'uniqueName',
  'visibility',
] as const satisfies readonly (keyof graph.Group)[]

export const GROUP_DEFAULTS: typeof GROUP_PROPERTIES = GROUP_PROPERTIES

const CREATED = '2026-01-05T08:30:00Z'
const users = new WeakMap<Person, graph.User>()
const groups = new WeakMap<Group, graph.Group>()

/** Every known property; the projection decides which are returned. */
export function toUser(person: Person): graph.User {
  const known = users.get(person)
  if (known !== undefined) return known
  const user: graph.User = {
    id: person.id,
    accountEnabled: person.accountEnabled,
    businessPhones: [],
    createdDateTime: CREATED,
    creationType: person.userType === 'Guest' ? 'Invitation' : null,
    department: person.department,
    displayName: person.displayName,
    externalUserState: person.userType === 'Guest' ? 'Accepted' : null,
    givenName: person.givenName,
    imAddresses: person.mail === null ? [] : [person.mail],
    jobTitle: person.jobTitle,
    mail: person.mail,
    mailNickname: person.userPrincipalName.replace(/@[^@]*$/, ''),
    otherMails: person.userType === 'Guest' && person.mail !== null ? [person.mail] : [],
    proxyAddresses: person.mail === null ? [] : [`SMTP:${person.mail}`],
    securityIdentifier: securityIdentifierOf(person.id),
    surname: person.surname,
    usageLocation: 'DE',
    userPrincipalName: person.userPrincipalName,
    userType: person.userType,
  }
  users.set(person, user)
  return user
}

export function toGroup(group: Group): graph.Group {
  const known = groups.get(group)
  if (known !== undefined) return known
  const isDynamic = group.groupTypes.includes('DynamicMembership')
  const written: graph.Group = {
    id: group.id,
    createdDateTime: CREATED,
    description: group.description,
    displayName: group.displayName,
    groupTypes: [...group.groupTypes],
    mail: group.mail,
    mailEnabled: group.mail !== null,
    mailNickname: group.mailNickname,
    membershipRule: isDynamic ? '(user.accountEnabled -eq true)' : null,
    membershipRuleProcessingState: isDynamic ? 'On' : null,
    proxyAddresses: group.mail === null ? [] : [`SMTP:${group.mail}`],
    renewedDateTime: CREATED,
    securityEnabled: group.securityEnabled,
    securityIdentifier: securityIdentifierOf(group.id),
    // Only Microsoft 365 groups have this property; security groups do not.
    visibility: group.groupTypes.includes('Unified') ? group.visibility : null,
  }
  groups.set(group, written)
  return written
}

/** `S-1-12-1-` followed by the object id as four little-endian numbers. */
function securityIdentifierOf(id: string): string {
  const [a = '', b = '', c = '', ...rest] = id.split('-')
  const view = new DataView(new ArrayBuffer(16))
  view.setUint32(0, Number.parseInt(a, 16), true)
  view.setUint16(4, Number.parseInt(b, 16), true)
  view.setUint16(6, Number.parseInt(c, 16), true)
  const tail = rest.join('')
  for (let at = 0; at < 8; at++) {
    view.setUint8(8 + at, Number.parseInt(tail.slice(at * 2, at * 2 + 2), 16))
  }
  return `S-1-12-1-${[0, 4, 8, 12].map((at) => view.getUint32(at, true)).join('-')}`
}
