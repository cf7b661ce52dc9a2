import type { HostHandler, Sandbox } from '../sandbox/sandbox.ts'

/** Everything beyond the Worker: the sandbox, and whatever a test puts in its place. */
export class Internet {
  readonly #sandbox: Sandbox
  readonly #hosts = new Map<string, HostHandler>()

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox
  }

  /** Lets the test answer for an origin, known to the sandbox or not. */
  answer(origin: string, handler: HostHandler): void {
    this.#hosts.set(origin, handler)
  }

  /** Nobody answers at that origin any more; the error is the one workerd gives. */
  disconnect(origin: string): void {
    this.answer(origin, () => {
      throw new Error('Network connection lost.')
    })
  }

  async fetch(request: Request): Promise<Response> {
    const handler = this.#hosts.get(new URL(request.url).origin)
    return handler === undefined ? this.#sandbox.fetch(request) : handler(request)
  }
}
