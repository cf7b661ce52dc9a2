import type { SharePointHost } from '../hosts.ts'
import type { Content } from './content.ts'

/** A site: a container of document libraries on one of the tenant's hosts. */
export interface Site {
  /** `hostname,collection,web`, as Graph names a site. */
  readonly id: string
  readonly collectionId: string
  readonly webId: string
  readonly name: string
  readonly displayName: string
  readonly host: SharePointHost
  /** Server-relative, no trailing slash: `/sites/Marketing`, or empty for the root site. */
  readonly path: string
  /**
   * People and groups who may read everything in it; `everyone` means every member except guests.
   */
  readonly readers: 'everyone' | readonly string[]
}

/** A document library: a person's OneDrive or a library of a site. */
export interface Drive {
  /** `b!` and the base64url of site, web and list. */
  readonly id: string
  readonly listId: string
  readonly name: string
  readonly driveType: 'business' | 'documentLibrary'
  readonly site: Site
  /** Server-relative: `/sites/Marketing/Shared Documents`. */
  readonly path: string
  /** The person whose OneDrive it is. */
  readonly ownerId: string | null
}

export interface SensitivityLabel {
  readonly id: string
  readonly displayName: string
  /** Encrypting labels replace the document by a protected container. */
  readonly isEncrypting: boolean
}

export type ItemBody =
  | { readonly kind: 'file'; readonly mimeType: string; readonly content: Content }
  | { readonly kind: 'folder' }
  /** A OneNote notebook: listed like a file, but a folder without content of its own. */
  | { readonly kind: 'package'; readonly type: 'oneNote'; readonly size: number }
  /** A shortcut to an item in another drive; operations on the shortcut itself fail. */
  | { readonly kind: 'remote'; readonly driveId: string; readonly itemId: string }

export interface StoredItem {
  /** `01` and 32 characters of base32. */
  readonly id: string
  /** The GUID in eTag, cTag and download URLs. */
  readonly uniqueId: string
  readonly driveId: string
  /** `null` for the root of a drive. */
  readonly parentId: string | null
  readonly name: string
  readonly body: ItemBody
  /** Counts every change; `contentVersion` counts changes of the bytes only. */
  readonly version: number
  readonly contentVersion: number
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly modifiedAt: number
  readonly modifiedById: string
  readonly malware: boolean
  /** Opened exclusively by somebody: `/content` answers 423. */
  readonly locked: boolean
  /** Checked out: readers still get the previous version. */
  readonly checkedOut: boolean
  readonly label: SensitivityLabel | null
  /**
   * People and groups who may read this item and its descendants, in addition to the site's
   * readers.
   */
  readonly sharedWith: readonly string[]
}

export function sizeOf(item: StoredItem): number {
  switch (item.body.kind) {
    case 'file':
      return item.body.content.size
    case 'package':
      return item.body.size
    case 'folder':
    case 'remote':
      return 0
  }
}

export function eTag(item: StoredItem): string {
  return `"{${item.uniqueId.toUpperCase()}},${item.version}"`
}

export function cTag(item: StoredItem): string {
  return `"c:{${item.uniqueId.toUpperCase()}},${item.contentVersion}"`
}
