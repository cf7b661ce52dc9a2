import { type Drive, eTag, sizeOf, type StoredItem } from '../drives/drive-item.ts'
import type { Drives } from '../drives/drives.ts'
import type { SandboxWorld } from '../sandbox.ts'

/** An item as the picker shows it and as it returns it when picked. */
export function itemJson(world: SandboxWorld, item: StoredItem): Readonly<Record<string, unknown>> {
  const { drives, hosts } = world
  const drive = drives.drive(item.driveId)
  if (drive === null) throw new RangeError(`item of no drive: ${item.id}`)
  return {
    id: item.id,
    name: item.name,
    size: sizeOf(item),
    eTag: eTag(item),
    webUrl: drives.webUrl(item),
    webDavUrl: `${drives.driveUrl(drive)}/${drives.pathOf(item).map(encodeURIComponent).join('/')}`,
    lastModifiedDateTime: new Date(item.modifiedAt).toISOString(),
    ...facetOf(world, item),
    parentReference: {
      ...driveReference(drive),
      id: item.parentId,
      sharepointIds: idsOf(drives, drive),
    },
    sharepointIds: { ...idsOf(drives, drive), listItemUniqueId: item.uniqueId },
    '@sharePoint.endpoint': `${hosts[drive.site.host]}/_api/v2.0`,
    '@sharePoint.listUrl': drives.driveUrl(drive),
  }
}

export function siteJson(drives: Drives, drive: Drive): Readonly<Record<string, unknown>> {
  return {
    id: drive.site.id,
    name: drive.site.name,
    displayName: drive.site.displayName,
    webUrl: drives.siteUrl(drive),
    path: drive.site.path,
    drive: { id: drive.id, name: drive.name },
  }
}

function facetOf(world: SandboxWorld, item: StoredItem): Readonly<Record<string, unknown>> {
  switch (item.body.kind) {
    case 'file':
      return { file: { mimeType: item.body.mimeType } }
    case 'folder':
      return { folder: { childCount: world.drives.children(item).length } }
    case 'package':
      return { package: { type: item.body.type } }
    case 'remote':
      return { remoteItem: remoteOf(world, item.body.driveId, item.body.itemId) }
  }
}

/** The target of a shortcut, on any host. Only its address when the target is gone. */
function remoteOf(
  world: SandboxWorld,
  driveId: string,
  itemId: string,
): Readonly<Record<string, unknown>> {
  const target = world.drives.item(driveId, itemId)
  const drive = world.drives.drive(driveId)
  return {
    id: itemId,
    parentReference: { driveId },
    ...(target === null ? {} : facetOf(world, target)),
    ...(drive === null
      ? {}
      : { '@sharePoint.endpoint': `${world.hosts[drive.site.host]}/_api/v2.0` }),
  }
}

function driveReference(drive: Drive): Readonly<Record<string, unknown>> {
  return { driveId: drive.id, driveType: drive.driveType }
}

function idsOf(drives: Drives, drive: Drive): Readonly<Record<string, unknown>> {
  return {
    listId: drive.listId,
    siteId: drive.site.collectionId,
    siteUrl: drives.siteUrl(drive),
    webId: drive.site.webId,
  }
}
