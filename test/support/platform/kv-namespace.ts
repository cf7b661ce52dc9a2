/**
 * Workers KV with its rules: expiry of at least a minute, keys of at most 512 bytes, eventually
 * consistent reads. Error messages are workerd's.
 */
export interface KvBends {
  /** Reads return the state of this many seconds ago, misses included. */
  readonly staleSeconds?: number
  /** Every read misses. */
  readonly misses?: boolean
  /** These operations fail. */
  readonly throws?: readonly KvOperationName[]
  /** These operations never answer. */
  readonly hangs?: readonly KvOperationName[]
  /** Writes fail: the daily limit is reached. */
  readonly full?: boolean
  /** A second write to a key within a second is refused, as in production. */
  readonly oneWritePerSecond?: boolean
}

export type KvOperationName = 'get' | 'put' | 'delete' | 'list'

export interface KvOperation {
  readonly operation: KvOperationName
  readonly key: string
}

interface Version {
  readonly writtenAt: number
  /** `null` for a delete. */
  readonly bytes: Uint8Array<ArrayBuffer> | null
  readonly metadata: unknown
  readonly expiresAt: number
}

interface PutOptions {
  readonly expiration?: number
  readonly expirationTtl?: number
  readonly metadata?: unknown
}

type ValueType = 'text' | 'json' | 'arrayBuffer' | 'stream'
type GetOptions = ValueType | { readonly type?: ValueType; readonly cacheTtl?: number }

const MAX_KEY_BYTES = 512
const MAX_METADATA_BYTES = 1024
const MAX_VALUE_BYTES = 25 * 1024 * 1024
const MIN_LIFE_SECONDS = 60
const MIN_CACHE_SECONDS = 30

export class KvNamespaceDouble {
  readonly operations: KvOperation[] = []
  readonly #versions = new Map<string, Version[]>()
  #bends: KvBends = {}

  /** Simulates these faults until `bend({})`. */
  bend(bends: KvBends): void {
    this.#bends = bends
  }

  count(operation?: KvOperationName): number {
    return this.operations.filter((one) => operation === undefined || one.operation === operation)
      .length
  }

  async get(keys: string | readonly string[], options?: GetOptions): Promise<unknown> {
    if (typeof keys !== 'string') {
      const found = keys.map(async (key) => [key, await this.get(key, options)] as const)
      return new Map(await Promise.all(found))
    }
    return (await this.getWithMetadata(keys, options)).value
  }

  async getWithMetadata(key: string, options: GetOptions = 'text') {
    await this.#begin('get', key)
    checkKey('GET', key)
    const { type = 'text', cacheTtl } = typeof options === 'string' ? { type: options } : options
    if (cacheTtl !== undefined && cacheTtl < MIN_CACHE_SECONDS) {
      throw new Error(
        `KV GET failed: 400 Invalid cache_ttl of ${cacheTtl}. Cache TTL must be at least ${MIN_CACHE_SECONDS}.`,
      )
    }
    const version = this.#bends.misses === true ? null : this.#visible(key)
    if (version?.bytes == null) return { value: null, metadata: null, cacheStatus: null }
    return { value: decode(version.bytes, type), metadata: version.metadata, cacheStatus: null }
  }

  async put(
    key: string,
    value: string | ArrayBuffer | ArrayBufferView | ReadableStream,
    options: PutOptions = {},
  ): Promise<void> {
    await this.#begin('put', key)
    checkKey('PUT', key)
    const bytes = await encode(value)
    if (bytes.byteLength > MAX_VALUE_BYTES) {
      throw new Error(
        `KV PUT failed: 413 Value length of ${bytes.byteLength} exceeds limit of ${MAX_VALUE_BYTES}.`,
      )
    }
    this.#write(key, {
      writtenAt: Date.now(),
      bytes,
      metadata: checkedMetadata(options.metadata),
      expiresAt: expiryOf(options),
    })
  }

  async delete(key: string): Promise<void> {
    await this.#begin('delete', key)
    checkKey('DELETE', key)
    this.#write(key, { writtenAt: Date.now(), bytes: null, metadata: null, expiresAt: Infinity })
  }

  async list(options: { prefix?: string; limit?: number; cursor?: string } = {}) {
    const { prefix = '', limit = 1000, cursor = '' } = options
    await this.#begin('list', prefix)
    const names = [...this.#versions.keys()]
      .filter((name) => name.startsWith(prefix) && name > cursor && this.#visible(name)?.bytes)
      .sort()
    const keys = names.slice(0, limit).map((name) => {
      const version = this.#visible(name)
      const expires = version !== null && Number.isFinite(version.expiresAt)
      return {
        name,
        ...(expires ? { expiration: Math.floor(version.expiresAt / 1000) } : {}),
        ...(version?.metadata == null ? {} : { metadata: version.metadata }),
      }
    })
    return names.length <= limit
      ? { keys, list_complete: true, cacheStatus: null }
      : { keys, list_complete: false, cursor: names[limit - 1], cacheStatus: null }
  }

  /** The stored keys, values and metadata, ignoring simulated faults. */
  *stored(): Generator<{ key: string; bytes: Uint8Array; metadata: unknown }> {
    for (const [key, versions] of this.#versions) {
      const last = versions.at(-1)
      if (last?.bytes != null && last.expiresAt > Date.now()) {
        yield { key, bytes: last.bytes, metadata: last.metadata }
      }
    }
  }

  async #begin(operation: KvOperationName, key: string): Promise<void> {
    this.operations.push({ operation, key })
    const { hangs, throws, full } = this.#bends
    if (hangs?.includes(operation) === true) await new Promise<never>(() => {})
    await Promise.resolve()
    const verb = operation.toUpperCase()
    if (throws?.includes(operation) === true) {
      throw new Error(`KV ${verb} failed: 500 Internal Error`)
    }
    if (full === true && operation === 'put') {
      throw new Error('KV put() limit exceeded for the day.')
    }
  }

  #write(key: string, version: Version): void {
    const versions = this.#versions.get(key) ?? []
    const previous = versions.at(-1)
    const tooSoon = previous !== undefined && version.writtenAt - previous.writtenAt < 1000
    if (this.#bends.oneWritePerSecond === true && tooSoon) {
      throw new Error('KV PUT failed: 429 Too Many Requests')
    }
    this.#versions.set(key, [...versions, version])
  }

  #visible(key: string): Version | null {
    const horizon = Date.now() - (this.#bends.staleSeconds ?? 0) * 1000
    const version = this.#versions.get(key)?.findLast((one) => one.writtenAt <= horizon)
    return version !== undefined && version.expiresAt > Date.now() ? version : null
  }
}

function checkKey(verb: string, key: string): void {
  if (key === '') throw new TypeError('Key name cannot be empty.')
  if (key === '.' || key === '..') throw new TypeError(`"${key}" is not allowed as a key name.`)
  const length = new TextEncoder().encode(key).byteLength
  if (length > MAX_KEY_BYTES) {
    throw new Error(
      `KV ${verb} failed: 414 UTF-8 encoded length of ${length} exceeds key length limit of ${MAX_KEY_BYTES}.`,
    )
  }
}

function checkedMetadata(metadata: unknown): unknown {
  if (metadata === undefined || metadata === null) return null
  const json = JSON.stringify(metadata)
  const length = new TextEncoder().encode(json).byteLength
  if (length > MAX_METADATA_BYTES) {
    throw new Error(
      `KV PUT failed: 413 Metadata length of ${length} exceeds limit of ${MAX_METADATA_BYTES}.`,
    )
  }
  return JSON.parse(json)
}

function expiryOf({ expiration, expirationTtl }: PutOptions): number {
  if (expirationTtl !== undefined) {
    if (!(expirationTtl >= MIN_LIFE_SECONDS)) {
      throw new Error(
        `KV PUT failed: 400 Invalid expiration_ttl of ${expirationTtl}. Expiration TTL must be at least ${MIN_LIFE_SECONDS}.`,
      )
    }
    return Date.now() + expirationTtl * 1000
  }
  if (expiration === undefined) return Infinity
  if (!(expiration * 1000 >= Date.now() + MIN_LIFE_SECONDS * 1000)) {
    throw new Error(
      `KV PUT failed: 400 Invalid expiration of ${expiration}. Expiration times must be at least ${MIN_LIFE_SECONDS} seconds in the future.`,
    )
  }
  return expiration * 1000
}

async function encode(value: unknown): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof value === 'string') return new TextEncoder().encode(value)
  if (value instanceof ArrayBuffer) return new Uint8Array(value.slice(0))
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice()
  }
  if (value instanceof ReadableStream) {
    return new Uint8Array(await new Response(value).arrayBuffer())
  }
  throw new TypeError(
    'KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values.',
  )
}

function decode(bytes: Uint8Array<ArrayBuffer>, type: ValueType): unknown {
  if (type === 'arrayBuffer') return bytes.slice().buffer
  if (type === 'stream') return new Response(bytes.slice()).body
  const text = new TextDecoder().decode(bytes)
  return type === 'json' ? JSON.parse(text) : text
}
