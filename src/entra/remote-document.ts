import { EntradaFailure } from '../failure.ts'
import { DOCUMENTS_PATH } from '../paths.ts'
import { USER_AGENT } from '../version.ts'

const FRESH_MS = 3_600_000
const MAX_STALE_MS = 86_400_000
/** Time between two reads while the service cannot be reached, and between two searches for an unknown key. */
export const RETRY_PAUSE_MS = 60_000
const TIMEOUT_MS = 10_000

/** A document as the service sent it. */
export interface CachedDocument {
  readonly text: string
  /** Epoch milliseconds. */
  readonly readAt: number
}

/** A cache that outlives one isolate. It may lose a document at any time. */
export interface DocumentStore {
  read(url: string): Promise<CachedDocument | null>
  put(url: string, document: CachedDocument): Promise<void>
}

interface ParsedDocument<T> {
  readonly value: T
  /** Epoch milliseconds. */
  readonly readAt: number
}

/**
 * A public document of the sign-in service: fresh for an hour, and usable for a day while the service cannot be
 * reached, so that an outage of metadata does not stop sign-in. Sources: isolate memory, then the store, then the
 * network.
 */
export class RemoteDocument<T> {
  readonly #url: string
  readonly #parse: (text: string) => Promise<T>
  readonly #store: DocumentStore
  #inMemory: ParsedDocument<T> | null = null
  #pending: Promise<ParsedDocument<T>> | null = null
  /** Epoch milliseconds of the last attempt over the network. */
  #attemptedAt = Number.NEGATIVE_INFINITY

  /** @param parse rejects with the failure that an unacceptable document means */
  constructor(url: string, parse: (text: string) => Promise<T>, store: DocumentStore) {
    this.#url = url
    this.#parse = parse
    this.#store = store
  }

  /**
   * Reads the document, single-flight.
   * @param maxAgeMs shorter than an hour for a reader that misses something in it
   * @throws EntradaFailure `sign_in_unavailable`, or what `parse` rejects with
   */
  async read(maxAgeMs = FRESH_MS): Promise<T> {
    const isPaused = Date.now() - this.#attemptedAt < RETRY_PAUSE_MS
    const current = this.#youngerThan(isPaused ? MAX_STALE_MS : maxAgeMs)
    if (current !== null) return current.value
    this.#pending ??= this.#renew(maxAgeMs).finally(() => {
      this.#pending = null
    })
    try {
      return (await this.#pending).value
    } catch (cause) {
      const isOutage = cause instanceof EntradaFailure && cause.code === 'sign_in_unavailable'
      // Looked up again, because the renewal may have found a stale document in the store.
      const stale = this.#youngerThan(MAX_STALE_MS)
      if (isOutage && stale !== null) return stale.value
      throw cause
    }
  }

  #youngerThan(maxAgeMs: number): ParsedDocument<T> | null {
    const document = this.#inMemory
    return document !== null && Date.now() - document.readAt < maxAgeMs ? document : null
  }

  async #renew(maxAgeMs: number): Promise<ParsedDocument<T>> {
    await this.#readStore()
    const stored = this.#youngerThan(maxAgeMs)
    if (stored !== null) return stored
    this.#attemptedAt = Date.now()
    const text = await fetchText(this.#url)
    const renewed = { value: await this.#parse(text), readAt: Date.now() }
    this.#inMemory = renewed
    await this.#store.put(this.#url, { text, readAt: renewed.readAt })
    return renewed
  }

  /** Takes a younger document from the store into memory. */
  async #readStore(): Promise<void> {
    const stored = await this.#store.read(this.#url)
    if (stored === null || stored.readAt <= (this.#inMemory?.readAt ?? 0)) return
    try {
      this.#inMemory = { value: await this.#parse(stored.text), readAt: stored.readAt }
    } catch {
      // The stored copy is damaged: the network is read instead.
    }
  }
}

async function fetchText(url: string): Promise<string> {
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json', 'user-agent': USER_AGENT },
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (response.status === 200) return await response.text()
    await response.body?.cancel()
    throw new Error(`answered ${response.status}`)
  } catch (cause) {
    throw new EntradaFailure('sign_in_unavailable', { cause })
  }
}

const READ_AT = 'entrada-read-at'
const LIFE_SECONDS = 86_400

/**
 * Public documents of the sign-in service in the Cache API of this data centre, for cold isolates and objects. When the
 * cache is missing, fails or has evicted a document, the service is asked.
 */
export class DocumentCache implements DocumentStore {
  readonly #open: () => Promise<Pick<Cache, 'match' | 'put'>>
  readonly #publicOrigin: string

  constructor(open: () => Promise<Pick<Cache, 'match' | 'put'>>, publicOrigin: string) {
    this.#open = open
    this.#publicOrigin = publicOrigin
  }

  async read(url: string): Promise<CachedDocument | null> {
    try {
      const cache = await this.#open()
      const response = await cache.match(this.#keyOf(url))
      if (response === undefined) return null
      const readAt = Number(response.headers.get(READ_AT))
      const text = await response.text()
      return readAt > 0 && readAt <= Date.now() ? { text, readAt } : null
    } catch {
      return null
    }
  }

  async put(url: string, { text, readAt }: CachedDocument): Promise<void> {
    const headers = {
      'content-type': 'application/json',
      'cache-control': `max-age=${LIFE_SECONDS}`,
      [READ_AT]: String(readAt),
    }
    try {
      const cache = await this.#open()
      await cache.put(this.#keyOf(url), new Response(text, { headers }))
    } catch {
      // A document that is not cached costs the next isolate one request.
    }
  }

  /** A URL of our own host, as Cloudflare advises; no route answers it. */
  #keyOf(url: string): string {
    return `${this.#publicOrigin}${DOCUMENTS_PATH}?of=${encodeURIComponent(url)}`
  }
}
