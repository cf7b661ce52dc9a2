/** Where a file is: drive and item id, both safe to stand in a Graph path. Only the reader makes one. */
export interface DriveItemAddress {
  readonly driveId: string
  readonly itemId: string
  readonly [checked]: true
}

declare const checked: unique symbol

/** `b!` and the base64url of site, web and list; for personal drives the account's hexadecimal id. */
const DRIVE_ID = /^(?:b![A-Za-z0-9_-]{16,200}|[0-9A-Fa-f]{8,32})$/
/** `01` and base32 in business drives; `{account}!{number}` or `{account}!s{guid}` in personal ones. */
const ITEM_ID = /^[A-Za-z0-9]{10,64}(?:![A-Za-z0-9]{1,64})?$/

/** `null` for what no drive has: nothing that could leave its place in a path gets through. */
export function readDriveItemAddress(driveId: unknown, itemId: unknown): DriveItemAddress | null {
  if (typeof driveId !== 'string' || typeof itemId !== 'string') return null
  if (!DRIVE_ID.test(driveId) || !ITEM_ID.test(itemId)) return null
  return { driveId, itemId } as DriveItemAddress
}

/** Path below the version, for `Graph.call`. */
export function driveItemPath({ driveId, itemId }: DriveItemAddress): string {
  return `/drives/${driveId}/items/${itemId}`
}
