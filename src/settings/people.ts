import type { Variables } from './variables.ts'

export interface PeopleSettings {
  readonly enabled: boolean
  readonly graphScopes: readonly string[]
  readonly includeOwnersAsMembers: boolean
}

export function readPeople(variables: Variables): PeopleSettings {
  const scopes = variables.list('OPENID_GRAPH_SCOPES')
  const fallback = ['User.Read', 'People.Read', 'User.ReadBasic.All', 'GroupMember.Read.All']
  return {
    enabled: variables.flag('USE_ENTRA_ID_FOR_PEOPLE_SEARCH', true),
    graphScopes: scopes.length === 0 ? fallback : scopes,
    includeOwnersAsMembers: variables.flag('ENTRA_ID_INCLUDE_OWNERS_AS_MEMBERS', false),
  }
}
