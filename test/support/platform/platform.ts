import { ExecutionContextDouble } from './execution-context.ts'
import { KvNamespaceDouble } from './kv-namespace.ts'
import type { ObjectClass } from './object-host.ts'
import { ObjectNamespaceDouble } from './object-namespace.ts'
import { sealHeaders, type Network } from './outbound-fetch.ts'
import type { CacheStorageDouble } from './cache-storage.ts'
import { cacheStorageOf, runInBackground, runWithNetwork } from './workers-globals.ts'

/** The default export of a Worker, with any bindings. */
export interface WorkerHandler {
  fetch(request: Request, env: never, ctx: never): Response | Promise<Response>
}

export interface PlatformOptions<Binding extends string> {
  readonly worker: WorkerHandler
  readonly objects: Readonly<Record<Binding, ObjectClass>>
  /** Answers requests of the Worker and of its objects. */
  readonly network: Network
}

export type Env = Readonly<Record<string, unknown>>

/** The storage and objects of one deployment, shared by any number of isolates. */
export class Platform<Binding extends string> {
  readonly vault = new KvNamespaceDouble()
  readonly objects: Readonly<Record<Binding, ObjectNamespaceDouble>>
  readonly #options: PlatformOptions<Binding>
  readonly #background = new Set<Promise<unknown>>()
  #objectEnv: Env = {}

  constructor(options: PlatformOptions<Binding>) {
    this.#options = options
    const namespaces = Object.entries<ObjectClass>(options.objects).map(
      ([binding, objectClass]) => [
        binding,
        new ObjectNamespaceDouble({
          binding,
          objectClass,
          env: () => this.#objectEnv,
          background: (promise) => this.#remember(promise),
        }),
      ],
    )
    // TypeScript loses the key types in `Object.entries`.
    this.objects = Object.fromEntries(namespaces) as Record<Binding, ObjectNamespaceDouble>
  }

  /** The data centre's cache. */
  get cache(): CacheStorageDouble {
    return cacheStorageOf(this.#options.network)
  }

  /**
   * A new isolate with its own `env` and memory. Objects that start from now on also get these
   * settings.
   */
  isolate(settings: Env, without: readonly string[] = []): Isolate {
    const bindings = Object.fromEntries(
      Object.entries({ VAULT: this.vault, ...this.objects }).filter(
        ([name]) => !without.includes(name),
      ),
    )
    this.#objectEnv = Object.freeze({ ...settings, ...bindings })
    return new Isolate({
      worker: this.#options.worker,
      env: Object.freeze({ ...settings, ...bindings }),
      network: this.#options.network,
      background: (promise) => this.#remember(promise),
    })
  }

  /** Fires every alarm that is due; returns their number. */
  async runAlarms(): Promise<number> {
    return runInBackground(this.#options.network, async () => {
      let fired = 0
      for (const namespace of this.#namespaces) fired += await namespace.runAlarms()
      return fired
    })
  }

  /** Evicts all objects: they lose their memory and keep their storage. */
  evict(): void {
    for (const namespace of this.#namespaces) namespace.evict()
  }

  /**
   * Counts calls to objects: `count('SESSIONS')`, `count('SESSIONS', 'read')`, or all without
   * arguments.
   */
  count(binding?: Binding, method?: string): number {
    const counted = binding === undefined ? this.#namespaces : [this.objects[binding]]
    return counted.reduce((total, namespace) => total + namespace.count(method), 0)
  }

  /** Everything stored anywhere, as one text to search for secrets. */
  dump(): string {
    const parts: string[] = []
    for (const { key, bytes, metadata } of this.vault.stored()) {
      parts.push(key, Buffer.from(bytes).toString('latin1'), JSON.stringify(metadata))
    }
    for (const namespace of this.#namespaces) {
      for (const host of namespace.hosts) parts.push(host.disk.name, ...host.disk.contents())
    }
    return parts.join('\n')
  }

  /** Waits for every promise given to `waitUntil`; returns the errors. */
  async settle(): Promise<readonly unknown[]> {
    const failures: unknown[] = []
    while (this.#background.size > 0) {
      const batch = [...this.#background]
      this.#background.clear()
      for (const result of await Promise.allSettled(batch)) {
        if (result.status === 'rejected') failures.push(result.reason)
      }
    }
    return failures
  }

  get #namespaces(): readonly ObjectNamespaceDouble[] {
    return Object.values<ObjectNamespaceDouble>(this.objects)
  }

  #remember(promise: Promise<unknown>): void {
    // `settle` reports it when the test ends. Until then Node must not report an unhandled rejection.
    promise.catch(() => {})
    this.#background.add(promise)
  }
}

interface IsolateParts {
  readonly worker: WorkerHandler
  readonly env: Env
  readonly network: Network
  readonly background: (promise: Promise<unknown>) => void
}

/** One isolate of the Worker: shares storage and objects with others, but no memory. */
export class Isolate {
  readonly env: Env
  readonly #parts: IsolateParts

  constructor(parts: IsolateParts) {
    this.env = parts.env
    this.#parts = parts
  }

  /** A request from `address`, with the headers and properties that Cloudflare adds. */
  async fetch(request: Request, address = '203.0.113.7'): Promise<Response> {
    const { worker, network, background } = this.#parts
    const context = new ExecutionContextDouble(background)
    const arriving = atTheEdge(request, address)
    const response = await runWithNetwork(network, async () => {
      const answer: unknown = await Reflect.apply(worker.fetch, worker, [
        arriving,
        this.env,
        context,
      ])
      if (answer instanceof Response) return answer
      throw new TypeError('The Worker answered with something that is no Response')
    })
    if (request.method !== 'HEAD') return response
    await response.body?.cancel()
    return new Response(null, response)
  }
}

function atTheEdge(request: Request, address: string): Request {
  const url = new URL(request.url)
  const headers = new Headers(request.headers)
  const forwarded = headers.get('x-forwarded-for')
  headers.set('host', url.host)
  headers.set('cf-connecting-ip', address)
  headers.set('x-real-ip', address)
  headers.set('x-forwarded-for', forwarded === null ? address : `${forwarded}, ${address}`)
  headers.set('x-forwarded-proto', url.protocol.slice(0, -1))
  headers.set('cf-visitor', JSON.stringify({ scheme: url.protocol.slice(0, -1) }))
  headers.set('cf-ray', crypto.randomUUID().replaceAll('-', '').slice(0, 16))
  headers.set('accept-encoding', 'gzip, br')
  const { method, body, signal } = request
  const arriving = new Request(url, { method, headers, body, redirect: 'manual', signal })
  sealHeaders(arriving.headers)
  return arriving
}
