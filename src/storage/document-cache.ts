import { DOCUMENTS_PATH } from '../paths.ts'
import type { DocumentStore, CachedDocument } from '../entra/remote-document.ts'

const READ_AT = 'entrada-read-at'
const LIFE_SECONDS = 86_400

/**
 * Public documents in the Cache API of this data centre, so that a cold isolate or object need not ask the
 * sign-in service again. It may be missing, fail or forget: then the service is asked.
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
      // Nobody depends on it: the next isolate asks for itself.
    }
  }

  /** Below our own host, as the platform advises; no route answers there. */
  #keyOf(url: string): string {
    return `${this.#publicOrigin}${DOCUMENTS_PATH}?of=${encodeURIComponent(url)}`
  }
}
