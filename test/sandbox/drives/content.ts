import { createRandom } from '../directory/random.ts'

/**
 * A file's bytes: stored when small, generated on demand when large, so that 1 GiB needs no memory.
 */
export type Content =
  | { readonly kind: 'held'; readonly size: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'made'
      readonly size: number
      readonly seed: number
      /** The first bytes of each file type. */
      readonly signature: Uint8Array
    }

const CHUNK = 256 * 1024
const BLOCK = 64 * 1024
const STAMP = 32

export function held(content: string | Uint8Array): Content {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return { kind: 'held', size: bytes.length, bytes }
}

export function made(size: number, seed: number, signature = new Uint8Array()): Content {
  return { kind: 'made', size, seed, signature }
}

/** Yields bytes `start` to `end` (exclusive), generated only as they are read. */
export function readContent(
  content: Content,
  start = 0,
  end = content.size,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let offset = start
  return new ReadableStream(
    {
      pull(controller) {
        if (offset >= end) {
          controller.close()
          return
        }
        const until = Math.min(end, offset + CHUNK)
        controller.enqueue(bytesOf(content, offset, until))
        offset = until
      },
    },
    { highWaterMark: 0 },
  )
}

export function bytesOf(content: Content, start: number, end: number): Uint8Array<ArrayBuffer> {
  if (content.kind === 'held') return new Uint8Array(content.bytes.subarray(start, end))
  const bytes = new Uint8Array(end - start)
  for (let at = start - (start % BLOCK); at < end; at += BLOCK) {
    const block = blockAt(content, at / BLOCK)
    const from = Math.max(start, at)
    const to = Math.min(end, at + BLOCK)
    bytes.set(block.subarray(from - at, to - at), from - start)
  }
  return bytes
}

/** Incompressible noise, identical for all files. A stamp makes each block unique. */
const noise = (() => {
  const random = createRandom(0x5eed)
  const words = new Uint32Array(BLOCK / 4)
  for (let index = 0; index < words.length; index++) words[index] = random.bits()
  return new Uint8Array(words.buffer)
})()

const scratch = new Uint8Array(noise)
const encoder = new TextEncoder()

function blockAt(
  { seed, signature }: Extract<Content, { kind: 'made' }>,
  index: number,
): Uint8Array {
  const stamp = `${seed.toString(16)}:${index}:`.padEnd(STAMP, '.')
  scratch.set(noise.subarray(0, STAMP))
  if (index === 0) scratch.set(signature)
  encoder.encodeInto(stamp, scratch.subarray(STAMP))
  return scratch
}
