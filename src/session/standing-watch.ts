import { epochSeconds } from '../epoch-seconds.ts'
import { createLog } from '../log.ts'
import type { Membership, Standing } from '../membership/membership.ts'
import type { Settings } from '../settings/settings.ts'
import type { SessionIdentity } from './session-calls.ts'
import { SessionEvidence } from './session-evidence.ts'
import type { SessionRow } from './session-rows.ts'
import type { TokenHolder, TokenKeeper } from './token-keeper.ts'

/** A renewed token is a reason to look again, but not minutes after the last look. */
const FRESH_SECONDS = 60
/** While it cannot be found out, not every request of the session waits for another attempt. */
const RETRY_SECONDS = 60

/** A living session, and what to ask with. */
export interface Alive {
  readonly row: SessionRow
  readonly identity: SessionIdentity
  readonly holder: TokenHolder
}

export type WatchVerdict =
  /** It cannot be found out, and the last known verdict serves for its grace. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'member'; readonly standing: Standing }
  /** No longer here, or unknown for longer than the grace, or nothing left to ask with. */
  | { readonly kind: 'over' }

/**
 * Keeps the rules of admission true while a session runs: one look at a time, whoever asks meanwhile waits. Where
 * there are no rules it still notices that an account was disabled or its sessions were revoked: as often, a token
 * is asked for, although the chat needs none. One that still lives is as good as an answer, so Entra itself hears of
 * it once per token.
 */
export class StandingWatch {
  readonly #membership: Membership
  readonly #settings: Settings['sessions']
  readonly #tokens: TokenKeeper
  #flight: Promise<WatchVerdict> | null = null
  #pausedUntil = 0

  constructor(
    { membership, settings }: { readonly membership: Membership; readonly settings: Settings },
    tokens: TokenKeeper,
  ) {
    this.#membership = membership
    this.#settings = settings.sessions
    this.#tokens = tokens
  }

  /** Nobody waits for a look at the account alone: whoever is out is out with the next request. */
  get isAwaited(): boolean {
    return this.#membership.isRechecked
  }

  /** @param isRenewed a token has just been renewed, which brings the next look at membership forward */
  isDue({ checkedAt }: SessionRow, isRenewed: boolean): boolean {
    if (!this.isAwaited && !this.#tokens.canRenew) return false
    const age = epochSeconds() - checkedAt
    const isEarly = isRenewed && this.isAwaited
    if (age < (isEarly ? FRESH_SECONDS : this.#settings.membershipCheckSeconds)) return false
    return epochSeconds() >= this.#pausedUntil || (this.isAwaited && this.#isBeyondGrace(age))
  }

  look(alive: Alive): Promise<WatchVerdict> {
    this.#flight ??= this.#look(alive).finally(() => {
      this.#flight = null
    })
    return this.#flight
  }

  async #look(alive: Alive): Promise<WatchVerdict> {
    const verdict = await (this.isAwaited
      ? this.#lookAtMembership(alive)
      : this.#lookAtAccount(alive))
    if (verdict.kind === 'unchanged') this.#pausedUntil = epochSeconds() + RETRY_SECONDS
    return verdict
  }

  async #lookAtAccount({ identity, holder }: Alive): Promise<WatchVerdict> {
    try {
      const request = { resource: 'graph', refused: null, claims: null }
      const outcome = await this.#tokens.accessToken(request, holder)
      if (outcome.ok) return { kind: 'member', standing: standingOf(identity) }
      return { kind: outcome.isOver ? 'over' : 'unchanged' }
    } catch {
      // The token keeper has said what it could; a look that failed is no verdict.
      return { kind: 'unchanged' }
    }
  }

  async #lookAtMembership({ row, identity, holder }: Alive): Promise<WatchVerdict> {
    const evidence = new SessionEvidence(this.#tokens, holder)
    const { tenantId, userId, sessionId } = holder.owner
    const member = { tenantId, standing: standingOf(identity) }
    const recheck = await this.#membership.recheck(member, evidence)
    if (recheck.kind === 'member') return recheck
    const who = { userId, tenantId, sessionId }
    const log = createLog(crypto.randomUUID())
    if (recheck.kind === 'lost') {
      log.audit('membership_lost', who)
      return { kind: 'over' }
    }
    const isOver = evidence.isGrantGone || this.#isBeyondGrace(epochSeconds() - row.checkedAt)
    const { reason } = recheck
    log.audit('membership_unknown', { ...who, reason, at: 'recheck', ended: isOver })
    return { kind: isOver ? 'over' : 'unchanged' }
  }

  #isBeyondGrace(age: number): boolean {
    const { membershipCheckSeconds, membershipGraceSeconds } = this.#settings
    return age >= membershipCheckSeconds + membershipGraceSeconds
  }
}

function standingOf({ user: { roles, groups }, isOperator }: SessionIdentity): Standing {
  return { roles, groups, isOperator }
}
