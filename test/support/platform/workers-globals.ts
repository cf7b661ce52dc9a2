import { AsyncLocalStorage } from 'node:async_hooks'
import { timingSafeEqual } from 'node:crypto'
import { CacheStorageDouble } from './cache-storage.ts'
import { FixedLengthStreamDouble, IdentityTransformStreamDouble } from './length-streams.ts'
import { outboundFetch, type Network } from './outbound-fetch.ts'

/** The network of the running Worker; receives its requests. */
const networks = new AsyncLocalStorage<Network>()

const cacheStorages = new WeakMap<Network, CacheStorageDouble>()

/** The Cache API shared by the Workers on this network, as in one data centre. */
export function cacheStorageOf(network: Network): CacheStorageDouble {
  const storage = cacheStorages.get(network) ?? new CacheStorageDouble()
  cacheStorages.set(network, storage)
  return storage
}

/** Runs a Worker's handler. Work of its response stream belongs to the same Worker. */
export async function runWithNetwork(
  network: Network,
  handle: () => Response | Promise<Response>,
): Promise<Response> {
  const response = await networks.run(network, async () => handle())
  if (response.body === null) return response
  const reader = response.body.getReader()
  const body = new ReadableStream<Uint8Array>(
    {
      pull: (controller) =>
        networks.run(network, async () => {
          const part: { readonly value?: unknown } = await reader.read()
          // Sends a copy, because the Worker may reuse the memory.
          if (part.value instanceof Uint8Array) controller.enqueue(part.value.slice())
          else controller.close()
        }),
      cancel: (reason) => networks.run(network, async () => reader.cancel(reason)),
    },
    { highWaterMark: 0 },
  )
  return new Response(body, response)
}

/** Runs an object's handler that no request caused, such as an alarm. */
export async function runInBackground<T>(network: Network, work: () => Promise<T>): Promise<T> {
  return networks.run(network, work)
}

const NodeRequest = globalThis.Request
const CACHE_MODES: ReadonlySet<unknown> = new Set([
  undefined,
  'default',
  'no-store',
  'no-cache',
  'reload',
])

/** A `Request` that accepts a stream without `duplex` and rejects what workerd rejects. */
class WorkersRequest extends NodeRequest {
  constructor(input: RequestInfo | URL, init?: RequestInit) {
    if (init?.redirect === 'error') {
      throw new TypeError('Invalid redirect value, must be one of "follow" or "manual"')
    }
    if (!CACHE_MODES.has(init?.cache)) throw new TypeError(`Unsupported cache mode: ${init?.cache}`)
    const isStream = init?.body instanceof ReadableStream && !(init instanceof NodeRequest)
    super(input, isStream ? Object.assign({ duplex: 'half' }, init) : init)
    // Options for Cloudflare, which Node's `Request` discards.
    if (init?.cf !== undefined) Object.defineProperty(this, 'cf', { value: init.cf })
  }
}

async function fetchFromWorker(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const network = networks.getStore()
  const request = new WorkersRequest(input, init)
  if (network === undefined) {
    throw new Error(
      `fetch of ${request.url} from outside a Worker: a test must not reach the world`,
    )
  }
  return outboundFetch(network, request)
}

/**
 * Installs the Workers globals that differ from Node's. Returns a function that restores Node's.
 */
export function installWorkersGlobals(): () => void {
  const { fetch } = globalThis
  globalThis.fetch = fetchFromWorker
  globalThis.Request = WorkersRequest
  Object.assign(globalThis, {
    FixedLengthStream: FixedLengthStreamDouble,
    IdentityTransformStream: IdentityTransformStreamDouble,
  })
  Object.defineProperty(globalThis, 'caches', {
    configurable: true,
    get: () => {
      const network = networks.getStore()
      if (network === undefined) throw new Error('caches from outside a Worker')
      return cacheStorageOf(network)
    },
  })
  Object.defineProperty(crypto.subtle, 'timingSafeEqual', {
    configurable: true,
    value: (left: ArrayBuffer | ArrayBufferView, right: ArrayBuffer | ArrayBufferView) => {
      if (left.byteLength !== right.byteLength) {
        throw new TypeError('Input buffers must have the same byte length.')
      }
      return timingSafeEqual(bytesOf(left), bytesOf(right))
    },
  })
  // Equivalent to the newer standard name `min`.
  Object.defineProperty(ReadableStreamBYOBReader.prototype, 'readAtLeast', {
    configurable: true,
    value(this: ReadableStreamBYOBReader, min: number, view: Uint8Array<ArrayBuffer>) {
      return Reflect.apply(this.read, this, [view, { min }])
    },
  })
  return () => {
    Reflect.deleteProperty(ReadableStreamBYOBReader.prototype, 'readAtLeast')
    globalThis.fetch = fetch
    globalThis.Request = NodeRequest
    Reflect.deleteProperty(globalThis, 'FixedLengthStream')
    Reflect.deleteProperty(globalThis, 'IdentityTransformStream')
    Reflect.deleteProperty(globalThis, 'caches')
    Reflect.deleteProperty(crypto.subtle, 'timingSafeEqual')
  }
}

function bytesOf(source: ArrayBuffer | ArrayBufferView): Uint8Array {
  return source instanceof ArrayBuffer
    ? new Uint8Array(source)
    : new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
}
