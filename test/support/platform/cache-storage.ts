export interface CacheBends {
  /** Every call fails. */
  readonly throws?: boolean
  /** Accepts every put and finds nothing, like a data centre that evicts early. */
  readonly forgets?: boolean
}

/**
 * The Cache API of one data centre with Cloudflare's rules: GET only, and nothing that must not be
 * stored.
 */
export class CacheStorageDouble {
  /** Every URL that was put, in order. */
  readonly puts: string[] = []
  readonly default = new CacheDouble(this)
  readonly #named = new Map<string, CacheDouble>()
  bends: CacheBends = {}

  async open(name: string): Promise<CacheDouble> {
    const cache = this.#named.get(name) ?? new CacheDouble(this)
    this.#named.set(name, cache)
    return cache
  }

  /** Simulates these faults until `bend({})`. */
  bend(bends: CacheBends): void {
    this.bends = bends
  }
}

interface Kept {
  readonly response: Response
  readonly keptAt: number
  readonly expiresAt: number
}

/** Seconds that Cloudflare caches a 200 without `Cache-Control`. */
const DEFAULT_LIFE_SECONDS = 7200

export class CacheDouble {
  readonly #storage: CacheStorageDouble
  readonly #kept = new Map<string, Kept>()

  constructor(storage: CacheStorageDouble) {
    this.#storage = storage
  }

  async match(input: RequestInfo | URL): Promise<Response | undefined> {
    const request = await this.#begin(input)
    const kept = request.method === 'GET' ? this.#kept.get(request.url) : undefined
    if (kept === undefined || kept.expiresAt <= Date.now()) return undefined
    if (this.#storage.bends.forgets === true) return undefined
    const found = new Response(kept.response.clone().body, kept.response)
    found.headers.set('cf-cache-status', 'HIT')
    found.headers.set('age', String(Math.floor((Date.now() - kept.keptAt) / 1000)))
    return found
  }

  async put(input: RequestInfo | URL, response: Response): Promise<void> {
    const request = await this.#begin(input)
    if (request.method !== 'GET') throw new TypeError('Cannot cache response to non-GET request.')
    if (response.status === 206) {
      throw new TypeError('Cannot cache response to a range request (206 Partial Content).')
    }
    if (response.headers.get('vary') === '*') {
      throw new TypeError("Cannot cache response with 'Vary: *' header.")
    }
    this.#storage.puts.push(request.url)
    const body = await response.arrayBuffer()
    const seconds = lifeOf(response.headers)
    if (seconds <= 0) return
    this.#kept.set(request.url, {
      response: new Response(body, response),
      keptAt: Date.now(),
      expiresAt: Date.now() + seconds * 1000,
    })
  }

  async delete(input: RequestInfo | URL): Promise<boolean> {
    const request = await this.#begin(input)
    return this.#kept.delete(request.url)
  }

  async #begin(input: RequestInfo | URL): Promise<Request> {
    const request = new Request(input)
    await Promise.resolve()
    if (this.#storage.bends.throws === true) throw new Error('Network connection lost.')
    return request
  }
}

function lifeOf(headers: Headers): number {
  const control = headers.get('cache-control')?.toLowerCase() ?? ''
  if (/no-store|no-cache|private/.test(control) || headers.has('set-cookie')) return 0
  const age = /s-maxage=(\d+)/.exec(control) ?? /max-age=(\d+)/.exec(control)
  return age === null ? DEFAULT_LIFE_SECONDS : Number(age[1])
}
