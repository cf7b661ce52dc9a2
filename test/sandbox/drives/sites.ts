import { CAST_GROUPS } from '../directory/cast.ts'
import type { Person } from '../directory/directory.ts'
import type { SandboxHosts } from '../hosts.ts'
import type { Drive, Site } from './drive-item.ts'
import { collectionIdOf, driveIdFor, guidFor } from './identifiers.ts'

const SITES = [
  { name: 'root', displayName: 'Contoso', host: 'sharePoint', path: '', readers: 'everyone' },
  {
    name: 'Marketing',
    host: 'sharePoint',
    displayName: 'Marketing & Communications',
    path: '/sites/Marketing',
    readers: [CAST_GROUPS.chatUsers],
  },
  {
    name: 'Board',
    host: 'sharePoint',
    displayName: 'Board of Directors',
    path: '/sites/Board',
    readers: [CAST_GROUPS.boardOfDirectors],
  },
  {
    name: 'rootEurope',
    displayName: 'Contoso Europe',
    host: 'sharePointEurope',
    path: '',
    readers: 'everyone',
  },
  {
    name: 'Berlin',
    displayName: 'Berlin office',
    host: 'sharePointEurope',
    path: '/sites/Berlin',
    readers: 'everyone',
  },
] as const

/** The libraries of the tenant's sites, those of its default geography first. */
export function siteDrives(hosts: SandboxHosts): readonly Drive[] {
  return SITES.map((site) => {
    const collectionId = guidFor(`site ${site.name}`)
    return library(
      { ...site, ...naming(hosts[site.host], collectionId) },
      { name: 'Documents', folder: 'Shared Documents', ownerId: null },
    )
  })
}

export function oneDriveFor(person: Person, hosts: SandboxHosts): Drive {
  const account = person.userPrincipalName.replace(/[^A-Za-z0-9]/g, '_')
  const host = person.preferredDataLocation === 'EUR' ? 'oneDriveEurope' : 'oneDrive'
  const site: Site = {
    ...naming(hosts[host], collectionIdOf(person.id)),
    name: account,
    displayName: person.displayName,
    host,
    path: `/personal/${account}`,
    readers: [person.id],
  }
  return library(site, { name: 'OneDrive', folder: 'Documents', ownerId: person.id })
}

function naming(origin: string, collectionId: string) {
  const { hostname } = new URL(origin)
  const webId = guidFor(`web ${collectionId}`)
  return { id: `${hostname},${collectionId},${webId}`, collectionId, webId }
}

interface Library {
  readonly name: string
  /** The last segment of its URL, which need not be its name. */
  readonly folder: string
  readonly ownerId: string | null
}

function library(site: Site, { name, folder, ownerId }: Library): Drive {
  const listId = guidFor(`list ${site.collectionId}`)
  return {
    id: driveIdFor(site.collectionId, site.webId, listId),
    listId,
    name,
    driveType: ownerId === null ? 'documentLibrary' : 'business',
    site,
    path: `${site.path}/${folder}`,
    ownerId,
  }
}
