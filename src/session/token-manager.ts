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
const MIN_USABLE_SECONDS = 30
/** What an id token said this recently is still so. */
const IDENTITY_FRESH_SECONDS = 60
/** Whether there is a pause is worth a moment, and no more: without an answer the service itself will say. */
const NO_PAUSE = { value: 0, afterMs: 1_000 }
const NO_ANSWER = { value: undefined, afterMs: 1_000 }

/** Access tokens of one session: one flight per resource, whoever asks meanwhile waits for its result. */
export class TokenManager {
  readonly #deps: TokenManagerDeps
  readonly #rows: SessionRows
  readonly #accessTokens: SealedAccessTokens
  readonly #refreshToken: SessionRefreshToken
  readonly #inFlight = new Map<string, Promise<TokenResult>>()
  readonly #jitter = Math.floor(Math.random() * JITTER_SECONDS)
  #lastIdentity: {
    readonly identity: VerifiedIdentity | null
    readonly toldAtSeconds: number
  } | null = null
  #renewals = 0

  constructor(deps: TokenManagerDeps, rows: SessionRows) {
    this.#deps = deps
    this.#rows = rows
    this.#accessTokens = new SealedAccessTokens(deps.box, rows)
    this.#refreshToken = new SessionRefreshToken(deps.vault, rows)
  }

  /** Whether there is a refresh token to ask with. */
  get canRenew(): boolean {
    return this.#refreshToken.exists
  }

  /** Counts the redemptions that brought a token. */
  get renewals(): number {
    return this.#renewals
  }

  /** Stores the refresh token a session begins with. */
  begin(refreshToken: string, binding: RefreshTokenBinding): Promise<void> {
    return this.#refreshToken.keep(refreshToken, binding)
  }

  discard(): void {
    this.#accessTokens.discard()
    this.#lastIdentity = null
  }

  /** Who a new id token says this is. A Graph token is renewed to be told, whatever is left of the old one. */
  async newIdentity(binding: TokenBinding): Promise<IdentityResult> {
    if (!this.#refreshToken.exists) return { ok: true, identity: null }
    if (
      this.#lastIdentity === null ||
      epochSeconds() - this.#lastIdentity.toldAtSeconds >= IDENTITY_FRESH_SECONDS
    ) {
      await this.#accessTokens.load('graph', binding)
      const refused = this.#accessTokens.get('graph')?.value ?? null
      const result = await this.accessToken({ resource: 'graph', refused, claims: null }, binding)
      if (!result.ok) return result
    }
    return { ok: true, identity: this.#lastIdentity?.identity ?? null }
  }

  /** What is at hand and needs no renewal yet; `null` when `accessToken` would have to ask Entra. */
  async kept(resource: string, binding: TokenBinding): Promise<ReceivedToken | null> {
    await this.#accessTokens.load(resource, binding)
    const kept = this.#accessTokens.get(resource)
    if (kept === null || this.#isDueForRenewal(kept)) return null
    const { value, expiresAt, scopes } = kept
    return { value, expiresAt, scopes }
  }

  async accessToken(request: TokenQuery, binding: TokenBinding): Promise<TokenResult> {
    await this.#accessTokens.load(request.resource, binding)
    // From here to the flight nothing waits: a caller that looked before a flight ended must not start another.
    const kept = this.#accessTokens.get(request.resource)
    const isYoung = kept !== null && epochSeconds() - kept.redeemedAt < (request.youngSeconds ?? 0)
    const isRefused = kept?.value === request.refused && !isYoung
    const isAccepted = kept !== null && !isRefused && request.claims === null
    if (kept !== null && isAccepted && !this.#isDueForRenewal(kept)) {
      return { ok: true, ...kept }
    }
    // A claims challenge asks for a token with more in it: not the flight the others wait for.
    const requestName = `${request.resource} ${request.claims ?? ''}`
    const pending =
      this.#inFlight.get(requestName) ??
      this.#renew(request, binding)
        .catch((cause: unknown) => failureResult(cause, binding))
        .finally(() => this.#inFlight.delete(requestName))
    this.#inFlight.set(requestName, pending)
    const result = await pending
    const isPassing =
      !result.ok && !result.endsSession && result.failure.code === 'sign_in_unavailable'
    const serves = kept !== null && isAccepted && secondsLeft(kept) > MIN_USABLE_SECONDS
    return isPassing && serves ? { ok: true, ...kept } : result
  }

  #isDueForRenewal(token: StoredAccessToken): boolean {
    return secondsLeft(token) <= RENEW_BEFORE_SECONDS + this.#jitter
  }

  async #renew(request: TokenQuery, binding: TokenBinding): Promise<TokenResult> {
    const user = this.#userOf(binding)
    const pausedUntil = await withFallback(() => user().pausedUntil(), NO_PAUSE)
    const now = epochSeconds()
    if (pausedUntil > now) {
      return temporaryFailure({ code: 'sign_in_unavailable', retryAfter: pausedUntil - now })
    }
    const grant = await this.#refreshToken.current(binding)
    if (grant === null)
      return { ok: false, failure: { code: 'session_required' }, endsSession: true }
    const first = await this.#redeem(grant, request, binding)
    const isGone = !first.ok && first.refusal.kind === 'gone'
    // Another copy may have been stored meanwhile; one look, then it is over (oauth2-proxy#3333).
    const again = isGone ? await this.#refreshToken.current(binding) : null
    const isNewer = again !== null && again.version !== grant.version
    const redemption = isNewer ? await this.#redeem(again, request, binding) : first
    if (redemption.ok) return this.#keep(redemption.tokens, request.resource, binding)
    const { refusal } = redemption
    const seconds = pauseAfter(refusal)
    if (seconds !== undefined) {
      // For the user's other sessions.
      await withFallback(() => user().pause(epochSeconds() + seconds), NO_ANSWER)
    }
    return tokenErrorResult(refusal, binding)
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
    binding: TokenBinding,
  ): Promise<TokenResult> {
    if (this.#rows.read() === null) return temporaryFailure({ code: 'session_required' })
    const redeemedAt = epochSeconds()
    const kept = { value, expiresAt: redeemedAt + expiresIn, scopes, redeemedAt }
    // The rotated refresh token goes to storage before anyone holds the access token it came with.
    if (refreshToken !== null) await this.#refreshToken.keep(refreshToken, binding)
    await this.#accessTokens.store(resource, kept, binding)
    this.#lastIdentity = { identity, toldAtSeconds: epochSeconds() }
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
