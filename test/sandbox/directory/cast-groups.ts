import { CAST, CAST_GROUPS } from './cast.ts'
import type { Group, Person } from './directory.ts'

/** Far above the 200 that fit into a token, and no multiple of any page size. */
const GROUPS_OF_MEGAN = 700

const SECURITY_GROUP = {
  description: null,
  mail: null,
  securityEnabled: true,
  groupTypes: [],
  visibility: 'Private',
  ownerIds: [CAST.alex.id],
  isAssignedToApplication: false,
} as const

/** The groups that tests know by id. `people` are generated; they fill the larger groups. */
export function contosoGroups(people: readonly Person[]): readonly Group[] {
  const ids = people.map((person) => person.id)
  const named: readonly Group[] = [
    {
      ...SECURITY_GROUP,
      id: CAST_GROUPS.chatUsers,
      displayName: 'Chat Users',
      description: 'May use the company chat',
      mailNickname: 'chat-users',
      memberIds: [CAST.adele.id, CAST.megan.id],
      isAssignedToApplication: true,
    },
    {
      ...SECURITY_GROUP,
      id: CAST_GROUPS.everyoneInSales,
      displayName: 'Everyone in Sales',
      description: 'Sales, world-wide',
      mail: 'sales@contoso.example',
      mailNickname: 'sales',
      memberIds: [CAST_GROUPS.chatUsers, ...ids.slice(0, 120)],
    },
    {
      ...SECURITY_GROUP,
      id: CAST_GROUPS.allEmployees,
      displayName: 'All Employees',
      mailNickname: 'all-employees',
      memberIds: [CAST_GROUPS.everyoneInSales, ...ids.slice(120, 1400)],
    },
    {
      ...SECURITY_GROUP,
      id: CAST_GROUPS.chatAdministrators,
      displayName: 'Chat Administrators',
      mailNickname: 'chat-administrators',
      memberIds: [CAST.alex.id],
      isAssignedToApplication: true,
    },
    {
      ...SECURITY_GROUP,
      id: CAST_GROUPS.phoenixOne,
      displayName: 'Project Phoenix',
      description: 'The launch in Europe',
      mailNickname: 'phoenix-one',
      memberIds: [CAST.unal.id, ...ids.slice(0, 3)],
    },
    {
      ...SECURITY_GROUP,
      id: CAST_GROUPS.phoenixTwo,
      displayName: 'Project Phoenix',
      description: 'The launch in Asia',
      mail: 'phoenix-two@contoso.example',
      mailNickname: 'phoenix-two',
      securityEnabled: false,
      groupTypes: ['Unified'],
      memberIds: [CAST.gustav.id, ...ids.slice(3, 6)],
    },
    {
      ...SECURITY_GROUP,
      id: CAST_GROUPS.boardOfDirectors,
      displayName: 'Board of Directors',
      mail: 'board@contoso.example',
      mailNickname: 'board',
      securityEnabled: false,
      groupTypes: ['Unified'],
      visibility: 'HiddenMembership',
      memberIds: [CAST.diego.id, ...ids.slice(6, 9)],
    },
  ]
  // Three of Megan's 700 groups are Chat Users and its parent groups.
  const ofMegan = Array.from({ length: GROUPS_OF_MEGAN - 3 }, (_, index): Group => {
    const number = String(index + 1).padStart(3, '0')
    return {
      ...SECURITY_GROUP,
      id: `0d1b6f0e-2f6c-4f6e-8a77-000000000${number}`,
      displayName: `Campaign Archive ${number}`,
      mailNickname: `campaign-archive-${number}`,
      memberIds: [CAST.megan.id],
    }
  })
  return [...named, ...ofMegan]
}

export const FABRIKAM_GROUPS: readonly Group[] = [
  {
    ...SECURITY_GROUP,
    id: '0e1b6f0e-2f6c-4f6e-8a77-000000000001',
    displayName: 'Chat Users',
    mailNickname: 'chat-users',
    ownerIds: [CAST.felix.id],
    memberIds: [CAST.felix.id],
  },
]
