const KIB = 1024
/** Where the length is unknown. Large, because each read costs the same CPU whatever its size. */
const READ_BYTES = 256 * KIB
/** A sender that answered a read faster than this is asked for a full buffer next: fewer reads for the same bytes. */
const QUICK_MS = 100
/** Buffers kept for reuse: about as many as are in use at once. */
const MAX_SPARES = 4

/** A sender that is silent for this long counts as gone, even if the connection is still open. */
export const STALL_MS = 30_000

/** What a read gives: bytes, the end of the body, or that the connection broke before it. */
export type Read =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'broken' }

/** Reads a body chunk by chunk. A broken connection is a value, not an exception. */
export class ByteSource {
  readonly #reader: ChunkReader
  readonly #bufferBytes: number
  /** Bytes the next read waits for, unless the body ends before. */
  #atLeast = 1
  #peeked: Read | null = null
  #readStartedAt: number | null = null
  #isCancelled = false

  /** @param size bytes of the body; `null` when unknown */
  constructor(body: ReadableStream<unknown>, size: number | null) {
    this.#bufferBytes = size === null ? READ_BYTES : bufferFor(size)
    this.#reader = readerOf(body, this.#bufferBytes)
  }

  async read(): Promise<Read> {
    const peeked = this.#peeked
    this.#peeked = null
    if (peeked !== null) return peeked
    this.#readStartedAt = Date.now()
    try {
      const { done, value } = await this.#reader.read(this.#atLeast)
      this.#atLeast = this.waitedForMs < QUICK_MS ? this.#bufferBytes : 1
      const bytes = value instanceof Uint8Array ? value : new Uint8Array()
      if (bytes.byteLength > 0) return { kind: 'bytes', bytes }
      if (this.#isCancelled) return { kind: 'broken' }
      return done ? { kind: 'end' } : this.read()
    } catch {
      // Every break is handled alike, so its cause is dropped.
      return { kind: 'broken' }
    } finally {
      this.#readStartedAt = null
    }
  }

  /** What the next read will give. A sender that stalls counts as broken. */
  async peek(): Promise<Read> {
    const timer = setTimeout(() => void this.cancel(), STALL_MS)
    this.#peeked = await this.read()
    clearTimeout(timer)
    return this.#peeked
  }

  /** Takes the memory of an earlier chunk for later reads, which saves allocations. */
  recycle(bytes: Uint8Array): void {
    this.#reader.recycle(bytes)
  }

  /** Cancels the body. A pending read ends as broken. */
  async cancel(): Promise<void> {
    this.#isCancelled = true
    // A stream that has failed before rejects `cancel` with the same error.
    await this.#reader.cancel().catch(() => undefined)
  }

  /** How long the pending read has waited; 0 without one. */
  get waitedForMs(): number {
    return this.#readStartedAt === null ? 0 : Date.now() - this.#readStartedAt
  }
}

/**
 * Bytes of a read buffer: about a thousand reads for a large file, one for a small one. All downloads of an isolate
 * share 128 MB, and most files are small.
 */
function bufferFor(size: number): number {
  const share = Math.min(1024 * KIB, Math.max(64 * KIB, size / 1024))
  return Math.ceil(Math.max(4 * KIB, Math.min(share, size)))
}

interface ChunkReader {
  read(atLeast: number): Promise<ReadableStreamReadResult<unknown>>
  cancel(): Promise<void>
  /** Takes back the memory of a chunk. */
  recycle(bytes: Uint8Array): void
}

/**
 * Reads into own buffers where the body is a byte stream, as every body from the network is. The platform's default
 * reads of 4 KiB cost five times the CPU.
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
        if (isOurs && spares.length < MAX_SPARES) spares.push(buffer)
      },
    }
  } catch {
    const reader = body.getReader()
    return { read: () => reader.read(), cancel: () => reader.cancel(), recycle: () => undefined }
  }
}
