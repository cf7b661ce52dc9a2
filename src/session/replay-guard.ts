import { randomText } from '../crypto/digest.ts'
import { callObject, type ObjectNamespace } from '../storage/durable-objects.ts'
import type { ReplayRpc } from './session-rpc.ts'

const USE_BYTES = 18

/** Atomic test-and-set per key: each key has a Durable Object of its own. */
export class ReplayGuard {
  readonly #objects: ObjectNamespace<ReplayRpc>

  constructor(objects: ObjectNamespace<ReplayRpc>) {
    this.#objects = objects
  }

  /**
   * Uses a key.
   * @param untilSeconds epoch seconds at which the use is forgotten
   * @returns whether this is the first use
   */
  use(key: string, untilSeconds: number): Promise<boolean> {
    // The use has a name, so that a call repeated after a lost response is no second use.
    const use = randomText(USE_BYTES)
    return callObject(() => this.#object(key).use(use, untilSeconds))
  }

  /** Whether a key has been used, without using it. */
  wasUsed(key: string): Promise<boolean> {
    return callObject(() => this.#object(key).wasUsed())
  }

  #object(key: string): ReplayRpc {
    return this.#objects.get(this.#objects.idFromName(key))
  }
}
