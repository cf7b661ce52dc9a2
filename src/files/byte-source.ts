/** Large reads: what a chunk costs in this thread is the same whatever its size. */
const READ_BYTES = 256 * 1024

/** What a read gives: bytes, the end, or that the sender went away before it. */
export type Read =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'broken' }

/** A body read piece by piece, whose failures are values. */
export class ByteSource {
  readonly #read: () => Promise<ReadableStreamReadResult<unknown>>
  readonly #cancel: () => Promise<void>
  #peeked: Read | null = null
  #waitingSince: number | null = null
  #isGivenUp = false

  constructor(body: ReadableStream<unknown>) {
    const reader = readerOf(body)
    this.#read = reader.read
    this.#cancel = reader.cancel
  }

  async read(): Promise<Read> {
    const peeked = this.#peeked
    this.#peeked = null
    if (peeked !== null) return peeked
    this.#waitingSince = Date.now()
    try {
      const { done, value } = await this.#read()
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

  /** What the next read will give. */
  async peek(): Promise<Read> {
    this.#peeked = await this.read()
    return this.#peeked
  }

  /** Lets go of the sender. A read under way ends as broken. */
  async giveUp(): Promise<void> {
    this.#isGivenUp = true
    // A stream that has already failed rejects with that failure again.
    await this.#cancel().catch(() => undefined)
  }

  /** Milliseconds the sender has kept a read waiting. */
  get waitedFor(): number {
    return this.#waitingSince === null ? 0 : Date.now() - this.#waitingSince
  }
}

/** Into our own buffers where the body allows: the platform's default reads are a few KiB at a time. */
function readerOf(body: ReadableStream<unknown>) {
  try {
    const reader = body.getReader({ mode: 'byob' })
    return {
      read: () => reader.read(new Uint8Array(READ_BYTES)),
      cancel: () => reader.cancel(),
    }
  } catch {
    const reader = body.getReader()
    return { read: () => reader.read(), cancel: () => reader.cancel() }
  }
}
