import type { ObjectStorageDouble } from './object-storage.ts'

/** Hexadecimal and fixed per namespace and name, like the platform's. */
export interface ObjectId {
  readonly name: string | undefined
  toString(): string
  equals(other: ObjectId): boolean
}

/** The platform functions that an instance can call. */
export interface ObjectSurroundings {
  readonly id: ObjectId
  readonly storage: ObjectStorageDouble
  readonly waitUntil: (promise: Promise<unknown>) => void
  readonly abort: (reason: Error) => void
}

/** `ctx` of one instance of a Durable Object. */
export class ObjectStateDouble {
  readonly id: ObjectId
  readonly storage: ObjectStorageDouble
  readonly props = {}
  readonly #surroundings: ObjectSurroundings
  #gate: Promise<unknown> | null = null

  constructor(surroundings: ObjectSurroundings) {
    this.id = surroundings.id
    this.storage = surroundings.storage
    this.#surroundings = surroundings
  }

  waitUntil(promise: Promise<unknown>): void {
    this.#surroundings.waitUntil(promise)
  }

  /** Delivers no other call meanwhile. A failure destroys the instance, as on the platform. */
  async blockConcurrencyWhile<T>(callback: () => Promise<T>): Promise<T> {
    const work = Promise.resolve(this.#gate).then(callback)
    const gate = work.catch((cause: unknown) => {
      this.#surroundings.abort(cause instanceof Error ? cause : new Error(String(cause)))
    })
    this.#gate = gate
    void gate.then(() => {
      if (this.#gate === gate) this.#gate = null
    })
    return work
  }

  /** Resolves when a call may be delivered. */
  get gate(): Promise<unknown> | null {
    return this.#gate
  }

  abort(reason = 'The Durable Object was aborted.'): void {
    this.#surroundings.abort(new Error(reason))
  }
}
