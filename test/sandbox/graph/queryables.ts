import type * as graph from '@microsoft/microsoft-graph-types'
import { type Caller, holds, SCOPES } from './caller.ts'
import {
  GROUP_DEFAULTS,
  GROUP_PROPERTIES,
  USER_BASICS,
  USER_DEFAULTS,
  USER_PROPERTIES,
} from './directory-objects.ts'
import type { Filterability, Queryable } from './directory-query.ts'
import type { Shape } from './projection.ts'

export const USER_SHAPE: Shape = {
  type: 'microsoft.graph.user',
  properties: USER_PROPERTIES,
  defaults: USER_DEFAULTS,
}

export const GROUP_SHAPE: Shape = {
  type: 'microsoft.graph.group',
  properties: GROUP_PROPERTIES,
  defaults: GROUP_DEFAULTS,
}

const EXACT: Filterability = { eq: 'default' }
const TEXT: Filterability = { eq: 'default', startswith: 'default', isNullable: true }
const ADDRESS: Filterability = { eq: 'default', startswith: 'default', endswith: 'advanced' }
const INDEXED: Filterability = { eq: 'advanced', startswith: 'advanced', isNullable: true }

const USER_FILTERS: Partial<Record<keyof graph.User, Filterability>> = {
  id: EXACT,
  accountEnabled: EXACT,
  city: TEXT,
  companyName: INDEXED,
  country: TEXT,
  creationType: EXACT,
  department: TEXT,
  displayName: TEXT,
  employeeId: TEXT,
  givenName: TEXT,
  jobTitle: { eq: 'default', isNullable: true },
  mail: ADDRESS,
  mailNickname: TEXT,
  mobilePhone: INDEXED,
  officeLocation: INDEXED,
  otherMails: ADDRESS,
  proxyAddresses: ADDRESS,
  surname: TEXT,
  usageLocation: { eq: 'default', startswith: 'default' },
  userPrincipalName: ADDRESS,
  userType: { eq: 'default', isNullable: true },
}

const GROUP_FILTERS: Partial<Record<keyof graph.Group, Filterability>> = {
  id: EXACT,
  description: INDEXED,
  displayName: TEXT,
  groupTypes: EXACT,
  isAssignableToRole: EXACT,
  mail: ADDRESS,
  mailEnabled: EXACT,
  mailNickname: TEXT,
  securityEnabled: EXACT,
  visibility: INDEXED,
}

export const USERS: Queryable = {
  resource: 'User',
  filterable: { ...USER_FILTERS },
  sortable: ['displayName', 'userPrincipalName'],
  isVisible: (caller, property) => holds(caller, SCOPES.fullUsers) || USER_BASICS.has(property),
}

export const GROUPS: Queryable = {
  resource: 'Group',
  filterable: { ...GROUP_FILTERS },
  sortable: ['displayName'],
  isVisible: () => true,
}

/**
 * What the caller may read of a person: everything of themselves, the basics of others, or only
 * that they exist.
 */
export function visibilityOfPerson(
  caller: Caller,
  personId: string,
): (property: string) => boolean {
  const isOwn = personId === caller.person.id && holds(caller, SCOPES.me)
  if (isOwn || holds(caller, SCOPES.fullUsers)) return () => true
  if (holds(caller, SCOPES.users)) return (property) => USER_BASICS.has(property)
  return (property) => property === 'id'
}

export function visibilityOfGroup(caller: Caller): (property: string) => boolean {
  return holds(caller, SCOPES.groups) ? () => true : (property) => property === 'id'
}
