import { CAST_GROUPS } from '../directory/cast.ts'
import type { Person } from '../directory/directory.ts'
import type { Drive, Site } from './drive-item.ts'
import { collectionIdOf, driveIdFor, guidFor } from './identifiers.ts'

const SITES = [
  { name: 'root', displayName: 'Contoso', path: '', readers: 'everyone' },
  {
    name: 'Marketing',
    displayName: 'Marketing & Communications',
    path: '/sites/Marketing',
    readers: [CAST_GROUPS.chatUsers],
  },
  {
    name: 'Board',
    displayName: 'Board of Directors',
    path: '/sites/Board',
    readers: [CAST_GROUPS.boardOfDirectors],
  },
] as const

/** The libraries of the tenant's sites. */
export function siteDrives(hostname: string): readonly Drive[] {
  return SITES.map((site) => {
    const collectionId = guidFor(`site ${site.name}`)
    return library(
      { ...site, ...naming(hostname, collectionId), host: 'sharePoint' },
      { name: 'Documents', folder: 'Shared Documents', ownerId: null },
    )
  })
}

export function oneDriveFor(person: Person, hostname: string): Drive {
  const account = person.userPrincipalName.replace(/[^A-Za-z0-9]/g, '_')
  const site: Site = {
    ...naming(hostname, collectionIdOf(person.id)),
    name: account,
    displayName: person.displayName,
    host: 'oneDrive',
    path: `/personal/${account}`,
    readers: [person.id],
  }
  return library(site, { name: 'OneDrive', folder: 'Documents', ownerId: person.id })
}

function naming(hostname: string, collectionId: string) {
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
