import { setTimeout as sleep } from 'node:timers/promises'

type Bytes = Uint8Array<ArrayBuffer>

const SLOW_PIECE = 16 * 1024

/** Breaks off after this many bytes, like a connection that a proxy dropped. */
export function cutAfter(source: ReadableStream<Bytes>, limit: number): ReadableStream<Bytes> {
  let sent = 0
  return source.pipeThrough(
    new TransformStream<Bytes, Bytes>({
      transform(chunk, controller) {
        const allowed = chunk.subarray(0, limit - sent)
        if (allowed.byteLength > 0) controller.enqueue(allowed)
        sent += allowed.byteLength
        if (sent >= limit) controller.error(new Error('the connection was reset'))
      },
    }),
  )
}

/** Sends small chunks with a pause before each. */
export function slowly(source: ReadableStream<Bytes>, pauseMs: number): ReadableStream<Bytes> {
  return source.pipeThrough(
    new TransformStream<Bytes, Bytes>({
      async transform(chunk, controller) {
        for (let at = 0; at < chunk.byteLength; at += SLOW_PIECE) {
          await sleep(pauseMs)
          controller.enqueue(chunk.subarray(at, at + SLOW_PIECE))
        }
      },
    }),
  )
}
