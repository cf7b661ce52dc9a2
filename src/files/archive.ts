import { makeZip } from 'client-zip'
import { EntradaFailure, type FailureCode, FAILURES } from '../failure.ts'
import type { DriveItemAddress } from '../graph/drive-item-address.ts'
import type { DriveItem } from '../graph/drive-item.ts'
import { type ByteSupplier, streamBody } from './body-stream.ts'
import { INERT_HEADERS } from './content-http.ts'
import { type ContentDeps, openWhole } from './content.ts'
import { attachmentNamed, UniqueNames } from './file-name.ts'
import { isPassing, pause, type Result, type ResumingSource, type Step } from './resuming-source.ts'

export interface ArchiveDeps extends ContentDeps {
  /** Told once for each file, whichever way it ended. */
  report(address: DriveItemAddress, result: string, bytes: number): void
}

/** What is not in the archive, or not whole, and why: the one file in it that is ours. */
const MANIFEST = 'not-included.json'
const MAX_TRIES = 3

interface Problem {
  readonly driveId: string
  readonly id: string
  readonly name: string | null
  readonly code: FailureCode
  readonly title: string
  /** The archive holds the beginning of it. */
  readonly incomplete: boolean
}

/** The bytes of a zip, with one file open at a time. */
export class ArchiveSource implements ByteSupplier {
  readonly length = null
  delivered = 0
  readonly #addresses: readonly DriveItemAddress[]
  readonly #deps: ArchiveDeps
  readonly #zip: ReadableStreamDefaultReader<Uint8Array>
  readonly #problems: Problem[] = []
  /** The file under way. */
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

  /** Ends the entries where they are. */
  async giveUp(): Promise<void> {
    await this.#zip.cancel().catch(() => undefined)
  }

  async *#entries() {
    const names = new UniqueNames([MANIFEST])
    for (const address of this.#addresses) {
      const opened = await this.#open(address)
      if (opened === null) continue
      const { item, source } = opened
      const ended: { result: Result } = { result: 'cancelled' }
      this.#source = source
      try {
        yield {
          name: names.take(item.name),
          input: bytesOf(source, ended),
          ...(item.modifiedAt === null ? {} : { lastModified: new Date(item.modifiedAt) }),
        }
      } finally {
        // Also where nobody reads any more.
        await source.giveUp()
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

  /** `null` when there is nothing to put in; the manifest then says why. */
  async #open(address: DriveItemAddress) {
    for (let tries = 1; ; tries++) {
      let item: DriveItem | null = null
      try {
        item = await this.#deps.files.find(address)
        return { item, source: await openWhole(item, this.#deps) }
      } catch (cause) {
        const failure = cause instanceof EntradaFailure ? cause : new EntradaFailure('internal')
        if (tries < MAX_TRIES && isPassing(failure)) {
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
    result: Result,
    { name, bytes }: { readonly name: string | null; readonly bytes: number },
  ): void {
    this.#deps.report(address, result, bytes)
    if (result === 'complete' || result === 'cancelled') return
    const { driveId, itemId: id } = address
    const { title } = FAILURES[result]
    this.#problems.push({ driveId, id, name, code: result, title, incomplete: bytes > 0 })
  }
}

/** Ends early rather than with an error, which would end the archive as well. */
async function* bytesOf(source: ResumingSource, ended: { result: Result }) {
  for (;;) {
    const step = await source.next()
    if (step.kind === 'ended') {
      ended.result = step.result
      return
    }
    yield step.bytes
  }
}

/**
 * Several files as one zip, made while it is sent: one file open at a time, stored as it is, because what is
 * worth compressing is compressed already. A file that fails is told of in the manifest and sinks no other.
 */
export function streamArchive(
  addresses: readonly DriveItemAddress[],
  name: string,
  deps: ArchiveDeps,
) {
  const { body, delivered } = streamBody(new ArchiveSource(addresses, deps))
  const headers = new Headers({
    ...INERT_HEADERS,
    'content-disposition': attachmentNamed(withZip(name)),
    'content-type': 'application/zip',
  })
  return { response: new Response(body, { headers }), delivered }
}

function withZip(name: string): string {
  return /\.zip$/i.test(name) ? name : `${name}.zip`
}
