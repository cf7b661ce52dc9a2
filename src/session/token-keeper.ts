import { epochSeconds } from '../epoch-seconds.ts'
import type { Redemption } from '../entra/token-request.ts'
import type { Identity } from '../entra/id-token.ts'
import type { Refusal } from '../entra/refusal.ts'
import { EntradaFailure } from '../failure.ts'
import { createLog } from '../log.ts'
import { answerWithin } from '../stores/answer-within.ts'
import type { SealedBox } from '../stores/sealed-box.ts'
import type { Grant, Vault } from '../stores/vault.ts'
import { KeptTokens, type KeptToken } from './kept-tokens.ts'
import { RefreshGrant, type GrantHolder } from './refresh-grant.ts'
import type { AccessTokenAnswer, AccessTokenRequest, TokenFailure } from './session-calls.ts'
import type { SessionRows } from './session-rows.ts'
import { pauseAfter, tokenFailureOf } from './token-failure.ts'

/** Redeems a refresh token for the one resource named; builds the scope itself. */
export type RefreshTokenRedeemer = (
  refreshToken: string,
  request: { readonly resource: string; readonly claims: string | null; readonly subject: string },
) => Promise<Redemption>

/** Until when the sign-in service wants to be left alone about a user, whichever session asks. */
export interface UserPause {
  /** Epoch seconds. */
  until(): Promise<number>
  extend(until: number): Promise<void>
}

export interface TokenKeeperParts {
  readonly box: SealedBox
  readonly vault: Vault
  readonly redeemer: RefreshTokenRedeemer
  readonly pauseOf: (userObjectId: string) => UserPause
}

export interface TokenHolder extends GrantHolder {
  readonly subject: string
  readonly userObjectId: string
}

export type TokenOutcome =
  | Extract<AccessTokenAnswer, { ok: true }>
  | {
      readonly ok: false
      readonly failure: TokenFailure
      /** The grant is gone for good, and with it the session. */
      readonly isOver: boolean
    }

export type IdentityOutcome =
  | {
      readonly ok: true
      /** `null` when no id token came along, or none that can be trusted. */
      readonly identity: Identity | null
    }
  | Extract<TokenOutcome, { ok: false }>

/** A token is replaced this long before it expires, give or take the session's own share of jitter. */
const RENEW_BEFORE_SECONDS = 120
const JITTER_SECONDS = 120
/** While Microsoft does not answer, a token serves until this close to its end. */
const USABLE_SECONDS = 30
/** What an id token said this recently is still so. */
const CURRENT_SECONDS = 60
/** Whether there is a pause is worth a moment, and no more: without an answer the service itself will say. */
const PAUSE_DEADLINE_MS = 1_000

/** Access tokens of one session: one flight per resource, whoever asks meanwhile waits for its result. */
export class TokenKeeper {
  readonly #parts: TokenKeeperParts
  readonly #rows: SessionRows
  readonly #kept: KeptTokens
  readonly #grant: RefreshGrant
  readonly #flights = new Map<string, Promise<TokenOutcome>>()
  readonly #jitter = Math.floor(Math.random() * JITTER_SECONDS)
  #told: { readonly identity: Identity | null; readonly at: number } | null = null
  #renewals = 0

  constructor(parts: TokenKeeperParts, rows: SessionRows) {
    this.#parts = parts
    this.#rows = rows
    this.#kept = new KeptTokens(parts.box, rows)
    this.#grant = new RefreshGrant(parts.vault, rows)
  }

  /** Whether there is a refresh token to ask with. */
  get canRenew(): boolean {
    return this.#grant.exists
  }

  /** Counts the redemptions that brought a token. */
  get renewals(): number {
    return this.#renewals
  }

  /** Stores the refresh token a session begins with. */
  begin(refreshToken: string, holder: GrantHolder): Promise<void> {
    return this.#grant.keep(refreshToken, holder, () => true)
  }

  discard(): void {
    this.#kept.discard()
    this.#told = null
  }

  /** Who a new id token says this is. A Graph token is renewed to be told, whatever is left of the old one. */
  async newIdentity(holder: TokenHolder): Promise<IdentityOutcome> {
    if (!this.#grant.exists) return { ok: true, identity: null }
    if (this.#told === null || epochSeconds() - this.#told.at >= CURRENT_SECONDS) {
      await this.#kept.load('graph', holder)
      const refused = this.#kept.get('graph')?.value ?? null
      const outcome = await this.accessToken({ resource: 'graph', refused, claims: null }, holder)
      if (!outcome.ok) return outcome
    }
    return { ok: true, identity: this.#told?.identity ?? null }
  }

  async accessToken(request: AccessTokenRequest, holder: TokenHolder): Promise<TokenOutcome> {
    await this.#kept.load(request.resource, holder)
    // From here to the flight nothing waits: a caller that looked before a flight ended must not start another.
    const kept = this.#kept.get(request.resource)
    const isAccepted = kept !== null && kept.value !== request.refused && request.claims === null
    if (kept !== null && isAccepted && secondsLeft(kept) > RENEW_BEFORE_SECONDS + this.#jitter) {
      return { ok: true, ...kept }
    }
    // A claims challenge asks for a token with more in it: not the flight the others wait for.
    const flightName = `${request.resource} ${request.claims ?? ''}`
    const flight =
      this.#flights.get(flightName) ??
      this.#renew(request, holder).finally(() => this.#flights.delete(flightName))
    this.#flights.set(flightName, flight)
    const outcome = await flight
    const isPassing =
      !outcome.ok && !outcome.isOver && outcome.failure.code === 'sign_in_unavailable'
    const serves = kept !== null && isAccepted && secondsLeft(kept) > USABLE_SECONDS
    return isPassing && serves ? { ok: true, ...kept } : outcome
  }

  async #renew(request: AccessTokenRequest, holder: TokenHolder): Promise<TokenOutcome> {
    const pause = this.#parts.pauseOf(holder.userObjectId)
    const pausedUntil = await answerWithin(() => pause.until(), {
      value: 0,
      afterMs: PAUSE_DEADLINE_MS,
    })
    if (pausedUntil > epochSeconds()) {
      return passing({ code: 'sign_in_unavailable', retryAfter: pausedUntil - epochSeconds() })
    }
    const grant = await this.#grant.current(holder)
    if (grant === null) return { ok: false, failure: { code: 'session_required' }, isOver: true }
    const first = await this.#redeem(grant, request, holder)
    const isGone = !first.ok && first.refusal?.kind === 'gone'
    // Another copy may have been stored meanwhile; one look, then it is over (oauth2-proxy#3333).
    const again = isGone ? await this.#grant.current(holder) : null
    const isNewer = again !== null && again.version !== grant.version
    const renewal = isNewer ? await this.#redeem(again, request, holder) : first
    if (renewal.ok) return { ok: true, ...renewal.kept }
    return this.#refused(renewal, holder, pause)
  }

  async #redeem(grant: Grant, request: AccessTokenRequest, holder: TokenHolder): Promise<Renewal> {
    const { resource, claims } = request
    const { subject } = holder
    let redemption: Redemption
    try {
      redemption = await this.#parts.redeemer(grant.refreshToken, { resource, claims, subject })
    } catch (cause) {
      if (!(cause instanceof EntradaFailure)) throw cause
      // Discovery down, or an answer for somebody else: no token, and no verdict on the session.
      return { ok: false, refusal: null, code: cause.code }
    }
    if (!redemption.ok) return { ok: false, refusal: redemption.refusal }
    if (!this.#isAlive()) return { ok: false, refusal: null, code: 'session_required' }
    const { accessToken: value, expiresIn, scopes, refreshToken, identity } = redemption.tokens
    const kept = { value, expiresAt: epochSeconds() + expiresIn, scopes }
    // The rotated refresh token goes to storage before anyone holds the access token it came with.
    if (refreshToken !== null) await this.#grant.keep(refreshToken, holder, () => this.#isAlive())
    await this.#kept.store(resource, kept, holder)
    this.#told = { identity, at: epochSeconds() }
    this.#renewals += 1
    return { ok: true, kept }
  }

  /** Says what a refusal means, remembers a pause for the user's other sessions, and tells the operator. */
  async #refused(
    renewal: Extract<Renewal, { ok: false }>,
    { owner }: TokenHolder,
    pause: UserPause,
  ): Promise<TokenOutcome> {
    if (renewal.refusal === null) return passing({ code: renewal.code })
    const { refusal } = renewal
    const { kind, aadsts, correlationId } = refusal
    const fields = { kind, aadsts, correlationId, userId: owner.userId, sessionId: owner.sessionId }
    const log = createLog(crypto.randomUUID())
    if (kind === 'client') log.error('client_credentials_refused', undefined, fields)
    else log.audit('refresh_refused', fields)
    const seconds = pauseAfter(refusal)
    if (seconds !== undefined) {
      await answerWithin(() => pause.extend(epochSeconds() + seconds), {
        value: undefined,
        afterMs: PAUSE_DEADLINE_MS,
      })
    }
    return {
      ok: false,
      failure: tokenFailureOf(refusal),
      isOver: kind === 'gone' || kind === 'account',
    }
  }

  #isAlive(): boolean {
    return this.#rows.read() !== null
  }
}

type Renewal =
  | { readonly ok: true; readonly kept: KeptToken }
  | { readonly ok: false; readonly refusal: Refusal }
  | { readonly ok: false; readonly refusal: null; readonly code: EntradaFailure['code'] }

function passing(failure: TokenFailure): TokenOutcome {
  return { ok: false, failure, isOver: false }
}

function secondsLeft({ expiresAt }: KeptToken): number {
  return expiresAt - epochSeconds()
}
