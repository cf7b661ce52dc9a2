import { EntradaFailure, FAILURES, type FailureCode } from '../failure.ts'
import type { ByteSupplier, Step } from './body-stream.ts'
import { STALL_MS } from './byte-source.ts'
import type { OpenContent } from './content-range.ts'

export interface Transfer {
  readonly content: OpenContent
  /**
   * Opens the rest of the file, from `position` to `end` (exclusive, `null` for all), after a break.
   * `null` where the bytes differ each time, as those of a conversion do.
   * @throws EntradaFailure `file_changed` when the file is another one now; whatever opening throws
   */
  readonly reopen: ((position: number, end: number | null) => Promise<OpenContent>) | null
  /** The limit on delivered bytes, whatever length was declared. */
  readonly maxBytes: number
}

/** Before each try to reopen; after the last, the transfer fails. Progress resets the count. */
const PAUSES_MS = [0, 500, 2_000, 5_000]
const PROGRESS_BYTES = 65_536
/** A longer `Retry-After` ends the transfer. */
const MAX_PAUSE_MS = 20_000

/** Supplies a file's bytes to the end: after a break it opens the rest and joins it where the bytes ended. */
export class ResumingSource implements ByteSupplier {
  readonly #transfer: Transfer
  readonly #start: number
  readonly #end: number | null
  #content: OpenContent
  #position: number
  /** Bytes to skip, after a host has ignored the range and sent the file from its start. */
  #skip = 0
  #breaks = 0
  #brokeAt: number
  #isCancelled = false

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
      if (this.#isCancelled) return { kind: 'ended', result: 'cancelled' }
      const isWhole = this.#end === null ? read.kind === 'end' : this.#position === this.#end
      const result = isWhole ? 'complete' : await this.#resume()
      if (result !== null) return { kind: 'ended', result }
    }
  }

  recycle(bytes: Uint8Array): void {
    this.#content.source.recycle(bytes)
  }

  /** Cancels the sender's stream. The transfer does not resume after that. */
  async cancel(): Promise<void> {
    this.#isCancelled = true
    await this.#content.source.cancel()
  }

  checkForStall(): void {
    const { source } = this.#content
    if (source.waitedForMs > STALL_MS) void source.cancel()
  }

  /** `null` when the chunk holds only bytes to skip. */
  #take(read: Uint8Array): Step | null {
    const bytes = read.subarray(Math.min(this.#skip, read.byteLength))
    this.#skip -= read.byteLength - bytes.byteLength
    if (bytes.byteLength === 0) return null
    this.#position += bytes.byteLength
    if (this.#end !== null && this.#position > this.#end) {
      return { kind: 'ended', result: 'download_failed' }
    }
    if (this.delivered > this.#transfer.maxBytes) return { kind: 'ended', result: 'file_too_large' }
    return { kind: 'bytes', bytes }
  }

  /** `null` when the transfer goes on, else why it failed. */
  async #resume(): Promise<FailureCode | null> {
    await this.#content.source.cancel()
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
        this.#skip = this.#position - this.#content.start
        return this.#skip < 0 ? 'download_failed' : null
      } catch (cause) {
        if (!(cause instanceof EntradaFailure)) return 'internal'
        failure = cause
        if (!isTransient(cause)) return cause.code
      }
    }
    return failure?.code ?? 'download_failed'
  }
}

/** Whether another try within 20 seconds may succeed. A changed file stays changed. */
export function isTransient({ code, details }: EntradaFailure): boolean {
  return (
    FAILURES[code].turn === 'wait' &&
    code !== 'file_changed' &&
    (details.retryAfter ?? 0) * 1000 <= MAX_PAUSE_MS
  )
}

export async function pause(durationMs: number): Promise<void> {
  if (durationMs > 0) await new Promise((resolve) => setTimeout(resolve, durationMs))
}
