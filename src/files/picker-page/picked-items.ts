import { readDriveItemAddress } from '../../graph/drive-item-address.ts'

/** A chosen file. `name` and `size` are for showing only: whoever takes the file asks Graph about it anew. */
export interface PickedItem {
  readonly driveId: string
  readonly id: string
  readonly name?: string
  readonly size?: number
}

const LONGEST_NAME = 400

/**
 * Microsoft guarantees the two ids and nothing else. Items without them are left out, so that one bad file
 * does not sink the rest; two looks at one file count once.
 */
export function readPickedItems(value: unknown): readonly PickedItem[] {
  if (!Array.isArray(value)) return []
  const items = new Map<string, PickedItem>()
  for (const one of value) {
    const item = readItem(one)
    if (item !== null) items.set(`${item.driveId} ${item.id}`, item)
  }
  return [...items.values()]
}

function readItem(value: unknown): PickedItem | null {
  const { id, parentReference, name, size } = record(value)
  // The server's own check: what fails it would only be refused there.
  const address = readDriveItemAddress(record(parentReference)['driveId'], id)
  if (address === null) return null
  return {
    driveId: address.driveId,
    id: address.itemId,
    ...(typeof name === 'string' ? { name: name.slice(0, LONGEST_NAME) } : {}),
    ...(typeof size === 'number' && size >= 0 ? { size } : {}),
  }
}

/** The own fields of an object; nothing for what is none. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
