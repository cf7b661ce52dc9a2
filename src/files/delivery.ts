import type { FailureCode } from '../failure.ts'
import { ResumingSource, type Transfer } from './resuming-source.ts'

export interface Delivered {
  /** `cancelled`: the receiver went away. */
  readonly result: 'complete' | 'cancelled' | FailureCode
  readonly bytes: number
}

const WATCH_MS = 5_000

/**
 * Hands a file on as fast as the receiver takes it, and holds one chunk of it. What cannot be completed ends
 * the response short of its declared length, which every client takes for an error.
 */
export async function deliver(
  transfer: Transfer,
  sink: WritableStream<Uint8Array>,
): Promise<Delivered> {
  const source = new ResumingSource(transfer)
  const result = await watched(pump(source, sink.getWriter()), () => source.checkForStall())
  return { result, bytes: source.delivered }
}

/** Checks now and then until the work is done. */
export async function watched<T>(work: Promise<T>, check: () => void): Promise<T> {
  const watch = setInterval(check, WATCH_MS)
  try {
    return await work
  } finally {
    clearInterval(watch)
  }
}

/** Reads one chunk ahead: while the receiver takes a chunk, the sender sends the next. */
async function pump(
  source: ResumingSource,
  writer: WritableStreamDefaultWriter<Uint8Array>,
): Promise<Delivered['result']> {
  let reading = source.next()
  for (;;) {
    const step = await reading
    switch (step.kind) {
      case 'bytes': {
        const taking = isTaken(writer.write(step.bytes))
        reading = source.next()
        if (await taking) {
          // A write to the platform's own streams settles once its bytes have been read.
          source.recycle(step.bytes)
          continue
        }
        await source.giveUp()
        return 'cancelled'
      }
      case 'complete':
        return (await isTaken(writer.close())) ? 'complete' : 'cancelled'
      case 'failed':
        await source.giveUp()
        await writer.abort(new Error(step.code)).catch(() => undefined)
        return step.code
    }
  }
}

/** The only way a write fails is that nobody reads any more. */
async function isTaken(write: Promise<void>): Promise<boolean> {
  return write.then(
    () => true,
    () => false,
  )
}
