import { epochSeconds } from '../epoch-seconds.ts'
import type { RedeemedTokens } from '../entra/redeemed-tokens.ts'
import type { GraphTokens } from '../graph/graph.ts'
import { READS_GROUPS } from './group-lookup.ts'
import { membershipCheckFailed } from './unknown-membership.ts'

/** Redeems the refresh token of a sign-in for everything consented at Graph; `null` when that is refused. */
export type RedeemAgain = (refreshToken: string) => Promise<RedeemedTokens | null>

/**
 * What a sign-in came back with. There is no session yet that could fetch more. The token of a code exchange may carry
 * every scope in force or only those that the sign-in named: where group names have to be looked up and the scope for
 * it is missing, the refresh token is redeemed once.
 */
export class SignInTokens {
  #tokens: RedeemedTokens
  #expiresAt: number
  readonly #redeemAgain: RedeemAgain
  #second: Promise<void> | null = null

  constructor(tokens: RedeemedTokens, redeemAgain: RedeemAgain) {
    this.#tokens = tokens
    this.#expiresAt = epochSeconds() + tokens.expiresIn
    this.#redeemAgain = redeemAgain
  }

  /** The newest, which the session begins with. */
  get refreshToken(): string | null {
    return this.#tokens.refreshToken
  }

  graph(needsGroupNames: boolean): GraphTokens {
    return async (options) => {
      if (options?.refused !== undefined) throw membershipCheckFailed('token_refused')
      if (needsGroupNames) await (this.#second ??= this.#complete())
      const { accessToken: value, scopes } = this.#tokens
      return { resource: 'graph', value, expiresAt: this.#expiresAt, scopes }
    }
  }

  async #complete(): Promise<void> {
    const { scopes, refreshToken } = this.#tokens
    if (refreshToken === null || scopes.some((scope) => READS_GROUPS.test(scope))) return
    const more = await this.#redeemAgain(refreshToken)
    if (more === null) return
    this.#tokens = { ...more, refreshToken: more.refreshToken ?? refreshToken }
    this.#expiresAt = epochSeconds() + more.expiresIn
  }
}
