import { makeZip } from 'client-zip'
import { EntradaFailure, FAILURES, type FailureCode } from '../failure.ts'
import type { DriveItem } from '../graph/drive-item.ts'
import type { DriveItemAddress } from '../graph/drive-item-address.ts'
import { INERT_HEADERS } from './content-headers.ts'
import { openWhole, type ContentParts } from './content.ts'
import { watched } from './delivery.ts'
import { attachmentNamed } from './file-name.ts'
import { isPassing, type ResumingSource } from './resuming-source.ts'
import { UniqueNames } from './unique-names.ts'

export interface ArchiveParts extends ContentParts {
  /** Told once for each file, whichever way it ended. */
  report(address: DriveItemAddress, result: string, bytes: number): void
}

export interface Archive {
  readonly response: Response
  /** Settles when the last byte has gone, or nothing more will come. */
  readonly delivered: Promise<void>
}

/** What is not in the archive, or not whole, and why: the one file in it that is ours. */
const MANIFEST = 'not-included.json'
const MAX_TRIES = 3

/**
 * Several files as one zip, made while it is sent: one file open at a time, stored as it is, because what is
 * worth compressing is compressed already. A file that fails is told of in the manifest and sinks no other.
 */
export function streamArchive(
  addresses: readonly DriveItemAddress[],
  name: string | null,
  parts: ArchiveParts,
): Archive {
  const writer = new ArchiveWriter(addresses, parts)
  const { readable, writable } = new IdentityTransformStream()
  const zip = makeZip(writer.entries(), { buffersAreUTF8: true })
  const sent = pump(zip, writable, (chunk) => writer.recycle(chunk)).then(() => writer.end())
  const headers = new Headers({
    ...INERT_HEADERS,
    'content-disposition': attachmentNamed(withZip(name ?? 'files')),
    'content-type': 'application/zip',
  })
  const delivered = watched(sent, () => writer.checkForStall())
  return { response: new Response(readable, { headers }), delivered }
}

/** By hand rather than piped, so that the memory of a chunk can be used again once it has gone out. */
async function pump(
  zip: ReadableStream<Uint8Array>,
  sink: WritableStream<ArrayBuffer | ArrayBufferView>,
  recycle: (chunk: Uint8Array) => void,
): Promise<void> {
  const reader = zip.getReader()
  const writer = sink.getWriter()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      await writer.write(value)
      recycle(value)
    }
    await writer.close()
  } catch {
    // The receiver went away; nothing else makes it fail.
    await reader.cancel().catch(() => undefined)
  }
}

interface Problem {
  readonly driveId: string
  readonly id: string
  readonly name: string | null
  readonly code: FailureCode
  readonly title: string
  /** The archive holds the beginning of it. */
  readonly incomplete: boolean
}

class ArchiveWriter {
  readonly #addresses: readonly DriveItemAddress[]
  readonly #parts: ArchiveParts
  readonly #names = new UniqueNames([MANIFEST])
  readonly #problems: Problem[] = []
  #current: { readonly address: DriveItemAddress; readonly source: ResumingSource } | null = null

  constructor(addresses: readonly DriveItemAddress[], parts: ArchiveParts) {
    this.#addresses = addresses
    this.#parts = parts
  }

  async *entries() {
    for (const address of this.#addresses) {
      const opened = await this.#open(address)
      if (opened === null) continue
      const { item, source } = opened
      yield {
        name: this.#names.take(item.name),
        input: this.#bytes(address, item.name, source),
        ...(item.modifiedAt === null ? {} : { lastModified: new Date(item.modifiedAt) }),
      }
    }
    if (this.#problems.length === 0) return
    yield {
      name: MANIFEST,
      input: `${JSON.stringify({ problems: this.#problems }, null, 2)}\n`,
      lastModified: new Date(),
    }
  }

  /** Nobody reads any more: the file under way is let go. */
  async end(): Promise<void> {
    if (this.#current === null) return
    const { address, source } = this.#current
    this.#current = null
    await source.giveUp()
    this.#parts.report(address, 'cancelled', source.delivered)
  }

  recycle(chunk: Uint8Array): void {
    this.#current?.source.recycle(chunk)
  }

  checkForStall(): void {
    this.#current?.source.checkForStall()
  }

  /** `null` when there is nothing to put in; the manifest then says why. */
  async #open(address: DriveItemAddress) {
    for (let tries = 1; ; tries++) {
      let item: DriveItem | null = null
      try {
        item = await this.#parts.files.find(address)
        return { item, source: await openWhole(item, this.#parts) }
      } catch (cause) {
        const failure = cause instanceof EntradaFailure ? cause : new EntradaFailure('internal')
        if (tries < MAX_TRIES && isPassing(failure)) {
          await delay((failure.details.retryAfter ?? 1) * 1000)
          continue
        }
        this.#fail(address, failure.code, { name: item?.name ?? null, bytes: 0 })
        return null
      }
    }
  }

  /** Ends early rather than with an error, which would end the archive as well. */
  async *#bytes(address: DriveItemAddress, name: string, source: ResumingSource) {
    this.#current = { address, source }
    for (;;) {
      const step = await source.next()
      if (step.kind === 'bytes') {
        yield step.bytes
        continue
      }
      this.#current = null
      if (step.kind === 'complete') this.#parts.report(address, 'complete', source.delivered)
      else this.#fail(address, step.code, { name, bytes: source.delivered })
      return
    }
  }

  #fail(
    address: DriveItemAddress,
    code: FailureCode,
    { name, bytes }: { readonly name: string | null; readonly bytes: number },
  ): void {
    this.#parts.report(address, code, bytes)
    const { driveId, itemId: id } = address
    const { title } = FAILURES[code]
    this.#problems.push({ driveId, id, name, code, title, incomplete: bytes > 0 })
  }
}

function withZip(name: string): string {
  return /\.zip$/i.test(name) ? name : `${name}.zip`
}

async function delay(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds))
}
