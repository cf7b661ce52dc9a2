import type { AccessToken, AccessTokenOptions } from '../entra/access-token.ts'
import { EntradaFailure } from '../failure.ts'
import type { Claims } from '../membership/claims.ts'
import type { ClaimsSource, Entitlements, Membership } from '../membership/membership.ts'
import type { Settings } from '../settings/settings.ts'
import { epochSeconds, withFallback } from '../time.ts'
import type { SessionRow } from './session-rows.ts'
import type { SessionIdentity } from './session-rpc.ts'
import type { TokenManager } from './token-manager.ts'
import type { IdentityResult, TokenBinding } from './token-result.ts'

/** Claims source of a running session: its own Graph token, and the id token that a refresh returns. */
export class SessionClaims implements ClaimsSource {
  readonly #tokens: TokenManager
  readonly #binding: TokenBinding
  #isRefreshTokenGone = false
  #account: Promise<IdentityResult> | null = null

  constructor(tokens: TokenManager, binding: TokenBinding) {
    this.#tokens = tokens
    this.#binding = binding
  }

  get canRenew(): boolean {
    return this.#tokens.canRenew
  }

  /** Whether Entra refused the refresh token for good. */
  get isRefreshTokenGone(): boolean {
    return this.#isRefreshTokenGone
  }

  readonly tokens = async (options: AccessTokenOptions = {}): Promise<AccessToken<'graph'>> => {
    const { refused = null, claims = null } = options
    const request = { resource: 'graph', refused, claims }
    const result = await this.#tokens.accessToken(request, this.#binding)
    if (!result.ok) throw this.#failure(result)
    const { value, expiresAt, scopes } = result
    return { resource: 'graph', value, expiresAt, scopes }
  }

  /** The state of the account at Entra. Requested once, so that no request waits twice while Entra hangs. */
  account(): Promise<IdentityResult> {
    this.#account ??= this.#tokens.newIdentity(this.#binding)
    return this.#account
  }

  async claims(): Promise<Claims | null> {
    const result = await this.account()
    if (!result.ok) throw this.#failure(result)
    return result.identity?.claims ?? null
  }

  #failure({ failure, endsSession }: TokenRefusal): EntradaFailure {
    this.#isRefreshTokenGone ||= endsSession
    return new EntradaFailure(failure.code)
  }
}

type TokenRefusal = Extract<
  Awaited<ReturnType<TokenManager['accessToken']>>,
  { readonly ok: false }
>

/** A renewed token brings a recheck forward, unless the last one is this recent. */
const FRESH_SECONDS = 60
/** After a recheck without a result, requests go on without another attempt for this long. */
const RETRY_SECONDS = 60
/** How long a request waits for Entra's answer about the account where there is no rule to check. */
const ACCOUNT_WAIT_MS = 5_000

/** A living session, and what its tokens are bound to. */
export interface ActiveSession {
  readonly row: SessionRow
  readonly identity: SessionIdentity
  readonly binding: TokenBinding
}

export type RecheckResult =
  /** No result; the last known one counts for `MEMBERSHIP_GRACE_SECONDS`. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'member'; readonly entitlements: Entitlements }
  /** Membership lost, unknown for longer than the grace, or the refresh token is refused for good. */
  | { readonly kind: 'over' }

const UNCHANGED: RecheckResult = { kind: 'unchanged' }
const OVER: RecheckResult = { kind: 'over' }

/**
 * Re-evaluates a running session every `MEMBERSHIP_CHECK_SECONDS`, single-flight: the account first, then the
 * membership rules. Each recheck redeems the refresh token, however fresh the access token is: Entra alone knows of
 * an account that was disabled or revoked, and an access token lives up to 28 hours (`cp1`).
 */
export class MembershipRecheck {
  /** Whether there are membership rules to check, beside the account. */
  readonly hasRules: boolean
  readonly #membership: Membership
  readonly #settings: Settings['sessions']
  readonly #tokens: TokenManager
  #inFlight: Promise<RecheckResult> | null = null
  #pausedUntil = 0

  constructor(
    { membership, settings }: { readonly membership: Membership; readonly settings: Settings },
    tokens: TokenManager,
  ) {
    this.#membership = membership
    this.hasRules = membership.isRechecked
    this.#settings = settings.sessions
    this.#tokens = tokens
  }

  /** @param isRenewed a token has just been renewed, which brings the recheck of membership forward */
  isDue({ checkedAt }: SessionRow, isRenewed: boolean): boolean {
    if (!this.hasRules && !this.#tokens.canRenew) return false
    const age = epochSeconds() - checkedAt
    const isEarly = isRenewed && this.hasRules
    if (age < (isEarly ? FRESH_SECONDS : this.#settings.membershipCheckSeconds)) return false
    return epochSeconds() >= this.#pausedUntil || (this.hasRules && this.#isBeyondGrace(age))
  }

  recheck(active: ActiveSession): Promise<RecheckResult> {
    this.#inFlight ??= this.#recheck(active).finally(() => {
      this.#inFlight = null
    })
    return this.#inFlight
  }

  /**
   * Waits for a recheck on behalf of one request. Without rules the wait ends after 5 seconds, once per
   * `RETRY_SECONDS`, when Entra hangs; the recheck goes on and ends the session if it has to.
   */
  async waitFor(recheck: Promise<void>): Promise<void> {
    if (this.hasRules) return recheck
    await withFallback(() => recheck, { value: undefined, afterMs: ACCOUNT_WAIT_MS })
    if (this.#inFlight !== null) this.#pause()
  }

  async #recheck(active: ActiveSession): Promise<RecheckResult> {
    const { canRenew } = this.#tokens
    const source = new SessionClaims(this.#tokens, active.binding)
    const account = canRenew ? await this.#recheckAccount(active, source) : UNCHANGED
    let result = account
    if (this.hasRules && account.kind !== 'over') {
      const membership = await this.#recheckMembership(active, source)
      // `OPENID_ADMIN_ROLE` counts a refused refresh token as no match; it ends the session nevertheless.
      result = canRenew && source.isRefreshTokenGone ? OVER : membership
    }
    if (result.kind === 'unchanged') this.#pause()
    return result
  }

  #pause(): void {
    this.#pausedUntil = epochSeconds() + RETRY_SECONDS
  }

  async #recheckAccount(
    { identity }: ActiveSession,
    source: SessionClaims,
  ): Promise<RecheckResult> {
    try {
      const result = await source.account()
      if (result.ok) return { kind: 'member', entitlements: entitlementsOf(identity) }
      return result.endsSession ? OVER : UNCHANGED
    } catch {
      // The token manager has logged the reason; a recheck that failed proves nothing.
      return UNCHANGED
    }
  }

  async #recheckMembership(
    { row, identity, binding }: ActiveSession,
    source: SessionClaims,
  ): Promise<RecheckResult> {
    const { log, owner } = binding
    const { tenantId, userId, sessionId } = owner
    const member = { tenantId, entitlements: entitlementsOf(identity) }
    const recheck = await this.#membership.recheck(member, source)
    if (recheck.kind === 'member') return recheck
    const who = { userId, tenantId, sessionId }
    if (recheck.kind === 'lost') {
      log.audit('membership_lost', who)
      return OVER
    }
    const endsSession =
      source.isRefreshTokenGone || this.#isBeyondGrace(epochSeconds() - row.checkedAt)
    const { reason } = recheck
    log.audit('membership_unknown', { ...who, reason, at: 'recheck', ended: endsSession })
    return endsSession ? OVER : UNCHANGED
  }

  #isBeyondGrace(age: number): boolean {
    const { membershipCheckSeconds, membershipGraceSeconds } = this.#settings
    return age >= membershipCheckSeconds + membershipGraceSeconds
  }
}

function entitlementsOf({ user: { roles, groups }, isOperator }: SessionIdentity): Entitlements {
  return { roles, groups, isOperator }
}
