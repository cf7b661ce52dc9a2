import * as v from 'valibot'
import { readDriveItemAddress, type DriveItemAddress } from './drive-item-address.ts'

/** What an item is to someone who wants its bytes. */
export type DriveItemState =
  | 'available'
  | 'folder'
  /** A OneNote notebook and its like: looks like a file and has no content of its own. */
  | 'package'
  /** Microsoft found malware in it. */
  | 'infected'
  | 'deleted'
  /** Its content is still being written. */
  | 'uploading'

/** A file as Graph describes it at this moment. Nothing in it comes from a browser. */
export interface DriveItem {
  readonly address: DriveItemAddress
  readonly name: string
  /** Bytes, as of the metadata; the download may have grown since. */
  readonly size: number
  /** Changes with anything about the item, quotes included as Graph sends it. */
  readonly eTag: string | null
  /** As the server determined it. */
  readonly mediaType: string | null
  /** ISO 8601. */
  readonly modifiedAt: string | null
  readonly webUrl: string | null
  readonly state: DriveItemState
  /** Someone is editing it; everyone else gets the version before. */
  readonly isCheckedOut: boolean
  /** As Graph gives them. */
  readonly hashes: Readonly<Record<string, unknown>>
}

/** An item, or a shortcut to one in another drive: operations on the shortcut itself fail. */
export type FoundDriveItem =
  | { readonly kind: 'item'; readonly item: DriveItem }
  | { readonly kind: 'shortcut'; readonly target: DriveItemAddress }

const Text = v.nullish(v.string(), null)
const Facet = v.nullish(v.object({}))

const Wire = v.object({
  id: v.string(),
  name: v.optional(v.string(), ''),
  size: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
  eTag: Text,
  webUrl: Text,
  lastModifiedDateTime: Text,
  file: v.nullish(
    v.object({ mimeType: Text, hashes: v.nullish(v.record(v.string(), v.unknown())) }),
  ),
  folder: Facet,
  package: Facet,
  malware: Facet,
  deleted: Facet,
  publication: v.nullish(v.object({ level: Text })),
  pendingOperations: v.nullish(v.object({ pendingContentUpdate: Facet })),
  remoteItem: v.nullish(
    v.object({ id: v.string(), parentReference: v.nullish(v.object({ driveId: Text })) }),
  ),
})

/** What is read is what is asked for. */
export const DRIVE_ITEM_SELECT = Object.keys(Wire.entries).join()

type WireItem = v.InferOutput<typeof Wire>

/**
 * Reads Graph's answer for the item at `asked`.
 * @returns `null` for what is not a drive item, or a shortcut that leads nowhere we could ask
 */
export function readDriveItem(json: unknown, asked: DriveItemAddress): FoundDriveItem | null {
  const parsed = v.safeParse(Wire, json)
  if (!parsed.success) return null
  const wire = parsed.output
  if (wire.remoteItem) {
    const target = readDriveItemAddress(
      wire.remoteItem.parentReference?.driveId,
      wire.remoteItem.id,
    )
    return target === null ? null : { kind: 'shortcut', target }
  }
  return {
    kind: 'item',
    item: {
      address: asked,
      name: wire.name,
      size: wire.size,
      eTag: wire.eTag,
      mediaType: wire.file?.mimeType ?? null,
      modifiedAt: wire.lastModifiedDateTime,
      webUrl: wire.webUrl,
      state: stateOf(wire),
      isCheckedOut: wire.publication?.level === 'checkout',
      hashes: wire.file?.hashes ?? {},
    },
  }
}

/** Worst first: an infected file that is also being written is infected. */
function stateOf(wire: WireItem): DriveItemState {
  if (wire.malware) return 'infected'
  if (wire.deleted) return 'deleted'
  if (wire.folder) return 'folder'
  if (wire.package) return 'package'
  if (wire.pendingOperations?.pendingContentUpdate) return 'uploading'
  // Anything without a file facet has no bytes, whatever it is called.
  return wire.file ? 'available' : 'package'
}
