import { randomBytes } from 'node:crypto'
import type { StoredItem } from './drive-item.ts'

/** Microsoft documents only "a few minutes". */
const LIFETIME_MS = 5 * 60_000

export type Rendition = 'original' | 'pdf'

interface Ticket {
  readonly driveId: string
  readonly itemId: string
  readonly rendition: Rendition
  readonly expiresAt: number
}

export type Redemption =
  | {
      readonly outcome: 'valid'
      readonly driveId: string
      readonly itemId: string
      readonly rendition: Rendition
    }
  | { readonly outcome: 'expired' }
  | { readonly outcome: 'unknown' }

/** Pre-authenticated URLs: anybody who has one may download without a token until it expires. */
export class DownloadUrls {
  readonly #tickets = new Map<string, Ticket>()

  issue(base: string, item: StoredItem, rendition: Rendition): string {
    this.#forgetLongExpired()
    const tempauth = `v1.${randomBytes(48).toString('base64url')}`
    this.#tickets.set(tempauth, {
      driveId: item.driveId,
      itemId: item.id,
      rendition,
      expiresAt: Date.now() + LIFETIME_MS,
    })
    const query = new URLSearchParams({ UniqueId: item.uniqueId, Translate: 'false', tempauth })
    return `${base}/_layouts/15/download.aspx?${query}&ApiVersion=2.0`
  }

  /** May be called repeatedly: ranges and retries use the same URL. */
  redeem(url: URL): Redemption {
    const ticket = this.#tickets.get(url.searchParams.get('tempauth') ?? '')
    if (ticket === undefined) return { outcome: 'unknown' }
    if (ticket.expiresAt <= Date.now()) return { outcome: 'expired' }
    const { driveId, itemId, rendition } = ticket
    return { outcome: 'valid', driveId, itemId, rendition }
  }

  /** The secret of every unexpired URL, for tests that search for leaks. */
  get issued(): readonly string[] {
    return [...this.#tickets.keys()]
  }

  #forgetLongExpired(): void {
    const horizon = Date.now() - LIFETIME_MS
    for (const [tempauth, ticket] of this.#tickets) {
      if (ticket.expiresAt > horizon) return
      this.#tickets.delete(tempauth)
    }
  }
}
