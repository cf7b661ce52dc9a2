import type { Entra } from '../entra/entra.ts'
import { redeemRefreshToken } from '../entra/redemption.ts'
import type { RedeemedTokens, TokenResponse } from '../entra/token-endpoint.ts'
import type { VerifiedIdentity } from '../entra/id-token.ts'
import type { Log } from '../log.ts'
import { epochSeconds, withFallback } from '../time.ts'
import type { Settings } from '../settings/settings.ts'
import type { ObjectNamespace } from '../storage/durable-objects.ts'
import type { SealedBox } from '../crypto/sealed-box.ts'
import type { StoredRefreshToken, RefreshTokenVault } from '../storage/refresh-token-vault.ts'
import {
  type RefreshTokenBinding,
  SealedAccessTokens,
  SessionRefreshToken,
  type StoredAccessToken,
} from './sealed-rows.ts'
import { scopeFor } from './resource-scopes.ts'
import type { AccessTokenRequest, ReceivedToken, UserRpc } from './session-rpc.ts'
import type { SessionRows } from './session-rows.ts'
import {
  failureResult,
  temporaryFailure,
  pauseAfter,
  tokenErrorResult,
  type IdentityResult,
  type TokenResult,
} from './token-result.ts'

/** What the session object itself asks for; the request that asks is known from the binding. */
export type TokenQuery = Omit<AccessTokenRequest, 'requestId'>

export interface TokenManagerDeps {
  readonly settings: Settings
  readonly box: SealedBox
  readonly vault: RefreshTokenVault
  readonly entra: Entra
  readonly users: ObjectNamespace<UserRpc>
}

export interface TokenBinding extends RefreshTokenBinding {
  readonly subject: string
  readonly userObjectId: string
  /** Of the request that asks. */
  readonly log: Log
}

/** A token is replaced this long before it expires, give or take the session's own share of jitter. */
const RENEW_BEFORE_SECONDS = 120
const JITTER_SECONDS = 120
/** While Microsoft does not answer, a token serves until this close to its end. */
const USABLE_SECONDS = 30
/** What an id token said this recently is still so. */
const CURRENT_SECONDS = 60
/** Whether there is a pause is worth a moment, and no more: without an answer the service itself will say. */
const NO_PAUSE = { value: 0, afterMs: 1_000 }
const NO_ANSWER = { value: undefined, afterMs: 1_000 }

/** Access tokens of one session: one flight per resource, whoever asks meanwhile waits for its result. */
export class TokenManager {
  readonly #deps: TokenManagerDeps
  readonly #rows: SessionRows
  readonly #kept: SealedAccessTokens
  readonly #grant: SessionRefreshToken
  readonly #flights = new Map<string, Promise<TokenResult>>()
  readonly #jitter = Math.floor(Math.random() * JITTER_SECONDS)
  #told: { readonly identity: VerifiedIdentity | null; readonly at: number } | null = null
  #renewals = 0

  constructor(deps: TokenManagerDeps, rows: SessionRows) {
    this.#deps = deps
    this.#rows = rows
    this.#kept = new SealedAccessTokens(deps.box, rows)
    this.#grant = new SessionRefreshToken(deps.vault, rows)
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
  begin(refreshToken: string, holder: RefreshTokenBinding): Promise<void> {
    return this.#grant.keep(refreshToken, holder)
  }

  discard(): void {
    this.#kept.discard()
    this.#told = null
  }

  /** Who a new id token says this is. A Graph token is renewed to be told, whatever is left of the old one. */
  async newIdentity(holder: TokenBinding): Promise<IdentityResult> {
    if (!this.#grant.exists) return { ok: true, identity: null }
    if (this.#told === null || epochSeconds() - this.#told.at >= CURRENT_SECONDS) {
      await this.#kept.load('graph', holder)
      const refused = this.#kept.get('graph')?.value ?? null
      const outcome = await this.accessToken({ resource: 'graph', refused, claims: null }, holder)
      if (!outcome.ok) return outcome
    }
    return { ok: true, identity: this.#told?.identity ?? null }
  }

  /** What is at hand and needs no renewal yet; `null` when `accessToken` would have to ask Entra. */
  async kept(resource: string, holder: TokenBinding): Promise<ReceivedToken | null> {
    await this.#kept.load(resource, holder)
    const kept = this.#kept.get(resource)
    if (kept === null || this.#isDueForRenewal(kept)) return null
    const { value, expiresAt, scopes } = kept
    return { value, expiresAt, scopes }
  }

  async accessToken(request: TokenQuery, holder: TokenBinding): Promise<TokenResult> {
    await this.#kept.load(request.resource, holder)
    // From here to the flight nothing waits: a caller that looked before a flight ended must not start another.
    const kept = this.#kept.get(request.resource)
    const isYoung = kept !== null && epochSeconds() - kept.redeemedAt < (request.youngSeconds ?? 0)
    const isRefused = kept?.value === request.refused && !isYoung
    const isAccepted = kept !== null && !isRefused && request.claims === null
    if (kept !== null && isAccepted && !this.#isDueForRenewal(kept)) {
      return { ok: true, ...kept }
    }
    // A claims challenge asks for a token with more in it: not the flight the others wait for.
    const flightName = `${request.resource} ${request.claims ?? ''}`
    const flight =
      this.#flights.get(flightName) ??
      this.#renew(request, holder)
        .catch((cause: unknown) => failureResult(cause, holder))
        .finally(() => this.#flights.delete(flightName))
    this.#flights.set(flightName, flight)
    const outcome = await flight
    const isPassing =
      !outcome.ok && !outcome.isOver && outcome.failure.code === 'sign_in_unavailable'
    const serves = kept !== null && isAccepted && secondsLeft(kept) > USABLE_SECONDS
    return isPassing && serves ? { ok: true, ...kept } : outcome
  }

  #isDueForRenewal(token: StoredAccessToken): boolean {
    return secondsLeft(token) <= RENEW_BEFORE_SECONDS + this.#jitter
  }

  async #renew(request: TokenQuery, holder: TokenBinding): Promise<TokenResult> {
    const user = this.#userOf(holder)
    const pausedUntil = await withFallback(() => user().pausedUntil(), NO_PAUSE)
    const now = epochSeconds()
    if (pausedUntil > now) {
      return temporaryFailure({ code: 'sign_in_unavailable', retryAfter: pausedUntil - now })
    }
    const grant = await this.#grant.current(holder)
    if (grant === null) return { ok: false, failure: { code: 'session_required' }, isOver: true }
    const first = await this.#redeem(grant, request, holder)
    const isGone = !first.ok && first.refusal.kind === 'gone'
    // Another copy may have been stored meanwhile; one look, then it is over (oauth2-proxy#3333).
    const again = isGone ? await this.#grant.current(holder) : null
    const isNewer = again !== null && again.version !== grant.version
    const redemption = isNewer ? await this.#redeem(again, request, holder) : first
    if (redemption.ok) return this.#keep(redemption.tokens, request.resource, holder)
    const { refusal } = redemption
    const seconds = pauseAfter(refusal)
    if (seconds !== undefined) {
      // For the user's other sessions.
      await withFallback(() => user().pause(epochSeconds() + seconds), NO_ANSWER)
    }
    return tokenErrorResult(refusal, holder)
  }

  #redeem(
    { refreshToken }: StoredRefreshToken,
    { resource, claims }: TokenQuery,
    { subject, owner: { tenantId, userId } }: TokenBinding,
  ): Promise<TokenResponse> {
    const { entra, settings } = this.#deps
    return redeemRefreshToken(entra, refreshToken, {
      scope: scopeFor(resource, settings),
      person: { subject, tenantId, userId },
      wantsIdentity: settings.requiredRole !== null || settings.adminRole !== null,
      claims,
    })
  }

  async #keep(
    { accessToken: value, expiresIn, scopes, refreshToken, identity }: RedeemedTokens,
    resource: string,
    holder: TokenBinding,
  ): Promise<TokenResult> {
    if (this.#rows.read() === null) return temporaryFailure({ code: 'session_required' })
    const redeemedAt = epochSeconds()
    const kept = { value, expiresAt: redeemedAt + expiresIn, scopes, redeemedAt }
    // The rotated refresh token goes to storage before anyone holds the access token it came with.
    if (refreshToken !== null) await this.#grant.keep(refreshToken, holder)
    await this.#kept.store(resource, kept, holder)
    this.#told = { identity, at: epochSeconds() }
    this.#renewals += 1
    return { ok: true, ...kept }
  }

  #userOf({ userObjectId }: TokenBinding): () => UserRpc {
    const { users } = this.#deps
    return () => users.get(users.idFromString(userObjectId))
  }
}

function secondsLeft({ expiresAt }: StoredAccessToken): number {
  return expiresAt - epochSeconds()
}
