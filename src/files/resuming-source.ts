import { EntradaFailure, FAILURES, type FailureCode } from '../failure.ts'
import { STALL_MS } from './byte-source.ts'
import type { ByteSupplier } from './body-stream.ts'
import type { OpenContent } from './content-range.ts'

export interface Transfer {
  readonly content: OpenContent
  /**
   * Opens the rest from a position, after what was open broke. `null` for what is made anew each time.
   * @throws EntradaFailure `file_changed` when it is no longer the same file; whatever opening throws
   */
  readonly reopen: ((position: number, end: number | null) => Promise<OpenContent>) | null
  /** More than this is not delivered, whatever was declared. */
  readonly maxBytes: number
}

/** How a delivery ended. `cancelled`: the receiver went away. */
export type Result = 'complete' | 'cancelled' | FailureCode

export type Step =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'ended'; readonly result: Result }

/** Before each try to go on, as long as there is no progress worth the name; after the last nobody tries. */
const PAUSES_MS = [0, 500, 2_000, 5_000]
const PROGRESS_BYTES = 65_536
/** Longer than this nobody waits in the middle of a file. */
const MAX_PAUSE_MS = 20_000

/**
 * A file's bytes to the end, whatever happens on the way: when the connection breaks in the middle, the rest
 * is opened anew and joined where the bytes ended.
 */
export class ResumingSource implements ByteSupplier {
  readonly #transfer: Transfer
  readonly #start: number
  readonly #end: number | null
  #content: OpenContent
  #position: number
  /** Bytes still to be dropped, after a host ignored the range and started over. */
  #surplus = 0
  #breaks = 0
  #brokeAt: number
  #isGivenUp = false

  constructor(transfer: Transfer) {
    this.#transfer = transfer
    this.#content = transfer.content
    this.#start = transfer.content.start
    this.#end = transfer.content.end
    this.#position = this.#start
    this.#brokeAt = this.#start
  }

  get delivered(): number {
    return this.#position - this.#start
  }

  get length(): number | null {
    return this.#end === null ? null : this.#end - this.#start
  }

  async next(): Promise<Step> {
    for (;;) {
      const read = await this.#content.source.read()
      if (read.kind === 'bytes') {
        const step = this.#take(read.bytes)
        if (step !== null) return step
        continue
      }
      if (this.#isGivenUp) return { kind: 'ended', result: 'cancelled' }
      const isWhole = this.#end === null ? read.kind === 'end' : this.#position === this.#end
      const result = isWhole ? 'complete' : await this.#mend()
      if (result !== null) return { kind: 'ended', result }
    }
  }

  recycle(bytes: Uint8Array): void {
    this.#content.source.recycle(bytes)
  }

  /** Lets go of the sender; nothing is mended after that. */
  async giveUp(): Promise<void> {
    this.#isGivenUp = true
    await this.#content.source.giveUp()
  }

  checkForStall(): void {
    const { source } = this.#content
    if (source.waitedFor > STALL_MS) void source.giveUp()
  }

  /** `null` when all of it had been delivered before. */
  #take(read: Uint8Array): Step | null {
    const bytes = read.subarray(Math.min(this.#surplus, read.byteLength))
    this.#surplus -= read.byteLength - bytes.byteLength
    if (bytes.byteLength === 0) return null
    this.#position += bytes.byteLength
    if (this.#end !== null && this.#position > this.#end) {
      return { kind: 'ended', result: 'download_failed' }
    }
    if (this.delivered > this.#transfer.maxBytes) return { kind: 'ended', result: 'file_too_large' }
    return { kind: 'bytes', bytes }
  }

  /** `null` when there is more to read. */
  async #mend(): Promise<FailureCode | null> {
    await this.#content.source.giveUp()
    const hasProgressed = this.#position - this.#brokeAt >= PROGRESS_BYTES
    this.#breaks = hasProgressed ? 1 : this.#breaks + 1
    this.#brokeAt = this.#position
    const { reopen } = this.#transfer
    if (reopen === null) return 'download_failed'
    let failure: EntradaFailure | null = null
    for (const pauseMs of PAUSES_MS.slice(this.#breaks - 1)) {
      const retryAfterMs = (failure?.details.retryAfter ?? 0) * 1000
      await pause(Math.max(retryAfterMs, pauseMs))
      try {
        this.#content = await reopen(this.#position, this.#end)
        this.#surplus = this.#position - this.#content.start
        return this.#surplus < 0 ? 'download_failed' : null
      } catch (cause) {
        if (!(cause instanceof EntradaFailure)) return 'internal'
        failure = cause
        if (!isPassing(cause)) return cause.code
      }
    }
    return failure?.code ?? 'download_failed'
  }
}

/** Worth another try soon. A file that changed never becomes the same again. */
export function isPassing({ code, details }: EntradaFailure): boolean {
  return (
    FAILURES[code].turn === 'wait' &&
    code !== 'file_changed' &&
    (details.retryAfter ?? 0) * 1000 <= MAX_PAUSE_MS
  )
}

export async function pause(milliseconds: number): Promise<void> {
  if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds))
}
