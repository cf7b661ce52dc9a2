/** Drive and item id of a file, checked to be safe in a path of Graph. Only `readDriveItemAddress` makes one. */
export interface DriveItemAddress {
  readonly driveId: string
  readonly itemId: string
  readonly [checked]: true
}

declare const checked: unique symbol

/** `b!` and the base64url of site, web and list; personal drives have the account's hexadecimal id. */
const DRIVE_ID = /^(?:b![A-Za-z0-9_-]{16,200}|[0-9A-Fa-f]{8,32})$/
/** `01` and base32 in business drives; `{account}!{number}` or `{account}!s{guid}` in personal ones. */
const ITEM_ID = /^[A-Za-z0-9]{10,64}(?:![A-Za-z0-9]{1,64})?$/

/** `null` for ids of another form, which could change the path of a Graph request. */
export function readDriveItemAddress(driveId: unknown, itemId: unknown): DriveItemAddress | null {
  if (typeof driveId !== 'string' || typeof itemId !== 'string') return null
  if (!DRIVE_ID.test(driveId) || !ITEM_ID.test(itemId)) return null
  return { driveId, itemId } as DriveItemAddress
}

/** The item's path below `/v1.0`, for `Graph.call`. */
export function driveItemPath({ driveId, itemId }: DriveItemAddress): string {
  return `/drives/${driveId}/items/${itemId}`
}
