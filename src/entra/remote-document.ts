import { EntradaFailure } from '../failure.ts'
import { USER_AGENT } from '../version.ts'

const FRESH_MS = 3_600_000
const USABLE_MS = 86_400_000
/** Between attempts while the service cannot be reached, and for a reader that misses something. */
export const PAUSE_MS = 60_000
const DEADLINE_MS = 10_000

/** A document as it was read. */
export interface CachedDocument {
  readonly text: string
  /** Epoch milliseconds. */
  readonly readAt: number
}

/** What a place remembers beyond one isolate. It may forget at any time. */
export interface DocumentStore {
  read(url: string): Promise<CachedDocument | null>
  put(url: string, document: CachedDocument): Promise<void>
}

interface Known<T> {
  readonly value: T
  readonly readAt: number
}

/**
 * A public document of the sign-in service: one hour fresh, one day usable while the service cannot be reached,
 * because a failed reading must not switch sign-in off. Isolate memory first, then the shelf, then the network.
 */
export class RemoteDocument<T> {
  readonly #url: string
  readonly #parse: (text: string) => Promise<T>
  readonly #shelf: DocumentStore
  #known: Known<T> | null = null
  #pending: Promise<Known<T>> | null = null
  #triedAt = Number.NEGATIVE_INFINITY

  /** @param parse rejects with what a document that must not be believed means */
  constructor(url: string, parse: (text: string) => Promise<T>, shelf: DocumentStore) {
    this.#url = url
    this.#parse = parse
    this.#shelf = shelf
  }

  /**
   * @param maximumAge in milliseconds; shorter for a reader that misses something in it
   * @throws EntradaFailure `sign_in_unavailable`, or what `parse` says
   */
  async read(maximumAge = FRESH_MS): Promise<T> {
    const isPaused = Date.now() - this.#triedAt < PAUSE_MS
    const known = this.#knownWithin(isPaused ? USABLE_MS : maximumAge)
    if (known !== null) return known.value
    this.#pending ??= this.#renew(maximumAge).finally(() => {
      this.#pending = null
    })
    try {
      return (await this.#pending).value
    } catch (cause) {
      const isOutage = cause instanceof EntradaFailure && cause.code === 'sign_in_unavailable'
      // What the shelf held counts as well, so it is looked up again.
      const last = this.#knownWithin(USABLE_MS)
      if (isOutage && last !== null) return last.value
      throw cause
    }
  }

  #knownWithin(maximumAge: number): Known<T> | null {
    return this.#known !== null && Date.now() - this.#known.readAt < maximumAge ? this.#known : null
  }

  async #renew(maximumAge: number): Promise<Known<T>> {
    await this.#lookOnShelf()
    const kept = this.#knownWithin(maximumAge)
    if (kept !== null) return kept
    this.#triedAt = Date.now()
    const text = await fetchText(this.#url)
    const known = { value: await this.#parse(text), readAt: Date.now() }
    this.#known = known
    await this.#shelf.put(this.#url, { text, readAt: known.readAt })
    return known
  }

  async #lookOnShelf(): Promise<void> {
    const kept = await this.#shelf.read(this.#url)
    if (kept === null || kept.readAt <= (this.#known?.readAt ?? 0)) return
    try {
      this.#known = { value: await this.#parse(kept.text), readAt: kept.readAt }
    } catch {
      // Not what it was when it was put there; the service itself is asked.
    }
  }
}

async function fetchText(url: string): Promise<string> {
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json', 'user-agent': USER_AGENT },
      redirect: 'manual',
      signal: AbortSignal.timeout(DEADLINE_MS),
    })
    if (response.status === 200) return await response.text()
    await response.body?.cancel()
    throw new Error(`answered ${response.status}`)
  } catch (cause) {
    throw new EntradaFailure('sign_in_unavailable', { cause })
  }
}
