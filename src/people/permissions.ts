import type { Settings } from '../settings/settings.ts'

/** What a search is put together from; each part is asked, allowed and failing on its own. */
export const SOURCES = ['people', 'users', 'groups'] as const

export type Source = (typeof SOURCES)[number]

/**
 * What is remembered: of each part what was found, and of those the user deals with who they are and, once
 * looked up, who they are in the directory.
 */
export const CACHE_KINDS = [...SOURCES, 'acquaintances', 'known'] as const

export type CacheKind = (typeof CACHE_KINDS)[number]

/** Whether a part may be asked: by configuration and cloud, then by what has been consented to. */
export type Access = 'on' | 'off' | 'consent_needed'

/** Any one is enough. */
const SUFFICIENT: Readonly<Record<Source, RegExp>> = {
  people: /^people\.read(\.all)?$/,
  users: /^(user\.readbasic|(user|directory)\.read(write)?)\.all$/,
  groups: /^(group|groupmember|directory)\.read(write)?\.all$/,
}

/** `User.ReadBasic.All` shows names and addresses only; asking it for more yields nulls or a refusal. */
const FULL_PROFILES = /^(user|directory)\.read(write)?\.all$/

export function accessTo(part: Source, settings: Settings, granted: readonly string[]): Access {
  const { microsoft } = settings.issuer
  if (!settings.people.enabled || !settings.reuseTokens || microsoft === null) return 'off'
  if (part === 'people' && !microsoft.hasRelevantPeople) return 'off'
  if (holdsAny(granted, SUFFICIENT[part])) return 'on'
  // What the operator does not let us ask for will never be granted: no button should offer it.
  return holdsAny(settings.people.graphScopes, SUFFICIENT[part]) ? 'consent_needed' : 'off'
}

export function showsFullProfiles(granted: readonly string[]): boolean {
  return holdsAny(granted, FULL_PROFILES)
}

/** For `/.entrada/session`. One of the two sources of people is enough to search for them. */
export function peopleFeatures(
  settings: Settings,
  granted: readonly string[],
): { readonly people: Access; readonly groups: Access } {
  const people = [accessTo('users', settings, granted), accessTo('people', settings, granted)]
  const best = (['on', 'consent_needed'] as const).find((access) => people.includes(access))
  return { people: best ?? 'off', groups: accessTo('groups', settings, granted) }
}

/** A scope may be written with its resource: `https://graph.microsoft.com/User.Read`. */
function holdsAny(scopes: readonly string[], sufficient: RegExp): boolean {
  return scopes.some((scope) =>
    sufficient.test(scope.slice(scope.lastIndexOf('/') + 1).toLowerCase()),
  )
}
