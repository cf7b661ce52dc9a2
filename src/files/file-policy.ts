import { EntradaFailure, type FailureCode, type FailureDetails, FAILURES } from '../failure.ts'
import type { DriveItem, DriveItemState } from '../graph/drive-item.ts'
import type { ByteSource } from './byte-source.ts'
import { extensionOf } from './file-name.ts'

/** The failures of states that metadata tells. */
const REFUSED: Readonly<
  Record<Exclude<DriveItemState, 'available'>, readonly [FailureCode, FailureDetails?]>
> = {
  infected: ['file_infected'],
  deleted: ['file_not_found'],
  folder: ['file_not_downloadable', { detail: 'This is a folder. Choose the files in it.' }],
  package: ['file_not_downloadable', { detail: 'OneNote notebooks cannot be downloaded.' }],
  uploading: [
    'file_locked',
    { detail: 'The file is still being uploaded. Try again in a moment.', retryAfter: 30 },
  ],
}

const MEBIBYTE = 1_048_576

/** Extensions that Microsoft converts to PDF, by Graph's list of 2026 (driveItem: get content in another format). */
const CONVERTIBLE = /^(?:csv|docx?|od[pst]|pot[mx]?|pps(?:x|xm)?|ppt[mx]?|rtf|xlsx?)$/

/** Why an item cannot be downloaded, by its metadata; `null` when it can. */
export function downloadFailureOf(item: DriveItem, maxBytes: number): EntradaFailure | null {
  if (item.state !== 'available') return new EntradaFailure(...REFUSED[item.state])
  return item.size > maxBytes ? tooLarge(maxBytes) : null
}

/** @throws EntradaFailure for an item that cannot be downloaded */
export function assertDownloadable(item: DriveItem, maxBytes: number): void {
  const refusal = downloadFailureOf(item, maxBytes)
  if (refusal !== null) throw refusal
}

export function tooLarge(maxBytes: number): EntradaFailure {
  return new EntradaFailure('file_too_large', {
    detail: `The limit is ${inWords(maxBytes)} for each file.`,
  })
}

function inWords(bytes: number): string {
  return bytes < MEBIBYTE ? `${bytes} bytes` : `${Math.floor(bytes / MEBIBYTE)} MiB`
}

/**
 * Whether `format=pdf` needs a conversion: a PDF does not.
 * @throws EntradaFailure `file_not_convertible`
 */
export function needsConversion(item: DriveItem): boolean {
  const extension = extensionOf(item.name)
  if (extension === 'pdf') return false
  if (CONVERTIBLE.test(extension)) return true
  throw new EntradaFailure('file_not_convertible')
}

/** The JSON of `GET /.entrada/files/:driveId/:itemId`: the file's current metadata. */
export function describeItem(item: DriveItem, maxBytes: number) {
  const { address, state, isCheckedOut, ...shown } = item
  const refusal = downloadFailureOf(item, maxBytes)
  return {
    ...shown,
    driveId: address.driveId,
    id: address.itemId,
    state: state === 'available' && isCheckedOut ? 'checked_out' : state,
    downloadable: refusal === null,
    /** The problem that `content` would respond with. */
    problem: refusal === null ? null : problemSummary(refusal),
  }
}

/** Code, title and detail of a failure, for lists in which some files fail. */
export function problemSummary({ code, details }: EntradaFailure) {
  return { code, title: FAILURES[code].title, detail: details.detail }
}

/** Office documents: zip archives, unless encryption has put a compound file in their place. */
const OPEN_XML = /^(?:doc|dot|xls|xlt|ppt|pps|pot|vsd)[xmb]$/
/** Extensions that Microsoft's rights management gives to encrypted files of other types. */
const PROTECTED = /^p(?:file|pdf|txt|xml|jpe?g|png|tif|bmp|gif)$/
/** [MS-CFB] §2.2: the first bytes of a compound file. */
const COMPOUND_FILE = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1] as const

/**
 * Whether a sensitivity label or a password encrypts the file. Graph does not tell, so the first bytes decide. A chat
 * app would report such a file as damaged.
 */
export async function isProtected(name: string, source: ByteSource): Promise<boolean> {
  const extension = extensionOf(name)
  if (PROTECTED.test(extension)) return true
  if (!OPEN_XML.test(extension)) return false
  const start = await source.peek()
  return start.kind === 'bytes' && COMPOUND_FILE.every((byte, index) => start.bytes[index] === byte)
}
