import { KEEP_TOKENS, NEEDS_TOKENS, type Variables } from './variables.ts'

export interface PeopleSettings {
  readonly enabled: boolean
  readonly graphScopes: readonly string[]
  readonly includeOwnersAsMembers: boolean
}

export function readPeople(variables: Variables, reuseTokens: boolean): PeopleSettings {
  const scopes = variables.entries(
    'OPENID_GRAPH_SCOPES',
    (scope) => (/\s/.test(scope) ? null : scope),
    'one scope',
    'Separate scopes with commas',
  )
  // On by default, and then simply off; who asks for it by name counts on it.
  if (!reuseTokens && variables.text('USE_ENTRA_ID_FOR_PEOPLE_SEARCH')?.toLowerCase() === 'true') {
    variables.problem('USE_ENTRA_ID_FOR_PEOPLE_SEARCH', NEEDS_TOKENS, KEEP_TOKENS)
  }
  const fallback = ['User.Read', 'People.Read', 'User.ReadBasic.All', 'GroupMember.Read.All']
  return {
    enabled: variables.flag('USE_ENTRA_ID_FOR_PEOPLE_SEARCH', true),
    graphScopes: scopes.length === 0 ? fallback : scopes,
    includeOwnersAsMembers: variables.flag('ENTRA_ID_INCLUDE_OWNERS_AS_MEMBERS', false),
  }
}
