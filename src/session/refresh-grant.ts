import { answerWithin } from '../stores/answer-within.ts'
import type { Grant, GrantOwner, Vault } from '../stores/vault.ts'
import type { SessionRows } from './session-rows.ts'

/** Whose refresh token it is, and the browser's half of the key it is sealed with. */
export interface GrantHolder {
  readonly owner: GrantOwner
  readonly secret: string
  readonly sessionExpiresAt: number
}

/** KV answers in milliseconds or is in trouble; our own copy is as good. */
const VAULT_DEADLINE_MS = 2_000

/** The refresh token of one session: in the object's own rows at once, in KV as its lasting copy. */
export class RefreshGrant {
  readonly #vault: Vault
  readonly #rows: SessionRows

  constructor(vault: Vault, rows: SessionRows) {
    this.#vault = vault
    this.#rows = rows
  }

  get exists(): boolean {
    return this.#rows.readGrant() !== null
  }

  /** KV's copy if it is as new as ours, else our own. What is older than our count is never used. */
  async current({ owner, secret }: GrantHolder): Promise<Grant | null> {
    const ours = this.#rows.readGrant()
    if (ours === null) return null
    const stored = await answerWithin(() => this.#vault.read(owner.sessionId), {
      value: null,
      afterMs: VAULT_DEADLINE_MS,
    })
    if (stored !== null && stored.version >= ours.version) {
      const grant = await this.#vault.open(stored, owner, secret)
      if (grant !== null) return grant
    }
    return this.#vault.open(ours, owner, secret)
  }

  /** @param isWanted asked after every wait; a session that ended meanwhile must leave nothing behind */
  async keep(refreshToken: string, holder: GrantHolder, isWanted: () => boolean): Promise<void> {
    const { owner, secret, sessionExpiresAt } = holder
    const version = (this.#rows.readGrant()?.version ?? 0) + 1
    const sealed = await this.#vault.seal({ version, refreshToken }, owner, secret)
    if (!isWanted()) return
    this.#rows.writeGrant(sealed)
    // KV may lag, throttle or be full. The object's own copy carries the session over all of that.
    await answerWithin(() => this.#vault.write(owner.sessionId, sealed, sessionExpiresAt), {
      value: undefined,
      afterMs: VAULT_DEADLINE_MS,
    })
    if (isWanted()) return
    await answerWithin(() => this.#vault.forget(owner.sessionId), {
      value: undefined,
      afterMs: VAULT_DEADLINE_MS,
    })
  }
}
