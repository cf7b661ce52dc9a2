import { readDriveItemAddress } from '../../graph/drive-item-address.ts'

/** A chosen file. `name` and `size` are for display only: each download asks Graph again. */
export interface PickedItem {
  readonly driveId: string
  readonly id: string
  readonly name: string | undefined
  readonly size: number | undefined
}

const MAX_NAME_LENGTH = 400

/**
 * Reads the items of a `pick` command. Microsoft guarantees only the two ids. Skips items without them, so that the
 * others can still be used; duplicates count once.
 */
export function readPickedItems(value: unknown): readonly PickedItem[] {
  const items = new Map<string, PickedItem>()
  for (const item of Array.isArray(value) ? value : []) {
    const { id, parentReference, name, size } = record(item)
    // The same check as on the server, which would refuse the others.
    const address = readDriveItemAddress(record(parentReference)['driveId'], id)
    if (address === null) continue
    const { driveId, itemId } = address
    items.set(`${driveId} ${itemId}`, {
      driveId,
      id: itemId,
      name: text(name)?.slice(0, MAX_NAME_LENGTH),
      size: typeof size === 'number' && size >= 0 ? size : undefined,
    })
  }
  return [...items.values()]
}

/** A copy of an object's own members; `{}` for any other value. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

/** The value if it is a string. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
