import type { ObjectDisk } from './object-disk.ts'
import { ObjectStateDouble, type ObjectId } from './object-state.ts'
import { ObjectStorageDouble } from './object-storage.ts'
import { copyAcrossRpc, errorAcrossRpc } from './rpc-serialization.ts'

/** A class exported for a Durable Object binding, as the platform sees it. */
export type ObjectClass = new (ctx: never, env: never) => object

interface Resident {
  readonly object: object
  readonly state: ObjectStateDouble
  readonly inFlight: Set<(reason: Error) => void>
}

/** The error that callers of an object receive when a new version of the Worker is deployed. */
function resetByPlatform(): Error {
  return Object.assign(new Error('Durable Object reset because its code was updated.'), {
    remote: true,
    retryable: true,
    durableObjectReset: true,
  })
}

/** One object: persistent storage and an instance that can be evicted. */
export class ObjectHost {
  readonly id: ObjectId
  readonly disk: ObjectDisk
  readonly #create: (state: ObjectStateDouble) => object
  readonly #background: (promise: Promise<unknown>) => void
  #resident: Resident | null = null

  constructor(parts: {
    id: ObjectId
    disk: ObjectDisk
    create: (state: ObjectStateDouble) => object
    background: (promise: Promise<unknown>) => void
  }) {
    this.id = parts.id
    this.disk = parts.disk
    this.#create = parts.create
    this.#background = parts.background
  }

  get isResident(): boolean {
    return this.#resident !== null
  }

  /** An RPC call: copies arguments and results, and reaches only public prototype methods. */
  async call(name: string, parameters: readonly unknown[]): Promise<unknown> {
    const received = copyAcrossRpc(parameters)
    try {
      return copyAcrossRpc(await this.#deliver(name, received))
    } catch (thrown) {
      // The platform creates its errors on the caller's side, and they keep their retry properties.
      if (thrown instanceof Error && 'durableObjectReset' in thrown) throw thrown
      throw errorAcrossRpc(thrown)
    }
  }

  /** A `fetch` call; its request and response are streamed. */
  async fetch(request: Request): Promise<unknown> {
    return this.#deliver('fetch', [request])
  }

  /** Fires the alarm if it is due. */
  async alarm(now: number): Promise<boolean> {
    if (this.disk.alarm === null || this.disk.alarm > now) return false
    this.disk.alarm = null
    await this.#deliver('alarm', [{ isRetry: false, retryCount: 0 }])
    return true
  }

  /**
   * Evicts the instance, as after some seconds without a call. A running call prevents eviction.
   */
  evict(): void {
    const busy = this.#resident?.inFlight.size ?? 0
    if (busy > 0) {
      throw new Error(`${busy} calls are in flight: an idle object is evicted, a busy one crashes`)
    }
    this.#resident = null
  }

  /** Destroys the instance immediately: running calls fail, and it can no longer write. */
  crash(reason = resetByPlatform()): void {
    const resident = this.#resident
    if (resident === null) return
    this.#resident = null
    resident.state.storage.revoke(reason)
    for (const reject of resident.inFlight) reject(reason)
  }

  async #deliver(name: string, parameters: readonly unknown[]): Promise<unknown> {
    await Promise.resolve()
    const resident = this.#wake()
    const lost = Promise.withResolvers<never>()
    resident.inFlight.add(lost.reject)
    try {
      return await Promise.race([lost.promise, invoke(resident, name, parameters)])
    } finally {
      resident.inFlight.delete(lost.reject)
    }
  }

  #wake(): Resident {
    if (this.#resident !== null) return this.#resident
    let object: object | null = null
    const storage = new ObjectStorageDouble(
      this.disk,
      () => object === null || isMethod(object, 'alarm'),
    )
    const state = new ObjectStateDouble({
      id: this.id,
      storage,
      waitUntil: this.#background,
      abort: (reason) => this.crash(reason),
    })
    object = this.#create(state)
    const resident = { object, state, inFlight: new Set<(reason: Error) => void>() }
    this.#resident = resident
    return resident
  }
}

async function invoke(
  { object, state }: Resident,
  name: string,
  parameters: readonly unknown[],
): Promise<unknown> {
  while (state.gate !== null) await state.gate
  const method: unknown = isMethod(object, name) ? Reflect.get(object, name) : null
  if (typeof method !== 'function') {
    throw new TypeError(`The RPC receiver does not implement the method "${name}".`)
  }
  return Reflect.apply(method, object, parameters)
}

/** Only methods of the class are callable; fields of the instance are private to it. */
function isMethod(object: object, name: string): boolean {
  if (Object.hasOwn(object, name) || name === 'constructor') return false
  return name in object && !(name in Object.prototype)
}
