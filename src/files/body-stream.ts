import type { FailureCode } from '../failure.ts'
import type { MultipartFrame } from './multipart.ts'

/** How a transfer ended. `cancelled`: the receiver left. */
export type TransferResult = 'complete' | 'cancelled' | FailureCode

/** What a supplier gives next: a chunk, or how the transfer ended. */
export type Step =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'ended'; readonly result: TransferResult }

/** Supplies bytes chunk by chunk: those of one file, or of an archive of several. */
export interface ByteSupplier {
  /** Bytes in all; `null` when unknown. */
  readonly length: number | null
  /** Bytes supplied so far. */
  readonly delivered: number
  next(): Promise<Step>
  /** The receiver has taken this chunk: its memory may be used again. */
  recycle(bytes: Uint8Array): void
  /** Cancels the sender's stream. */
  cancel(): Promise<void>
  /** Called every few seconds: cancels a read that has stalled, so that `next` can resume it. */
  checkForStall(): void
}

export interface StreamOutcome {
  readonly result: TransferResult
  /** Bytes of the files, without the frame. */
  readonly bytes: number
}

export interface BodyStream {
  readonly body: ReadableStream<Uint8Array>
  /** Bytes of the body, frame included; `null` when unknown. */
  readonly length: number | null
  /** Settles when the last byte is sent or the transfer has failed. */
  readonly delivered: Promise<StreamOutcome>
  /** Cancels the transfer. */
  stop(): void
}

interface BodyOptions {
  /** Bytes before and after those of the supplier. */
  readonly frame?: MultipartFrame
  /** Called with the bytes supplied so far, each time the receiver has taken a chunk. */
  onProgress?(bytes: number): void
}

const STALL_CHECK_MS = 5_000

/**
 * Makes a body of a supplier's bytes, which passes one chunk at a time, as fast as the receiver reads. A transfer
 * that fails ends short of the declared length, which every receiver reports as an error.
 *
 * Not a `FixedLengthStream`: that one cuts chunks into 64 KiB, at a fifth more CPU.
 */
export function streamBody(
  supplier: ByteSupplier,
  { frame, onProgress }: BodyOptions = {},
): BodyStream {
  const length = lengthOf(supplier, frame)
  const ended = Promise.withResolvers<TransferResult>()
  let lastChunk: Uint8Array | null = null
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const stop = (result: TransferResult) => {
    const cancelled = supplier.cancel()
    ended.resolve(cancelled.then(() => result))
    controller?.error(new Error(result))
    return cancelled
  }
  const body = new ReadableStream<Uint8Array>(
    {
      ...(length === null ? {} : { expectedLength: length }),
      start(started) {
        controller = started
        if (frame !== undefined) started.enqueue(frame.head)
      },
      async pull(pulled) {
        // Nothing is queued, so a pull means that the receiver has taken the chunk before.
        if (lastChunk !== null) {
          supplier.recycle(lastChunk)
          onProgress?.(supplier.delivered)
        }
        const step = await supplier.next()
        if (step.kind === 'bytes') {
          lastChunk = step.bytes
          return pulled.enqueue(step.bytes)
        }
        if (step.result !== 'complete') return stop(step.result)
        if (frame !== undefined) pulled.enqueue(frame.tail)
        pulled.close()
        ended.resolve(step.result)
      },
      // A receiver with all declared bytes need not wait for the end of the stream.
      cancel: () => stop(supplier.delivered === supplier.length ? 'complete' : 'cancelled'),
    },
    { highWaterMark: 0 },
  )
  const stallCheck = setInterval(() => supplier.checkForStall(), STALL_CHECK_MS)
  const delivered = ended.promise.then((result) => {
    clearInterval(stallCheck)
    return { result, bytes: supplier.delivered }
  })
  return { body, length, delivered, stop: () => void stop('cancelled') }
}

function lengthOf({ length }: ByteSupplier, frame: MultipartFrame | undefined): number | null {
  if (length === null || frame === undefined) return length
  return frame.head.byteLength + length + frame.tail.byteLength
}
