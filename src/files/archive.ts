import { makeZip } from 'client-zip'
import { EntradaFailure, type FailureCode, FAILURES } from '../failure.ts'
import type { DriveItemAddress } from '../graph/drive-item-address.ts'
import type { DriveItem } from '../graph/drive-item.ts'
import type { Report } from './audit.ts'
import { type ByteSupplier, type Step, streamBody, type TransferResult } from './body-stream.ts'
import { INERT_HEADERS } from './content-http.ts'
import { type ContentDeps, openWhole } from './content.ts'
import { attachmentNamed, UniqueNames } from './file-name.ts'
import { isTransient, pause, type ResumingSource } from './resuming-source.ts'

export interface ArchiveDeps extends ContentDeps {
  /** Called once for each file. */
  readonly report: Report
}

/**
 * Responds with several files as one zip, made while it is sent. Entries are stored uncompressed: office files and
 * media are compressed already. A failed file is listed in the manifest and does not stop the others.
 */
export function streamArchive(
  addresses: readonly DriveItemAddress[],
  name: string,
  deps: ArchiveDeps,
) {
  const { body, delivered } = streamBody(new ArchiveSource(addresses, deps))
  const headers = new Headers({
    ...INERT_HEADERS,
    'content-disposition': attachmentNamed(/\.zip$/i.test(name) ? name : `${name}.zip`),
    'content-type': 'application/zip',
  })
  return { response: new Response(body, { headers }), delivered }
}

/** Lists the files that are missing or incomplete, and why. The archive has it only when there are any. */
const MANIFEST = 'not-included.json'
const MAX_TRIES = 3

interface Problem {
  readonly driveId: string
  readonly id: string
  readonly name: string | null
  readonly code: FailureCode
  readonly title: string
  /** The archive holds the beginning of the file. */
  readonly incomplete: boolean
}

/** Supplies the bytes of a zip, with one file open at a time. */
class ArchiveSource implements ByteSupplier {
  readonly length = null
  delivered = 0
  readonly #addresses: readonly DriveItemAddress[]
  readonly #deps: ArchiveDeps
  readonly #zip: ReadableStreamDefaultReader<Uint8Array>
  readonly #problems: Problem[] = []
  /** The file that is open now. */
  #source: ResumingSource | null = null

  constructor(addresses: readonly DriveItemAddress[], deps: ArchiveDeps) {
    this.#addresses = addresses
    this.#deps = deps
    this.#zip = makeZip(this.#entries(), { buffersAreUTF8: true }).getReader()
  }

  async next(): Promise<Step> {
    const { done, value } = await this.#zip.read()
    if (done) return { kind: 'ended', result: 'complete' }
    this.delivered += value.byteLength
    return { kind: 'bytes', bytes: value }
  }

  recycle(chunk: Uint8Array): void {
    this.#source?.recycle(chunk)
  }

  checkForStall(): void {
    this.#source?.checkForStall()
  }

  async cancel(): Promise<void> {
    await this.#zip.cancel().catch(() => undefined)
  }

  async *#entries() {
    const names = new UniqueNames([MANIFEST])
    for (const address of this.#addresses) {
      const opened = await this.#open(address)
      if (opened === null) continue
      const { item, source } = opened
      const ended: { result: TransferResult } = { result: 'cancelled' }
      this.#source = source
      try {
        yield {
          name: names.take(item.name),
          input: bytesOf(source, ended),
          ...(item.modifiedAt === null ? {} : { lastModified: new Date(item.modifiedAt) }),
        }
      } finally {
        // Runs also when the receiver has left.
        await source.cancel()
        this.#end(address, ended.result, { name: item.name, bytes: source.delivered })
      }
    }
    if (this.#problems.length === 0) return
    yield {
      name: MANIFEST,
      input: `${JSON.stringify({ problems: this.#problems }, null, 2)}\n`,
      lastModified: new Date(),
    }
  }

  /** `null` when the file cannot be opened; the manifest then says why. */
  async #open(address: DriveItemAddress) {
    for (let tries = 1; ; tries++) {
      let item: DriveItem | null = null
      try {
        item = await this.#deps.files.find(address)
        return { item, source: await openWhole(item, this.#deps) }
      } catch (cause) {
        const failure = cause instanceof EntradaFailure ? cause : new EntradaFailure('internal')
        if (tries < MAX_TRIES && isTransient(failure)) {
          await pause((failure.details.retryAfter ?? 1) * 1000)
          continue
        }
        this.#end(address, failure.code, { name: item?.name ?? null, bytes: 0 })
        return null
      }
    }
  }

  #end(
    address: DriveItemAddress,
    result: TransferResult,
    { name, bytes }: { readonly name: string | null; readonly bytes: number },
  ): void {
    this.#deps.report(address, result, bytes)
    if (result === 'complete' || result === 'cancelled') return
    const { driveId, itemId: id } = address
    const { title } = FAILURES[result]
    this.#problems.push({ driveId, id, name, code: result, title, incomplete: bytes > 0 })
  }
}

/** A failed file ends its entry early: an error would end the whole archive. */
async function* bytesOf(source: ResumingSource, ended: { result: TransferResult }) {
  for (;;) {
    const step = await source.next()
    if (step.kind === 'ended') {
      ended.result = step.result
      return
    }
    yield step.bytes
  }
}
