import { createHash } from 'node:crypto'
import { ObjectDisk } from './object-disk.ts'
import { ObjectHost, type ObjectClass } from './object-host.ts'
import type { ObjectId } from './object-state.ts'

export interface ObjectCall {
  /** Name of the object, or its id when it has none. */
  readonly object: string
  readonly method: string
}

export interface ObjectBends {
  /** Calls fail before they are delivered, with the error the platform gives. */
  readonly fails?: 'overloaded' | 'unreachable'
  /** Calls are delivered, but their results are lost. */
  readonly loses?: boolean
  /** Calls are delivered at once; their results arrive when this promise has settled. */
  readonly late?: Promise<void>
  /** Calls never return. */
  readonly hangs?: boolean
  /** Applies only to these methods; to all by default. */
  readonly methods?: readonly string[]
  /** Applies only to this many calls. */
  readonly times?: number
}

const FAILURES = {
  overloaded: {
    message: 'Durable Object is overloaded. Requests queued for too long.',
    facts: { remote: true, overloaded: true },
  },
  unreachable: {
    message: 'Network connection lost.',
    facts: { remote: true, retryable: true },
  },
} as const

/** A Durable Object binding: one instance per name, for every caller. */
export class ObjectNamespaceDouble {
  readonly binding: string
  readonly calls: ObjectCall[] = []
  readonly #hosts = new Map<string, ObjectHost>()
  readonly #class: ObjectClass
  readonly #env: () => unknown
  readonly #background: (promise: Promise<unknown>) => void
  #bends: ObjectBends = {}
  #bent = 0

  constructor(parts: {
    binding: string
    objectClass: ObjectClass
    env: () => unknown
    background: (promise: Promise<unknown>) => void
  }) {
    this.binding = parts.binding
    this.#class = parts.objectClass
    this.#env = parts.env
    this.#background = parts.background
  }

  /** Simulates these faults until `bend({})`. */
  bend(bends: ObjectBends): void {
    this.#bends = bends
    this.#bent = 0
  }

  count(method?: string): number {
    return this.calls.filter((call) => method === undefined || call.method === method).length
  }

  /** Names of all objects that have been called. */
  get names(): readonly string[] {
    return [...this.#hosts.values()].map(nameOf)
  }

  get hosts(): readonly ObjectHost[] {
    return [...this.#hosts.values()]
  }

  idFromName(name: string): ObjectId {
    return this.#id(createHash('sha256').update(`${this.binding}/${name}`).digest('hex'), name)
  }

  idFromString(hex: string): ObjectId {
    if (!/^[0-9a-f]{64}$/.test(hex)) throw new TypeError('Invalid Durable Object ID')
    return this.#id(hex, this.#hosts.get(hex)?.id.name)
  }

  newUniqueId(): ObjectId {
    return this.#id(createHash('sha256').update(crypto.randomUUID()).digest('hex'), undefined)
  }

  getByName(name: string): object {
    return this.get(this.idFromName(name))
  }

  /** A stub: every property except a few known ones is a remote method. */
  get(id: ObjectId): object {
    const host = this.#host(id)
    const known: Readonly<Record<string, unknown>> = {
      id,
      name: id.name,
      fetch: async (input: RequestInfo, init?: RequestInit) =>
        this.#call(host, 'fetch', async () => host.fetch(new Request(input, init))),
    }
    return new Proxy(known, {
      get: (target, property) => {
        if (typeof property === 'symbol' || property === 'then') return undefined
        if (Object.hasOwn(target, property)) return target[property]
        return async (...parameters: unknown[]) =>
          this.#call(host, property, async () => host.call(property, parameters))
      },
    })
  }

  evict(): void {
    for (const host of this.#hosts.values()) host.evict()
  }

  crash(): void {
    for (const host of this.#hosts.values()) host.crash()
  }

  /** Fires the alarms that are due and returns their number. */
  async runAlarms(): Promise<number> {
    const now = Date.now()
    let fired = 0
    for (const host of this.#hosts.values()) if (await host.alarm(now)) fired += 1
    return fired
  }

  async #call(host: ObjectHost, method: string, deliver: () => Promise<unknown>): Promise<unknown> {
    this.calls.push({ object: nameOf(host), method })
    const { fails, loses, hangs, late, methods, times = Infinity } = this.#bends
    const isBent = (methods?.includes(method) ?? true) && this.#bent < times
    if (isBent) this.#bent += 1
    if (isBent && hangs === true) return new Promise<never>(() => {})
    if (isBent && fails !== undefined) throw platformError(fails)
    const answer = await deliver()
    if (isBent) await late
    if (isBent && loses === true) throw platformError('unreachable')
    return answer
  }

  #host(id: ObjectId): ObjectHost {
    const hex = id.toString()
    const known = this.#hosts.get(hex)
    if (known !== undefined) return known
    const host = new ObjectHost({
      id,
      disk: new ObjectDisk(id.name ?? hex),
      create: (state) => {
        const created: unknown = Reflect.construct(this.#class, [state, this.#env()])
        if (created instanceof Object) return created
        throw new TypeError(`${this.binding} is bound to no class`)
      },
      background: this.#background,
    })
    this.#hosts.set(hex, host)
    return host
  }

  #id(hex: string, name: string | undefined): ObjectId {
    return { name, toString: () => hex, equals: (other) => other.toString() === hex }
  }
}

function nameOf(host: ObjectHost): string {
  return host.id.name ?? host.id.toString()
}

function platformError(kind: keyof typeof FAILURES): Error {
  const { message, facts } = FAILURES[kind]
  return Object.assign(new Error(message), facts)
}
