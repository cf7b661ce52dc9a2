import { CAST } from '../directory/cast.ts'
import { mix } from '../directory/random.ts'
import {
  ONE_DRIVE,
  ONE_DRIVE_OF_ADELE,
  ONE_DRIVE_OF_MEGAN,
  type Planting,
  SITE_FILES,
} from './cast-files.ts'
import { held } from './content.ts'
import type { Drive, ItemBody, StoredItem } from './drive-item.ts'
import { contentFor, protectedContent } from './file-content.ts'
import { guidFor, itemIdFor } from './identifiers.ts'
import { mediaTypeOf } from './media-types.ts'

const FIRST_DAY = Date.UTC(2026, 0, 5, 8, 30)
const MINUTE_MS = 60_000

/** Fills a library with its files and creates missing folders. */
export function plant(drive: Drive, siteDrive: (name: string) => Drive): Map<string, StoredItem> {
  const root = itemAt(drive, '', { name: 'root', parentId: null, body: { kind: 'folder' } })
  const items = new Map([[root.id, root]])
  for (const planting of plantingsFor(drive)) {
    const names = planting.path.split('/')
    let parentId = root.id
    for (const [index, name] of names.entries()) {
      const path = names.slice(0, index + 1).join('/')
      const isPlanted = index === names.length - 1
      const item = itemAt(drive, path, {
        name,
        parentId,
        body: isPlanted ? bodyOf(planting, siteDrive) : { kind: 'folder' },
        ...(isPlanted ? planting.traits : {}),
      })
      if (!items.has(item.id)) items.set(item.id, item)
      parentId = item.id
    }
  }
  return items
}

function plantingsFor(drive: Drive): readonly Planting[] {
  if (drive.ownerId === null) return SITE_FILES[drive.site.name] ?? []
  if (drive.ownerId === CAST.adele.id) return ONE_DRIVE_OF_ADELE
  if (drive.ownerId === CAST.megan.id) return ONE_DRIVE_OF_MEGAN
  return ONE_DRIVE
}

function bodyOf(planting: Planting, siteDrive: (name: string) => Drive): ItemBody {
  const { path, body, bytes, size = 0, traits } = planting
  if (body?.kind === 'shortcut') {
    const target = siteDrive(body.site).id
    return { kind: 'remote', driveId: target, itemId: itemIdFor(target, body.path) }
  }
  if (body !== undefined) return body
  const seed = seedOf(path)
  const unsaid = traits?.label?.isEncrypting === true ? protectedContent : contentFor
  const content = bytes === undefined ? unsaid(path, size, seed) : held(bytes)
  return { kind: 'file', mimeType: mediaTypeOf(path), content }
}

function itemAt(
  drive: Drive,
  path: string,
  known: Pick<StoredItem, 'name' | 'parentId' | 'body'> & Partial<StoredItem>,
): StoredItem {
  const createdAt = FIRST_DAY + (seedOf(path) % 100_000) * MINUTE_MS
  return {
    id: itemIdFor(drive.id, path),
    uniqueId: guidFor(`${drive.id} ${path}`),
    driveId: drive.id,
    version: 2,
    contentVersion: 1,
    createdAt,
    modifiedAt: createdAt + 90 * MINUTE_MS,
    modifiedById: drive.ownerId ?? CAST.alex.id,
    malware: false,
    locked: false,
    checkedOut: false,
    label: null,
    sharedWith: [],
    ...known,
  }
}

function seedOf(path: string): number {
  return mix(...new TextEncoder().encode(path))
}
