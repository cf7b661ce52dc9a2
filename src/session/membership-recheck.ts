import type { AccessToken, AccessTokenOptions } from '../entra/access-token.ts'
import { EntradaFailure } from '../failure.ts'
import type { Claims } from '../membership/claims.ts'
import type { ClaimsSource, Entitlements, Membership } from '../membership/membership.ts'
import type { Settings } from '../settings/settings.ts'
import { epochSeconds, withFallback } from '../time.ts'
import type { SessionRow } from './session-rows.ts'
import type { SessionIdentity } from './session-rpc.ts'
import type { TokenBinding, TokenManager } from './token-manager.ts'
import type { IdentityResult } from './token-result.ts'

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

/** A renewed token is a reason to look again, but not minutes after the last look. */
const FRESH_SECONDS = 60
/** While it cannot be found out, not every request of the session waits for another attempt. */
const RETRY_SECONDS = 60
/** How long a request waits for Entra's answer about the account where no rule has to be checked. */
const ACCOUNT_WAIT_MS = 5_000

/** A living session, and what to ask with. */
export interface ActiveSession {
  readonly row: SessionRow
  readonly identity: SessionIdentity
  readonly holder: TokenBinding
}

export type RecheckResult =
  /** It cannot be found out, and the last known verdict serves for its grace. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'member'; readonly standing: Entitlements }
  /** No longer here, or unknown for longer than the grace, or nothing left to ask with. */
  | { readonly kind: 'over' }

const UNCHANGED: RecheckResult = { kind: 'unchanged' }
const OVER: RecheckResult = { kind: 'over' }

/**
 * Re-evaluates a running session every `MEMBERSHIP_CHECK_SECONDS`, single-flight: the account first, then the rules
 * of admission. Each look redeems the refresh token, whatever is left of the access token: Entra alone knows of an
 * account that was disabled or revoked, and an access token lives up to 28 hours (`cp1`).
 */
export class MembershipRecheck {
  readonly #membership: Membership
  readonly #settings: Settings['sessions']
  readonly #tokens: TokenManager
  #flight: Promise<RecheckResult> | null = null
  #pausedUntil = 0

  constructor(
    { membership, settings }: { readonly membership: Membership; readonly settings: Settings },
    tokens: TokenManager,
  ) {
    this.#membership = membership
    this.#settings = settings.sessions
    this.#tokens = tokens
  }

  /** Whether there are rules to check beside the account. */
  get hasRules(): boolean {
    return this.#membership.isRechecked
  }

  /** @param isRenewed a token has just been renewed, which brings the next look at membership forward */
  isDue({ checkedAt }: SessionRow, isRenewed: boolean): boolean {
    if (!this.hasRules && !this.#tokens.canRenew) return false
    const age = epochSeconds() - checkedAt
    const isEarly = isRenewed && this.hasRules
    if (age < (isEarly ? FRESH_SECONDS : this.#settings.membershipCheckSeconds)) return false
    return epochSeconds() >= this.#pausedUntil || (this.hasRules && this.#isBeyondGrace(age))
  }

  look(alive: ActiveSession): Promise<RecheckResult> {
    this.#flight ??= this.#look(alive).finally(() => {
      this.#flight = null
    })
    return this.#flight
  }

  /**
   * Makes a request wait for a look that it started or met. A hanging Entra holds requests up for 5 seconds, once
   * per `RETRY_SECONDS`, unless there are rules to check; the look goes on and ends the session when it can.
   */
  async waitFor(look: Promise<void>): Promise<void> {
    if (this.hasRules) return look
    await withFallback(() => look, { value: undefined, afterMs: ACCOUNT_WAIT_MS })
    if (this.#flight !== null) this.#pause()
  }

  async #look(alive: ActiveSession): Promise<RecheckResult> {
    const { canRenew } = this.#tokens
    const evidence = new SessionClaims(this.#tokens, alive.holder)
    const account = canRenew ? await this.#lookAtAccount(alive, evidence) : UNCHANGED
    let verdict = account
    if (this.hasRules && account.kind !== 'over') {
      const membership = await this.#lookAtMembership(alive, evidence)
      // A rule that nobody has to meet swallows the refusal; without a grant there was nothing to refuse.
      verdict = canRenew && evidence.isGrantGone ? OVER : membership
    }
    if (verdict.kind === 'unchanged') this.#pause()
    return verdict
  }

  #pause(): void {
    this.#pausedUntil = epochSeconds() + RETRY_SECONDS
  }

  async #lookAtAccount(
    { identity }: ActiveSession,
    evidence: SessionClaims,
  ): Promise<RecheckResult> {
    try {
      const outcome = await evidence.account()
      if (outcome.ok) return { kind: 'member', standing: standingOf(identity) }
      return outcome.isOver ? OVER : UNCHANGED
    } catch {
      // The token keeper has said what it could; a look that failed is no verdict.
      return UNCHANGED
    }
  }

  async #lookAtMembership(
    { row, identity, holder }: ActiveSession,
    evidence: SessionClaims,
  ): Promise<RecheckResult> {
    const { log, owner } = holder
    const { tenantId, userId, sessionId } = owner
    const member = { tenantId, standing: standingOf(identity) }
    const recheck = await this.#membership.recheck(member, evidence)
    if (recheck.kind === 'member') return recheck
    const who = { userId, tenantId, sessionId }
    if (recheck.kind === 'lost') {
      log.audit('membership_lost', who)
      return OVER
    }
    const isOver = evidence.isGrantGone || this.#isBeyondGrace(epochSeconds() - row.checkedAt)
    const { reason } = recheck
    log.audit('membership_unknown', { ...who, reason, at: 'recheck', ended: isOver })
    return isOver ? OVER : UNCHANGED
  }

  #isBeyondGrace(age: number): boolean {
    const { membershipCheckSeconds, membershipGraceSeconds } = this.#settings
    return age >= membershipCheckSeconds + membershipGraceSeconds
  }
}

function standingOf({ user: { roles, groups }, isOperator }: SessionIdentity): Entitlements {
  return { roles, groups, isOperator }
}
