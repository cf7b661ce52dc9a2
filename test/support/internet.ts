import type { HostHandler, Sandbox } from '../sandbox/sandbox.ts'

/** The network around the Worker: the sandbox, and the hosts that a test answers itself. */
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

  /** Requests to that origin fail from here on, with workerd's error. */
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
