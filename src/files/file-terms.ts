import { EntradaFailure, FAILURES, type FailureCode, type FailureDetails } from '../failure.ts'
import type { DriveItem, DriveItemState } from '../graph/drive-item.ts'
import { extensionOf } from './file-name.ts'

/** Known before a byte is asked for. */
const REFUSED: Readonly<
  Record<Exclude<DriveItemState, 'available'>, readonly [FailureCode, FailureDetails?]>
> = {
  infected: ['file_infected'],
  deleted: ['file_not_found'],
  folder: ['file_not_downloadable', { detail: 'This is a folder. Choose the files in it.' }],
  package: ['file_not_downloadable', { detail: 'A notebook is no file that could be downloaded.' }],
  uploading: ['file_locked', { detail: 'The file is still being uploaded.', retryAfter: 30 }],
}

const MEBIBYTE = 1_048_576

/** What Microsoft converts to PDF, by Graph's list of 2026 (driveItem: get content in another format). */
const CONVERTIBLE = /^(?:csv|docx?|od[pst]|pot[mx]?|pps(?:x|xm)?|ppt[mx]?|rtf|xlsx?)$/

/** Why an item will not be delivered, as far as its metadata tells; `null` when nothing stands against it. */
export function downloadFailureOf(item: DriveItem, maxBytes: number): EntradaFailure | null {
  if (item.state !== 'available') return new EntradaFailure(...REFUSED[item.state])
  return item.size > maxBytes ? tooLarge(maxBytes) : null
}

/** @throws EntradaFailure for an item that will not be delivered */
export function assertDownloadable(item: DriveItem, maxBytes: number): void {
  const refusal = downloadFailureOf(item, maxBytes)
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
  if (CONVERTIBLE.test(extension)) return true
  throw new EntradaFailure('file_not_convertible')
}

/** What a chat may know of a file before it takes it; all of it as Graph says now. */
export function describeItem(item: DriveItem, maxBytes: number) {
  const { address, state, isCheckedOut, ...shown } = item
  const refusal = downloadFailureOf(item, maxBytes)
  return {
    ...shown,
    driveId: address.driveId,
    id: address.itemId,
    state: state === 'available' && isCheckedOut ? 'checked_out' : state,
    downloadable: refusal === null,
    /** What `content` would fail with. */
    problem: refusal === null ? null : problemOf(refusal),
  }
}

/** A failure in words, for a list of files of which some fail. */
export function problemOf({ code, details }: EntradaFailure) {
  return { code, title: FAILURES[code].title, detail: details.detail }
}
