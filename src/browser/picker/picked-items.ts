import { readDriveItemAddress } from '../../graph/drive-item-address.ts'

/** A chosen file. `name` and `size` are for showing only: whoever takes the file asks Graph about it anew. */
export interface PickedItem {
  readonly driveId: string
  readonly id: string
  readonly name: string | undefined
  readonly size: number | undefined
}

const LONGEST_NAME = 400

/**
 * Microsoft guarantees the two ids and nothing else. Items without them are left out, so that one bad file
 * does not sink the rest; two looks at one file count once.
 */
export function readPickedItems(value: unknown): readonly PickedItem[] {
  const items = new Map<string, PickedItem>()
  for (const one of Array.isArray(value) ? value : []) {
    const { id, parentReference, name, size } = record(one)
    // The server's own check: what fails it would only be refused there.
    const address = readDriveItemAddress(record(parentReference)['driveId'], id)
    if (address === null) continue
    const { driveId, itemId } = address
    items.set(`${driveId} ${itemId}`, {
      driveId,
      id: itemId,
      name: text(name)?.slice(0, LONGEST_NAME),
      size: typeof size === 'number' && size >= 0 ? size : undefined,
    })
  }
  return [...items.values()]
}

/** The own fields of an object; nothing for what is none. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
