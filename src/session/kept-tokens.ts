import * as v from 'valibot'
import type { SealedBox } from '../stores/sealed-box.ts'
import type { RefreshTokenBinding } from './refresh-grant.ts'
import type { SessionRows } from './session-rows.ts'

export interface StoredAccessToken {
  readonly value: string
  /** Epoch seconds. */
  readonly expiresAt: number
  readonly scopes: readonly string[]
  /** When it was redeemed. Epoch seconds; 0 where an older version stored it. */
  readonly redeemedAt: number
}

const Kept = v.object({
  value: v.string(),
  expiresAt: v.number(),
  scopes: v.array(v.string()),
  redeemedAt: v.optional(v.number(), 0),
})

/** Access tokens of one session by resource: in memory, and under seal for after the object was evicted. */
export class SealedAccessTokens {
  readonly #box: SealedBox
  readonly #rows: SessionRows
  readonly #inMemory = new Map<string, StoredAccessToken>()

  constructor(box: SealedBox, rows: SessionRows) {
    this.#box = box
    this.#rows = rows
  }

  /** What is in memory; `load` first. */
  get(resource: string): StoredAccessToken | null {
    return this.#inMemory.get(resource) ?? null
  }

  /** Brings a token back into memory. */
  async load(resource: string, holder: RefreshTokenBinding): Promise<void> {
    if (this.#inMemory.has(resource)) return
    const row = this.#rows.readToken(resource)
    if (row === null || row.expiresAt <= Date.now() / 1000) return
    const json = await this.#box.open(row.sealed, contextOf(resource, holder))
    if (json === null || this.#inMemory.has(resource)) return
    this.#inMemory.set(resource, v.parse(Kept, JSON.parse(json)))
  }

  async store(
    resource: string,
    token: StoredAccessToken,
    holder: RefreshTokenBinding,
  ): Promise<void> {
    const sealed = await this.#box.seal(JSON.stringify(token), contextOf(resource, holder))
    if (this.#rows.read() === null) return
    this.#inMemory.set(resource, token)
    this.#rows.writeToken(resource, { sealed, expiresAt: token.expiresAt })
  }

  discard(): void {
    this.#inMemory.clear()
  }
}

function contextOf(resource: string, { owner, secret }: RefreshTokenBinding) {
  const { tenantId, userId, sessionId } = owner
  return { purpose: 'access-token', secret, bound: [tenantId, userId, sessionId, resource] }
}
