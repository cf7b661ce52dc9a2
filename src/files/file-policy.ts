import { EntradaFailure, type FailureCode, type FailureDetails, FAILURES } from '../failure.ts'
import type { DriveItem, DriveItemState } from '../graph/drive-item.ts'
import type { ByteSource } from './byte-source.ts'
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

/** Documents that are zip archives, unless protection has put a compound file in their place. */
const OPEN_XML = /^(?:doc|dot|xls|xlt|ppt|pps|pot|vsd)[xmb]$/
/** What Microsoft's protection makes of types that cannot carry it themselves. */
const PROTECTED = /^p(?:file|pdf|txt|xml|jpe?g|png|tif|bmp|gif)$/
/** [MS-CFB] §2.2: how a compound file begins. */
const COMPOUND_FILE = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1] as const

/**
 * Whether an encrypting label or a password has closed the file. Graph does not say; the bytes do. A chat
 * could only report such a file as damaged.
 */
export async function isProtected(name: string, source: ByteSource): Promise<boolean> {
  const extension = extensionOf(name)
  if (PROTECTED.test(extension)) return true
  if (!OPEN_XML.test(extension)) return false
  const start = await source.peek()
  return start.kind === 'bytes' && COMPOUND_FILE.every((byte, index) => start.bytes[index] === byte)
}
