import { EntradaFailure } from '../failure.ts'
import type { AccessToken, AccessTokenOptions } from './access-token.ts'
import type { Claims } from '../membership/claims.ts'
import type { ClaimsSource } from '../membership/membership.ts'
import type { TokenBinding, TokenManager } from './token-keeper.ts'
import type { IdentityResult } from './token-outcome.ts'

/** What a running session can show for its membership: its own Graph token, and the id token of a refresh. */
export class SessionClaims implements ClaimsSource {
  readonly #keeper: TokenManager
  readonly #holder: TokenBinding
  #isGrantGone = false
  #account: Promise<IdentityResult> | null = null

  constructor(keeper: TokenManager, holder: TokenBinding) {
    this.#keeper = keeper
    this.#holder = holder
  }

  get canRenew(): boolean {
    return this.#keeper.canRenew
  }

  /** There is nothing left to ask with, now or later. */
  get isGrantGone(): boolean {
    return this.#isGrantGone
  }

  readonly tokens = async (options: AccessTokenOptions = {}): Promise<AccessToken<'graph'>> => {
    const { refused = null, claims = null } = options
    const request = { resource: 'graph', refused, claims }
    const outcome = await this.#keeper.accessToken(request, this.#holder)
    if (!outcome.ok) throw this.#failure(outcome)
    const { value, expiresAt, scopes } = outcome
    return { resource: 'graph', value, expiresAt, scopes }
  }

  /** What Entra says of the account now. Asked once: a hanging Entra must not be waited for twice. */
  account(): Promise<IdentityResult> {
    this.#account ??= this.#keeper.newIdentity(this.#holder)
    return this.#account
  }

  async claims(): Promise<Claims | null> {
    const outcome = await this.account()
    if (!outcome.ok) throw this.#failure(outcome)
    return outcome.identity?.claims ?? null
  }

  #failure({ failure, isOver }: Refused): EntradaFailure {
    this.#isGrantGone ||= isOver
    return new EntradaFailure(failure.code)
  }
}

type Refused = Extract<Awaited<ReturnType<TokenManager['accessToken']>>, { readonly ok: false }>
