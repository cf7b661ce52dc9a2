/** A delegated permission as its resource publishes it. */
export interface Permission {
  readonly name: string
  /** The text on the consent page. */
  readonly title: string
  /** Only an administrator may consent, unless the tenant's policy differs. */
  readonly needsAdministrator: boolean
  /** Listed in the app registration; `.default` asks consent for these. */
  readonly isRegistered: boolean
}

export interface Resource {
  readonly name: string
  readonly applicationId: string
  readonly permissions: readonly Permission[]
}

function permission(
  name: string,
  title: string,
  ...marks: readonly ('administrator' | 'registered')[]
): Permission {
  return {
    name,
    title,
    needsAdministrator: marks.includes('administrator'),
    isRegistered: marks.includes('registered'),
  }
}

/** Every application has these; Entra adds them to every first consent. */
export const SIGN_IN_PERMISSIONS = [
  'openid',
  'profile',
  'email',
  'offline_access',
  'User.Read',
] as const

/**
 * Files and sites need an administrator since July 2025 (MC1097272) in every tenant with the
 * default consent policy. The documentation's "no admin" column is older.
 */
export const GRAPH: Resource = {
  name: 'Microsoft Graph',
  applicationId: '00000003-0000-0000-c000-000000000000',
  permissions: [
    permission('openid', 'Sign you in'),
    permission('profile', 'See your basic profile'),
    permission('email', 'See your e-mail address'),
    permission('offline_access', 'Keep the access you have given it'),
    permission('User.Read', 'Sign you in and read your profile', 'registered'),
    permission('User.ReadBasic.All', "Read everyone's basic profile", 'registered'),
    permission('User.Read.All', "Read everyone's full profile", 'administrator'),
    permission('People.Read', 'Read the people relevant to you', 'registered'),
    permission('People.Read.All', "Read everyone's relevant people", 'administrator'),
    permission('GroupMember.Read.All', 'Read group memberships', 'administrator', 'registered'),
    permission('Group.Read.All', 'Read all groups', 'administrator'),
    permission('Member.Read.Hidden', 'Read hidden group memberships', 'administrator'),
    permission('Directory.Read.All', 'Read directory data', 'administrator'),
    permission('Files.Read', 'Read your files'),
    permission('Files.ReadWrite', 'Read and change your files'),
    permission('Files.Read.All', 'Read all files you can open', 'administrator', 'registered'),
    permission('Files.ReadWrite.All', 'Change all files you can open', 'administrator'),
    permission('Sites.Read.All', 'Read all sites you can open', 'administrator'),
    permission('Sites.ReadWrite.All', 'Change all sites you can open', 'administrator'),
    permission('ChannelSettings.Read.All', 'Read the settings of channels', 'administrator'),
    permission('Mail.Read', 'Read your mail'),
    permission('Calendars.Read', 'Read your calendars'),
    permission('Contacts.Read', 'Read your contacts'),
  ],
}

/**
 * One service principal represents every SharePoint host of a tenant, so one consent covers them.
 */
export const SHAREPOINT: Resource = {
  name: 'SharePoint',
  applicationId: '00000003-0000-0ff1-ce00-000000000000',
  permissions: [
    permission('MyFiles.Read', 'Read your files in OneDrive', 'registered'),
    permission('MyFiles.Write', 'Read and change your files in OneDrive'),
    permission('AllSites.Read', 'Read items in all sites you can open', 'registered'),
    permission('AllSites.Write', 'Change items in all sites you can open'),
    permission('AllSites.Manage', 'Change items and lists in all sites you can open'),
    permission('AllSites.FullControl', 'Control all sites you can open', 'administrator'),
  ],
}

export const RESOURCES: readonly Resource[] = [GRAPH, SHAREPOINT]

/** Scope names are case-insensitive. */
export function findPermission(resource: Resource, name: string): Permission | null {
  const wanted = name.toLowerCase()
  return resource.permissions.find((known) => known.name.toLowerCase() === wanted) ?? null
}
