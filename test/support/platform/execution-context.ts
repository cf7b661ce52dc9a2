/** `ctx` of one request. Promises given to `waitUntil` are awaited when the test ends. */
export class ExecutionContextDouble {
  readonly props = {}
  readonly #background: (promise: Promise<unknown>) => void

  constructor(background: (promise: Promise<unknown>) => void) {
    this.#background = background
  }

  waitUntil(promise: Promise<unknown>): void {
    this.#background(Promise.resolve(promise))
  }

  /** Forbidden: it sends requests past Entrada when Entrada fails. */
  passThroughOnException(): never {
    throw new Error('passThroughOnException() would let requests reach the chat app unguarded')
  }
}
