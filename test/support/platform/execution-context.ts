/** `ctx` of one request. What it is asked to wait for is awaited when the test ends. */
export class ExecutionContextDouble {
  readonly props = {}
  readonly #background: (promise: Promise<unknown>) => void

  constructor(background: (promise: Promise<unknown>) => void) {
    this.#background = background
  }

  waitUntil(promise: Promise<unknown>): void {
    this.#background(Promise.resolve(promise))
  }

  /** A gate that lets requests through when it breaks is no gate. */
  passThroughOnException(): never {
    throw new Error('passThroughOnException() would let requests reach the chat app unguarded')
  }
}
