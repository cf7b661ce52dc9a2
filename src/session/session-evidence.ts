import { EntradaFailure } from '../failure.ts'
import type { AccessToken, AccessTokenOptions } from './access-token.ts'
import type { Claims } from '../membership/claims.ts'
import type { Evidence } from '../membership/membership.ts'
import type { TokenHolder, TokenKeeper } from './token-keeper.ts'
import type { IdentityOutcome } from './token-outcome.ts'

/** What a running session can show for its membership: its own Graph token, and the id token of a refresh. */
export class SessionEvidence implements Evidence {
  readonly #keeper: TokenKeeper
  readonly #holder: TokenHolder
  #isGrantGone = false
  #account: Promise<IdentityOutcome> | null = null

  constructor(keeper: TokenKeeper, holder: TokenHolder) {
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
  account(): Promise<IdentityOutcome> {
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

type Refused = Extract<Awaited<ReturnType<TokenKeeper['accessToken']>>, { readonly ok: false }>
