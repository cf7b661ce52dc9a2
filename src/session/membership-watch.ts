import { epochSeconds } from '../epoch-seconds.ts'
import { createLog } from '../log.ts'
import type { Membership, Standing } from '../membership/membership.ts'
import type { SessionSettings } from '../settings/sessions.ts'
import type { SessionIdentity } from './session-calls.ts'
import { SessionEvidence } from './session-evidence.ts'
import type { SessionRow } from './session-rows.ts'
import type { TokenHolder, TokenKeeper } from './token-keeper.ts'

/** A renewed token is a reason to look again, but not minutes after the last look. */
const FRESH_SECONDS = 60
/** While it cannot be found out, not every request of the session waits for another attempt. */
const RETRY_SECONDS = 60

export interface Watched {
  readonly row: SessionRow
  readonly identity: SessionIdentity
  readonly holder: TokenHolder
}

export type WatchVerdict =
  /** It cannot be found out, and the last known verdict serves for its grace. */
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'member'; readonly standing: Standing }
  /** No longer a member, or unknown for longer than the grace, or nothing left to ask with. */
  | { readonly kind: 'over' }

/** Keeps the rules of admission true while a session runs: one look at a time, whoever asks meanwhile waits. */
export class MembershipWatch {
  readonly #membership: Membership
  readonly #settings: SessionSettings
  readonly #tokens: TokenKeeper
  #flight: Promise<WatchVerdict> | null = null
  #pausedUntil = 0

  constructor(
    { membership, settings }: { membership: Membership; settings: SessionSettings },
    tokens: TokenKeeper,
  ) {
    this.#membership = membership
    this.#settings = settings
    this.#tokens = tokens
  }

  /** @param isRenewed a token has just been renewed, which brings the next look forward */
  isDue({ checkedAt }: SessionRow, isRenewed: boolean): boolean {
    if (!this.#membership.isRechecked) return false
    const age = epochSeconds() - checkedAt
    if (age < (isRenewed ? FRESH_SECONDS : this.#settings.membershipCheckSeconds)) return false
    return epochSeconds() >= this.#pausedUntil || this.#isBeyondGrace(age)
  }

  async look(watched: Watched): Promise<WatchVerdict> {
    this.#flight ??= this.#recheck(watched).finally(() => {
      this.#flight = null
    })
    return this.#flight
  }

  async #recheck({ row, identity, holder }: Watched): Promise<WatchVerdict> {
    const { isOperator, user } = identity
    const { id: userId, tenantId, roles, groups } = user
    const evidence = new SessionEvidence(this.#tokens, holder)
    const standing = { roles, groups, isOperator }
    const recheck = await this.#membership.recheck({ tenantId, standing }, evidence)
    if (recheck.kind === 'member') return recheck
    const who = { userId, tenantId, sessionId: holder.owner.sessionId }
    const log = createLog(crypto.randomUUID())
    if (recheck.kind === 'lost') {
      log.audit('membership_lost', who)
      return { kind: 'over' }
    }
    const isOver = evidence.isGrantGone || this.#isBeyondGrace(epochSeconds() - row.checkedAt)
    const { reason } = recheck
    log.audit('membership_unknown', { ...who, reason, at: 'recheck', ended: isOver })
    if (isOver) return { kind: 'over' }
    this.#pausedUntil = epochSeconds() + RETRY_SECONDS
    return { kind: 'unchanged' }
  }

  #isBeyondGrace(age: number): boolean {
    const { membershipCheckSeconds, membershipGraceSeconds } = this.#settings
    return age >= membershipCheckSeconds + membershipGraceSeconds
  }
}
