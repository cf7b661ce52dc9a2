import { DOCUMENTS_PATH } from '../paths.ts'
import type { DocumentStore, CachedDocument } from '../entra/remote-document.ts'

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
