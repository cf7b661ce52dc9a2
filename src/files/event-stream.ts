const PULSE_MS = 15_000

/** Server-sent events (HTML §9.2), from one writer to one reader. */
export class EventStream {
  readonly response: Response
  readonly #writer: WritableStreamDefaultWriter<ArrayBuffer | ArrayBufferView>
  readonly #left = new AbortController()
  readonly #pulse: ReturnType<typeof setInterval>
  #isWriting = false

  constructor() {
    // What is silent for long is cut on the way, and a reader who has left is noticed by writing alone.
    this.#pulse = setInterval(() => {
      if (!this.#isWriting) void this.#write(': still here\n\n')
    }, PULSE_MS)
    const { readable, writable } = new IdentityTransformStream()
    this.#writer = writable.getWriter()
    this.response = new Response(readable, {
      headers: { 'content-type': 'text/event-stream' },
    })
  }

  /** Aborted when nobody listens any more. */
  get left(): AbortSignal {
    return this.#left.signal
  }

  async send(event: string, data: unknown): Promise<void> {
    await this.#write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  /** For what is soon out of date: dropped while the reader is still busy with what came before. */
  sendLatest(event: string, data: unknown): void {
    if (!this.#isWriting && !this.left.aborted) void this.send(event, data)
  }

  async end(): Promise<void> {
    clearInterval(this.#pulse)
    await this.#writer.close().catch(() => undefined)
  }

  async #write(text: string): Promise<void> {
    this.#isWriting = true
    try {
      await this.#writer.write(new TextEncoder().encode(text))
    } catch {
      // The reader has gone, and there is nobody to tell.
      this.#left.abort()
    }
    this.#isWriting = false
  }
}
