import { withFallback } from '../time.ts'
import { callObject, type ObjectNamespace } from './durable-objects.ts'
import type { LeaseResult, LeaseRequest, LookupRow, NewLookupRow } from './lookup-table.ts'
import type { SealContext, SealedBox } from '../crypto/web-crypto.ts'

/** The object's methods, as they are called from a Worker. */
export interface LookupObjectStub {
  read(keys: readonly string[], parts: readonly string[]): Promise<readonly LookupRow[]>
  lease(request: LeaseRequest): Promise<LeaseResult>
  complete(leased: string | null, rows: readonly NewLookupRow[]): Promise<void>
}

export type LookupNamespace = ObjectNamespace<LookupObjectStub>

/** A stored answer, opened. */
export interface CachedLookup {
  /** The key that had it. */
  readonly key: string
  readonly part: string
  readonly text: string
  readonly isStale: boolean
}

/** An answer to store. */
export interface NewLookup {
  readonly key: string
  readonly part: string
  readonly text: string
  readonly freshSeconds: number
  readonly lifeSeconds: number
}

/** Whose answers they are. Bound to each row: one copied to another owner's object does not open. */
export interface LookupOwner {
  readonly cloud: string
  readonly tenantId: string
  /** A user's object id, or the number of a tenant's shard. */
  readonly of: { readonly userId: string } | { readonly shard: number }
}

const PURPOSE = 'lookup'
/** A cached answer that takes longer than this is useless: asking Microsoft is faster. */
const READ_DEADLINE_MS = 2_000

/** Cached answers of Graph, one Durable Object per owner. */
export class LookupCache {
  readonly #namespace: LookupNamespace
  readonly #box: SealedBox

  constructor(namespace: LookupNamespace, box: SealedBox) {
    this.#namespace = namespace
    this.#box = box
  }

  for(owner: LookupOwner): OwnerLookups {
    return new OwnerLookups(this.#namespace, this.#box, nameOf(owner))
  }
}

/**
 * One owner's cached answers. Nothing depends on them: while the object is unreachable, nothing is found, every lease
 * is granted and nothing is stored.
 */
export class OwnerLookups {
  readonly #namespace: LookupNamespace
  readonly #box: SealedBox
  readonly #owner: string

  constructor(namespace: LookupNamespace, box: SealedBox, owner: string) {
    this.#namespace = namespace
    this.#box = box
    this.#owner = owner
  }

  /** For each part, the answer of the first key that has one. */
  async read(keys: readonly string[], parts: readonly string[]): Promise<readonly CachedLookup[]> {
    const names = await Promise.all(keys.map((key) => this.#name(key)))
    const rows = await this.#ask<readonly LookupRow[]>((object) => object.read(names, parts), [])
    return this.#opened(rows, keys, names)
  }

  /** Reads, and takes the lease to look up what is missing. See `LookupTable.lease`. */
  async lease(
    name: string,
    { holdSeconds, keys, parts }: Omit<LeaseRequest, 'name' | 'holder'>,
  ): Promise<{ readonly isGranted: boolean; readonly lookups: readonly CachedLookup[] }> {
    const names = await Promise.all(keys.map((key) => this.#name(key)))
    const holder = crypto.randomUUID()
    const request = { name: await this.#name(name), holder, holdSeconds, keys: names, parts }
    const { isGranted, rows } = await this.#ask<LeaseResult>(
      (object) => object.lease(request),
      { isGranted: true, rows: [] },
      holdSeconds,
    )
    return { isGranted, lookups: await this.#opened(rows, keys, names) }
  }

  /** Stores answers and releases the lease, for which others wait. */
  async complete(leased: string | null, lookups: readonly NewLookup[]): Promise<void> {
    const rows = await Promise.all(
      lookups.map(async ({ key, part, text, freshSeconds, lifeSeconds }): Promise<NewLookupRow> => {
        const name = await this.#name(key)
        const sealed = await this.#box.seal(text, this.#context(name, part))
        return { key: name, part, sealed, freshSeconds, lifeSeconds }
      }),
    )
    const name = leased === null ? null : await this.#name(leased)
    await this.#ask<void>((object) => object.complete(name, rows), undefined)
  }

  #ask<T>(ask: (object: LookupObjectStub) => Promise<T>, fallback: T, holdSeconds = 0): Promise<T> {
    const object = () => this.#namespace.get(this.#namespace.idFromName(this.#owner))
    return withFallback(() => callObject(() => ask(object())), {
      value: fallback,
      afterMs: READ_DEADLINE_MS + holdSeconds * 1000,
    })
  }

  async #opened(
    rows: readonly LookupRow[],
    keys: readonly string[],
    names: readonly string[],
  ): Promise<readonly CachedLookup[]> {
    const opened = await Promise.all(
      rows.map(async ({ key: name, part, sealed, isStale }) => {
        const text = await this.#box.open(sealed, this.#context(name, part))
        const key = keys[names.indexOf(name)]
        return text === null || key === undefined ? [] : [{ key, part, text, isStale }]
      }),
    )
    return opened.flat()
  }

  #name(key: string): Promise<string> {
    return this.#box.nameOf(this.#owner, key)
  }

  #context(name: string, part: string): SealContext {
    return { purpose: PURPOSE, bound: [this.#owner, name, part] }
  }
}

function nameOf({ cloud, tenantId, of }: LookupOwner): string {
  return 'userId' in of
    ? `user/${cloud}/${tenantId}/${of.userId}`
    : `tenant/${cloud}/${tenantId}/${of.shard}`
}
