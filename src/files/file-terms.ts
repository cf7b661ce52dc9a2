import { EntradaFailure, FAILURES, type FailureCode } from '../failure.ts'
import type { DriveItem, DriveItemState } from '../graph/drive-item.ts'
import { extensionOf } from './file-name.ts'

/** Known before a byte is asked for. */
const REFUSED: Readonly<Record<Exclude<DriveItemState, 'available'>, FailureCode>> = {
  infected: 'file_infected',
  deleted: 'file_not_found',
  folder: 'file_not_downloadable',
  package: 'file_not_downloadable',
  uploading: 'file_locked',
}

const DETAILS: Partial<Record<DriveItemState, string>> = {
  folder: 'This is a folder. Choose the files in it.',
  package: 'This is a notebook, which has no file to download.',
  uploading: 'The file is still being uploaded.',
}

const MEBIBYTE = 1_048_576

/** What Microsoft converts to PDF. */
const CONVERTIBLE: ReadonlySet<string> = new Set(
  'doc docx epub eml htm html md msg odp ods odt pps ppsx ppt pptx rtf tif tiff xls xlsm xlsx'.split(
    ' ',
  ),
)

/** Why an item will not be delivered, as far as its metadata tells; `null` when nothing stands against it. */
export function refusalOf(item: DriveItem, maxBytes: number): EntradaFailure | null {
  if (item.state !== 'available') {
    const detail = DETAILS[item.state]
    return new EntradaFailure(REFUSED[item.state], {
      ...(detail === undefined ? {} : { detail }),
      ...(item.state === 'uploading' ? { retryAfter: 30 } : {}),
    })
  }
  return item.size > maxBytes ? tooLarge(maxBytes) : null
}

/** @throws EntradaFailure for an item that will not be delivered */
export function requireDeliverable(item: DriveItem, maxBytes: number): void {
  const refusal = refusalOf(item, maxBytes)
  if (refusal !== null) throw refusal
}

export function tooLarge(maxBytes: number): EntradaFailure {
  return new EntradaFailure('file_too_large', {
    detail: `Files of up to ${inWords(maxBytes)} can be taken from here.`,
  })
}

function inWords(bytes: number): string {
  return bytes < MEBIBYTE ? `${bytes} bytes` : `${Math.floor(bytes / MEBIBYTE)} MiB`
}

/** Whether `format=pdf` means work for Microsoft: a PDF already is one. */
export function needsConversion(item: DriveItem): boolean {
  const extension = extensionOf(item.name)
  if (extension === 'pdf') return false
  if (CONVERTIBLE.has(extension)) return true
  throw new EntradaFailure('file_not_convertible')
}

/** What a chat may know of a file before it takes it; all of it as Graph says now. */
export function describeItem(item: DriveItem, maxBytes: number) {
  const { address, name, size, mediaType, eTag, modifiedAt, webUrl, state, hashes } = item
  const refusal = refusalOf(item, maxBytes)
  return {
    driveId: address.driveId,
    id: address.itemId,
    name,
    size,
    mediaType,
    eTag,
    modifiedAt,
    webUrl,
    hashes,
    state: state === 'available' && item.isCheckedOut ? 'checked_out' : state,
    downloadable: refusal === null,
    /** The code `content` would fail with, and its words. */
    problem:
      refusal === null
        ? null
        : {
            code: refusal.code,
            title: FAILURES[refusal.code].title,
            detail: refusal.details.detail,
          },
  }
}
