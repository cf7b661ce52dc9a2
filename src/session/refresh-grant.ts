import { withFallback } from '../stores/answer-within.ts'
import type { StoredRefreshToken, RefreshTokenOwner, RefreshTokenVault } from '../stores/vault.ts'
import type { SessionRows } from './session-rows.ts'

/** Whose refresh token it is, and the browser's half of the key it is sealed with. */
export interface RefreshTokenBinding {
  readonly owner: RefreshTokenOwner
  readonly secret: string
  readonly sessionExpiresAt: number
}

/** KV answers in milliseconds or is in trouble; our own copy is as good. */
const IN_TIME = { value: null, afterMs: 2_000 }

/** The refresh token of one session: in the object's own rows at once, in KV as its lasting copy. */
export class SessionRefreshToken {
  readonly #vault: RefreshTokenVault
  readonly #rows: SessionRows

  constructor(vault: RefreshTokenVault, rows: SessionRows) {
    this.#vault = vault
    this.#rows = rows
  }

  get exists(): boolean {
    return this.#rows.readGrant() !== null
  }

  /** KV's copy if it is as new as ours, else our own. What is older than our count is never used. */
  async current({ owner, secret }: RefreshTokenBinding): Promise<StoredRefreshToken | null> {
    const ours = this.#rows.readGrant()
    if (ours === null) return null
    const stored = await withFallback(() => this.#vault.read(owner.sessionId), IN_TIME)
    if (stored !== null && stored.version >= ours.version) {
      const grant = await this.#vault.open(stored, owner, secret)
      if (grant !== null) return grant
    }
    return this.#vault.open(ours, owner, secret)
  }

  /** A session that ends meanwhile leaves nothing behind. */
  async keep(
    refreshToken: string,
    { owner, secret, sessionExpiresAt }: RefreshTokenBinding,
  ): Promise<void> {
    const version = (this.#rows.readGrant()?.version ?? 0) + 1
    const sealed = await this.#vault.seal({ version, refreshToken }, owner, secret)
    if (this.#rows.read() === null) return
    this.#rows.writeGrant(sealed)
    // KV may lag, throttle or be full. The object's own copy carries the session over all of that.
    await withFallback(() => this.#vault.write(owner.sessionId, sealed, sessionExpiresAt), IN_TIME)
    if (this.#rows.read() !== null) return
    await withFallback(() => this.#vault.forget(owner.sessionId), IN_TIME)
  }
}
