const KIB = 1024
/** What a chunk costs in this thread is the same whatever its size; where nothing is known of the body, this. */
const READ_BYTES = 256 * KIB
/** While a buffer fills within this time it is filled: fewer turns for the same bytes, and nobody sees the wait. */
const QUICK_MS = 100
/** As many chunks as can be under way at once, give or take. */
const SPARES = 4

/** A sender that is silent for this long has gone, even if the connection is still open. */
export const STALL_MS = 30_000

/** What a read gives: bytes, the end, or that the sender went away before it. */
export type Read =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'broken' }

/** A body read piece by piece, whose failures are values. */
export class ByteSource {
  readonly #reader: ChunkReader
  readonly #bufferBytes: number
  /** So many bytes a read waits for, unless the body ends before. */
  #least = 1
  #peeked: Read | null = null
  #waitingSince: number | null = null
  #isGivenUp = false

  /** @param size bytes there will be, as far as known */
  constructor(body: ReadableStream<unknown>, size: number | null) {
    this.#bufferBytes = size === null ? READ_BYTES : bufferFor(size)
    this.#reader = readerOf(body, this.#bufferBytes)
  }

  async read(): Promise<Read> {
    const peeked = this.#peeked
    this.#peeked = null
    if (peeked !== null) return peeked
    this.#waitingSince = Date.now()
    try {
      const { done, value } = await this.#reader.read(this.#least)
      this.#least = this.waitedFor < QUICK_MS ? this.#bufferBytes : 1
      const bytes = value instanceof Uint8Array ? value : new Uint8Array()
      if (bytes.byteLength > 0) return { kind: 'bytes', bytes }
      if (this.#isGivenUp) return { kind: 'broken' }
      return done ? { kind: 'end' } : this.read()
    } catch {
      // Why a connection broke makes no difference to what comes next.
      return { kind: 'broken' }
    } finally {
      this.#waitingSince = null
    }
  }

  /** What the next read will give. A sender that stalls counts as broken. */
  async peek(): Promise<Read> {
    const timer = setTimeout(() => void this.giveUp(), STALL_MS)
    this.#peeked = await this.read()
    clearTimeout(timer)
    return this.#peeked
  }

  /** Says that bytes of an earlier read may be overwritten, which spares a download its garbage. */
  recycle(bytes: Uint8Array): void {
    this.#reader.recycle(bytes)
  }

  /** Lets go of the sender. A read under way ends as broken. */
  async giveUp(): Promise<void> {
    this.#isGivenUp = true
    // A stream that has already failed rejects with that failure again.
    await this.#reader.cancel().catch(() => undefined)
  }

  /** Milliseconds the sender has kept a read waiting. */
  get waitedFor(): number {
    return this.#waitingSince === null ? 0 : Date.now() - this.#waitingSince
  }
}

/**
 * A thousand reads or so for a large file, one for a small one. All downloads of an isolate share 128 MB, and most
 * files are small.
 */
function bufferFor(size: number): number {
  const share = Math.min(1024 * KIB, Math.max(64 * KIB, size / 1024))
  return Math.ceil(Math.max(4 * KIB, Math.min(share, size)))
}

interface ChunkReader {
  read(atLeast: number): Promise<ReadableStreamReadResult<unknown>>
  cancel(): Promise<void>
  /** The memory of a chunk that nobody looks at any more. */
  recycle(bytes: Uint8Array): void
}

/**
 * Into our own buffers where the body allows it, as every body from the network does: the platform's default
 * reads are of 4 KiB, which costs five times the CPU.
 */
function readerOf(body: ReadableStream<unknown>, bufferBytes: number): ChunkReader {
  try {
    const reader = body.getReader({ mode: 'byob' })
    const spares: ArrayBuffer[] = []
    return {
      read: (atLeast) =>
        reader.readAtLeast(atLeast, new Uint8Array(spares.pop() ?? new ArrayBuffer(bufferBytes))),
      cancel: () => reader.cancel(),
      recycle: ({ buffer }) => {
        if (!(buffer instanceof ArrayBuffer)) return
        const isOurs = buffer.byteLength === bufferBytes && !spares.includes(buffer)
        if (isOurs && spares.length < SPARES) spares.push(buffer)
      },
    }
  } catch {
    const reader = body.getReader()
    return { read: () => reader.read(), cancel: () => reader.cancel(), recycle: () => undefined }
  }
}
