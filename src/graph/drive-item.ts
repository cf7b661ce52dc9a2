import * as v from 'valibot'
import { readDriveItemAddress, type DriveItemAddress } from './drive-item-address.ts'

/** Whether an item can be downloaded, or why not. */
export type DriveItemState =
  | 'available'
  | 'folder'
  /** A OneNote notebook or another package: no content of its own. */
  | 'package'
  /** Microsoft has found malware. */
  | 'infected'
  | 'deleted'
  /** The upload has not finished. */
  | 'uploading'

/** Graph's current metadata of a file. */
export interface DriveItem {
  readonly address: DriveItemAddress
  readonly name: string
  /** Bytes. The download may differ: the file can change in between. */
  readonly size: number
  /** Changes with each change of the item. With quotes, as Graph sends it. */
  readonly eTag: string | null
  /** As Microsoft determined it. */
  readonly mediaType: string | null
  /** ISO 8601. */
  readonly modifiedAt: string | null
  readonly webUrl: string | null
  readonly state: DriveItemState
  /** A person has checked it out; everyone else gets the version before. */
  readonly isCheckedOut: boolean
  /** By algorithm, as Graph names them. */
  readonly hashes: Readonly<Record<string, unknown>>
}

/** An item, or a shortcut to an item in another drive. Graph refuses operations on the shortcut itself. */
export type FoundDriveItem =
  | { readonly kind: 'item'; readonly item: DriveItem }
  | { readonly kind: 'shortcut'; readonly target: DriveItemAddress }

const Text = v.nullish(v.string(), null)
const Facet = v.nullish(v.object({}))

const DriveItemJson = v.object({
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

/** `$select` with exactly the properties that `readDriveItem` reads. */
export const DRIVE_ITEM_SELECT = Object.keys(DriveItemJson.entries).join()

type DriveItemJson = v.InferOutput<typeof DriveItemJson>

/**
 * Reads Graph's JSON for the item at `address`.
 * @returns `null` for JSON that is not a drive item, or a shortcut without a valid target
 */
export function readDriveItem(json: unknown, address: DriveItemAddress): FoundDriveItem | null {
  const parsed = v.safeParse(DriveItemJson, json)
  if (!parsed.success) return null
  const item = parsed.output
  if (item.remoteItem) {
    const target = readDriveItemAddress(
      item.remoteItem.parentReference?.driveId,
      item.remoteItem.id,
    )
    return target === null ? null : { kind: 'shortcut', target }
  }
  return {
    kind: 'item',
    item: {
      address,
      name: item.name,
      size: item.size,
      eTag: item.eTag,
      mediaType: item.file?.mimeType ?? null,
      modifiedAt: item.lastModifiedDateTime,
      webUrl: item.webUrl,
      state: stateOf(item),
      isCheckedOut: item.publication?.level === 'checkout',
      hashes: item.file?.hashes ?? {},
    },
  }
}

/** The most severe state first: an infected file in upload is infected. */
function stateOf(json: DriveItemJson): DriveItemState {
  if (json.malware) return 'infected'
  if (json.deleted) return 'deleted'
  if (json.folder) return 'folder'
  if (json.package) return 'package'
  if (json.pendingOperations?.pendingContentUpdate) return 'uploading'
  // An item without a file facet has no bytes.
  return json.file ? 'available' : 'package'
}
