import { callObject, type ObjectNamespace } from '../storage/durable-objects.ts'
import { randomText } from '../crypto/digest.ts'
import type { UserRpc } from './session-rpc.ts'

const USE_BYTES = 18

/** Remembers what may happen once: each name has an object of its own, in which asking and noting are one step. */
export class ReplayGuard {
  readonly #objects: ObjectNamespace<UserRpc>

  constructor(objects: ObjectNamespace<UserRpc>) {
    this.#objects = objects
  }

  /**
   * Whether it is the first time; asking makes it used.
   * @param until epoch seconds; then it is forgotten
   */
  use(name: string, until: number): Promise<boolean> {
    // By a name of its own, so that asking again because an answer was lost is no second use.
    const use = randomText(USE_BYTES)
    return callObject(() => this.#object(name).add(use, until))
  }

  async wasUsed(name: string): Promise<boolean> {
    return (await callObject(() => this.#object(name).list())).length > 0
  }

  #object(name: string): UserRpc {
    return this.#objects.get(this.#objects.idFromName(name))
  }
}
