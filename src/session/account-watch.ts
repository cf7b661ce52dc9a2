import type { Membership } from '../membership/membership.ts'
import type { SessionSettings } from '../settings/sessions.ts'
import type { SessionRow } from './session-rows.ts'
import type { TokenHolder, TokenKeeper } from './token-keeper.ts'

/** What a look at the account found. */
export type AccountVerdict = 'there' | 'gone' | 'unknown'

/** While the sign-in service does not answer, it is not asked with every request. */
const RETRY_SECONDS = 60

/**
 * Notices that an account was disabled or its sessions were revoked, although the chat needs no token: as often
 * as membership would be looked at, a token is asked for. One that still lives is as good as an answer, so Entra
 * itself hears of it once per token. Where there are rules of membership, those looks find it out as well.
 */
export class AccountWatch {
  readonly #settings: SessionSettings
  readonly #isWatched: boolean
  readonly #tokens: TokenKeeper
  #isLooking = false
  #pausedUntil = 0

  constructor(
    { membership, settings }: { membership: Membership; settings: SessionSettings },
    tokens: TokenKeeper,
  ) {
    this.#settings = settings
    this.#isWatched = membership.isRechecked
    this.#tokens = tokens
  }

  isDue({ checkedAt }: SessionRow): boolean {
    if (this.#isWatched || this.#isLooking || !this.#tokens.canRenew) return false
    const now = Date.now() / 1000
    return now - checkedAt >= this.#settings.membershipCheckSeconds && now >= this.#pausedUntil
  }

  async look(holder: TokenHolder): Promise<AccountVerdict> {
    this.#isLooking = true
    try {
      const request = { resource: 'graph', refused: null, claims: null }
      const outcome = await this.#tokens.accessToken(request, holder)
      if (outcome.ok) return 'there'
      if (outcome.isOver) return 'gone'
    } catch {
      // The token keeper has said what it could; a look that failed is no verdict.
    } finally {
      this.#isLooking = false
    }
    this.#pausedUntil = Date.now() / 1000 + RETRY_SECONDS
    return 'unknown'
  }
}
