/** `ctx` of one request. Promises passed to `waitUntil` are awaited when the test ends. */
export class ExecutionContextDouble {
  readonly props = {}
  readonly #background: (promise: Promise<unknown>) => void

  constructor(background: (promise: Promise<unknown>) => void) {
    this.#background = background
  }

  waitUntil(promise: Promise<unknown>): void {
    this.#background(Promise.resolve(promise))
  }

  /** Forbidden: when Entrada fails, it would let requests bypass Entrada. */
  passThroughOnException(): never {
    throw new Error('passThroughOnException() would let requests reach the chat app unguarded')
  }
}
