import type { MultipartFrame } from './multipart.ts'
import type { Result, Step } from './resuming-source.ts'

/** Bytes that come one chunk at a time, of a file or of several. */
export interface ByteSupplier {
  /** Bytes there will be; `null` when nobody knows. */
  readonly length: number | null
  /** Bytes handed out so far. */
  readonly delivered: number
  next(): Promise<Step>
  /** Bytes handed out before may be overwritten: whoever got them is done with them. */
  recycle(bytes: Uint8Array): void
  giveUp(): Promise<void>
  /** To be called now and then: a read that waits for ever would otherwise never be mended. */
  checkForStall(): void
}

export interface StreamOutcome {
  readonly result: Result
  readonly bytes: number
}

export interface BodyStream {
  readonly body: ReadableStream<Uint8Array>
  /** Of the body; `null` when nobody knows. */
  readonly length: number | null
  /** Settles with the last byte, or when no more will come. */
  readonly delivered: Promise<StreamOutcome>
  /** Nobody wants the rest. */
  stop(): void
}

interface Wrapping {
  /** What goes before and after the bytes. */
  readonly frame?: MultipartFrame
  onProgress?(bytes: number): void
}

const WATCH_MS = 5_000

/**
 * Hands bytes on as fast as the receiver takes them, and holds one chunk of them. What cannot be completed ends
 * the body short of its declared length, which every receiver takes for an error.
 *
 * A stream of our own rather than a `FixedLengthStream`: that one cuts chunks into 64 KiB, at a fifth more CPU.
 */
export function streamBody(source: ByteSupplier, { frame, onProgress }: Wrapping = {}): BodyStream {
  const length = lengthOf(source, frame)
  const ended = Promise.withResolvers<Result>()
  let handedOut: Uint8Array | null = null
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const stop = (result: Result) => {
    const letGo = source.giveUp()
    ended.resolve(letGo.then(() => result))
    controller?.error(new Error(result))
    return letGo
  }
  const body = new ReadableStream<Uint8Array>(
    {
      ...(length === null ? {} : { expectedLength: length }),
      start(made) {
        controller = made
        if (frame !== undefined) made.enqueue(frame.head)
      },
      async pull(made) {
        // As nothing is queued, whoever asks for more has sent what came before.
        if (handedOut !== null) {
          source.recycle(handedOut)
          onProgress?.(source.delivered)
        }
        const step = await source.next()
        if (step.kind === 'bytes') {
          handedOut = step.bytes
          return made.enqueue(step.bytes)
        }
        if (step.result !== 'complete') return stop(step.result)
        if (frame !== undefined) made.enqueue(frame.tail)
        made.close()
        ended.resolve(step.result)
      },
      // Whoever has the declared number of bytes need not wait for the end.
      cancel: () => stop(source.delivered === source.length ? 'complete' : 'cancelled'),
    },
    { highWaterMark: 0 },
  )
  const watch = setInterval(() => source.checkForStall(), WATCH_MS)
  const delivered = ended.promise.then((result) => {
    clearInterval(watch)
    return { result, bytes: source.delivered }
  })
  return { body, length, delivered, stop: () => void stop('cancelled') }
}

function lengthOf({ length }: ByteSupplier, frame: MultipartFrame | undefined): number | null {
  if (length === null || frame === undefined) return length
  return frame.head.byteLength + length + frame.tail.byteLength
}
