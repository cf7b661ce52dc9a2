import { EntradaFailure, FAILURES, type FailureCode } from '../failure.ts'
import type { OpenContent } from './open-content.ts'

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

export interface Delivered {
  /** `cancelled`: the receiver went away. */
  readonly result: 'complete' | 'cancelled' | FailureCode
  readonly bytes: number
}

/** A sender that says nothing for this long has gone, whatever the connection says. */
const STALL_MS = 30_000
const WATCH_MS = 5_000
/** Breaks in a row without progress worth the name. */
const MAX_BREAKS = 4
const PROGRESS_BYTES = 65_536
const PAUSES_MS = [0, 500, 2_000, 5_000]
/** Longer than this nobody waits in the middle of a file. */
const MAX_PAUSE_MS = 20_000

/**
 * Hands a file on as fast as the receiver takes it. A break in the middle is mended: the rest is opened anew
 * and joined where the bytes ended, so that the receiver sees one download. What cannot be mended ends the
 * response short of its declared length, which every client takes for an error.
 */
export async function deliver(
  transfer: Transfer,
  sink: WritableStream<Uint8Array>,
): Promise<Delivered> {
  const delivery = new Delivery(transfer, sink.getWriter())
  const watch = setInterval(() => delivery.checkForStall(), WATCH_MS)
  try {
    return await delivery.run()
  } catch {
    return await delivery.finish('internal')
  } finally {
    clearInterval(watch)
  }
}

type Step = 'complete' | 'cancelled' | 'broken' | FailureCode

class Delivery {
  readonly #transfer: Transfer
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>
  readonly #start: number
  readonly #end: number | null
  #content: OpenContent
  #position: number

  constructor(transfer: Transfer, writer: WritableStreamDefaultWriter<Uint8Array>) {
    this.#transfer = transfer
    this.#writer = writer
    this.#content = transfer.content
    this.#start = transfer.content.start
    this.#end = transfer.content.end
    this.#position = this.#start
  }

  async run(): Promise<Delivered> {
    let breaks = 0
    let mark = this.#position
    for (;;) {
      const step = await this.#copy()
      if (step !== 'broken') return this.finish(step)
      await this.#content.source.giveUp()
      breaks = this.#position - mark >= PROGRESS_BYTES ? 1 : breaks + 1
      mark = this.#position
      const reopened = await this.#reopen(breaks)
      if (reopened !== null) return this.finish(reopened)
    }
  }

  checkForStall(): void {
    const { source } = this.#content
    if (source.waitedFor > STALL_MS) void source.giveUp()
  }

  /** Until the content ends, breaks, or nobody wants it any more. */
  async #copy(): Promise<Step> {
    const { source, start } = this.#content
    // A host that ignores the range starts over: what has been delivered is read and dropped.
    let surplus = this.#position - start
    for (;;) {
      const read = await source.read()
      if (read.kind !== 'bytes') return this.#isWhole(read.kind) ? 'complete' : 'broken'
      const bytes = read.bytes.subarray(Math.min(surplus, read.bytes.byteLength))
      surplus -= read.bytes.byteLength - bytes.byteLength
      if (bytes.byteLength === 0) continue
      this.#position += bytes.byteLength
      if (this.#end !== null && this.#position > this.#end) return 'download_failed'
      if (this.#position - this.#start > this.#transfer.maxBytes) return 'file_too_large'
      if (!(await this.#write(bytes))) return 'cancelled'
    }
  }

  /** `null` when there is more to copy. */
  async #reopen(breaks: number): Promise<FailureCode | null> {
    const { reopen } = this.#transfer
    if (reopen === null) return 'download_failed'
    let failure: EntradaFailure | null = null
    for (let tries = breaks; tries <= MAX_BREAKS; tries++) {
      await pause(failure?.details.retryAfter, PAUSES_MS[tries - 1] ?? MAX_PAUSE_MS)
      try {
        this.#content = await reopen(this.#position, this.#end)
        return this.#content.start <= this.#position ? null : 'download_failed'
      } catch (cause) {
        if (!(cause instanceof EntradaFailure)) return 'internal'
        failure = cause
        if (!isPassing(cause)) return cause.code
      }
    }
    return failure?.code ?? 'download_failed'
  }

  async #write(bytes: Uint8Array): Promise<boolean> {
    try {
      await this.#writer.write(bytes)
      return true
    } catch {
      // The only way writing fails is that nobody reads any more.
      return false
    }
  }

  #isWhole(kind: 'end' | 'broken'): boolean {
    return this.#end === null ? kind === 'end' : this.#position === this.#end
  }

  async finish(step: Exclude<Step, 'broken'>): Promise<Delivered> {
    const bytes = this.#position - this.#start
    if (step === 'complete') {
      const closed = await this.#writer.close().then(
        () => true,
        () => false,
      )
      return { result: closed ? 'complete' : 'cancelled', bytes }
    }
    await this.#content.source.giveUp()
    await this.#writer.abort(new Error(step)).catch(() => undefined)
    return { result: step, bytes }
  }
}

function isPassing({ code, details }: EntradaFailure): boolean {
  return (
    FAILURES[code].turn === 'wait' &&
    code !== 'file_changed' &&
    (details.retryAfter ?? 0) * 1000 <= MAX_PAUSE_MS
  )
}

async function pause(retryAfter: number | undefined, atLeastMs: number): Promise<void> {
  const milliseconds = Math.max(atLeastMs, (retryAfter ?? 0) * 1000)
  if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds))
}
