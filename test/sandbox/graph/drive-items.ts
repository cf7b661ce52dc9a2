import type * as graph from '@microsoft/microsoft-graph-types'
import { CONTOSO } from '../directory/cast.ts'
import type { Content } from '../drives/content.ts'
import { cTag, type Drive, eTag, sizeOf, type StoredItem } from '../drives/drive-item.ts'
import { quickXor, sha256 } from '../drives/hashes.ts'
import type { SandboxWorld } from '../sandbox.ts'
import type { Shape } from './projection.ts'

/**
 * Above this size, hashing for every listing would be slow. SharePoint also omits hashes at times.
 */
const MOST_HASHED = 1024 * 1024

export const DOWNLOAD_URL = '@microsoft.graph.downloadUrl'

const PROPERTIES = [
  'createdDateTime',
  'eTag',
  'id',
  'lastModifiedDateTime',
  'name',
  'webUrl',
  'cTag',
  'size',
  'createdBy',
  'lastModifiedBy',
  'parentReference',
  'file',
  'folder',
  'package',
  'malware',
  'remoteItem',
  'publication',
  'shared',
  'fileSystemInfo',
  'root',
  'deleted',
] as const satisfies readonly (keyof graph.DriveItem)[]

const MORE = [
  'audio',
  'bundle',
  'description',
  'image',
  'location',
  'pendingOperations',
  'photo',
  'searchResult',
  'sharepointIds',
  'specialFolder',
  'video',
  'webDavUrl',
] as const satisfies readonly (keyof graph.DriveItem)[]

export const DRIVE_ITEM: Shape = {
  type: 'microsoft.graph.driveItem',
  properties: [DOWNLOAD_URL, ...PROPERTIES, ...MORE],
  defaults: [DOWNLOAD_URL, ...PROPERTIES],
}

export type WrittenItem = graph.DriveItem & { readonly '@microsoft.graph.downloadUrl'?: string }

export interface Writing {
  /** A property from the active fault, or the item's own. */
  readonly hasMalware: boolean
  readonly withDownloadUrl: boolean
}

/** The item as Graph returns it. Facets that do not apply are absent, not null. */
export function toDriveItem(
  world: SandboxWorld,
  item: StoredItem,
  { hasMalware, withDownloadUrl }: Writing,
): WrittenItem {
  const { drives } = world
  const drive = drives.drive(item.driveId)
  if (drive === null) throw new RangeError('an item without a drive')
  const by = identityOf(world, item.modifiedById)
  const times = {
    createdDateTime: instant(item.createdAt),
    lastModifiedDateTime: instant(item.modifiedAt),
  }
  const isOpen = item.body.kind === 'file' && !hasMalware && !item.locked
  return {
    ...(isOpen && withDownloadUrl ? { [DOWNLOAD_URL]: drives.issueDownloadUrl(item) } : {}),
    id: item.id,
    name: item.name,
    size: sizeOf(item),
    eTag: eTag(item),
    cTag: cTag(item),
    webUrl: drives.webUrl(item),
    ...times,
    createdBy: by,
    lastModifiedBy: by,
    fileSystemInfo: times,
    parentReference: parentOf(world, drive, item),
    sharepointIds: sharePointIds(world, drive, item),
    ...facets(world, item),
    ...(item.parentId === null ? { root: {} } : {}),
    ...(hasMalware ? { malware: { description: 'Malware detected by the service.' } } : {}),
    ...(item.sharedWith.length > 0 ? { shared: { scope: 'users' } } : {}),
    ...(item.checkedOut
      ? {
          publication: {
            level: 'checkout',
            versionId: `${item.contentVersion}.1`,
            checkedOutBy: by,
          },
        }
      : {}),
  }
}

function facets(world: SandboxWorld, item: StoredItem): graph.DriveItem {
  const { body } = item
  switch (body.kind) {
    case 'file':
      return { file: { mimeType: body.mimeType, hashes: hashesOf(body.content) } }
    case 'folder':
      return { folder: { childCount: world.drives.children(item).length } }
    case 'package':
      return { package: { type: body.type } }
    case 'remote':
      return { remoteItem: remoteOf(world, body) }
  }
}

/** The target of a shortcut. The shortcut's own name and size may differ from the target's. */
function remoteOf(
  world: SandboxWorld,
  { driveId, itemId }: { readonly driveId: string; readonly itemId: string },
): graph.RemoteItem {
  const target = world.drives.item(driveId, itemId)
  const drive = world.drives.drive(driveId)
  const where = { id: itemId, parentReference: { driveId, driveType: drive?.driveType ?? null } }
  // A shortcut can point to a shortcut, and back.
  if (target === null || target.body.kind === 'remote') return where
  const { file, folder } = facets(world, target)
  return {
    ...where,
    name: target.name,
    size: sizeOf(target),
    webUrl: world.drives.webUrl(target),
    lastModifiedDateTime: instant(target.modifiedAt),
    ...(file === undefined ? {} : { file }),
    ...(folder === undefined ? {} : { folder }),
  }
}

const hashes = new WeakMap<Content, graph.Hashes>()

function hashesOf(content: Content): graph.Hashes {
  if (content.size > MOST_HASHED) return {}
  const known = hashes.get(content)
  if (known !== undefined) return known
  const computed = { quickXorHash: quickXor(content), sha256Hash: sha256(content) }
  hashes.set(content, computed)
  return computed
}

function parentOf(world: SandboxWorld, drive: Drive, item: StoredItem): graph.ItemReference {
  const where = { driveType: drive.driveType, driveId: drive.id, siteId: drive.site.collectionId }
  if (item.parentId === null) return where
  const folders = world.drives.pathOf(item).slice(0, -1)
  const path = [`/drives/${drive.id}/root:`, ...folders.map(encodeURIComponent)].join('/')
  return { ...where, id: item.parentId, name: folders.at(-1) ?? drive.name, path }
}

function sharePointIds(world: SandboxWorld, drive: Drive, item: StoredItem): graph.SharepointIds {
  return {
    listId: drive.listId,
    listItemUniqueId: item.uniqueId,
    siteId: drive.site.collectionId,
    siteUrl: world.drives.siteUrl(drive),
    tenantId: CONTOSO,
    webId: drive.site.webId,
  }
}

export function identityOf(world: SandboxWorld, personId: string): graph.IdentitySet {
  const person = world.tenants.find(({ tenantId }) => tenantId === CONTOSO)?.person(personId)
  return { user: { id: personId, displayName: person?.displayName ?? null } }
}

export function instant(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('.000Z', 'Z')
}
