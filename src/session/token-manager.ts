import type { Entra } from '../entra/entra.ts'
import {
  type RedeemedTokens,
  redeemRefreshToken,
  type TokenResponse,
} from '../entra/token-endpoint.ts'
import type { VerifiedIdentity } from '../entra/id-token.ts'
import { epochSeconds, withFallback } from '../time.ts'
import type { Settings } from '../settings/settings.ts'
import type { ObjectNamespace } from '../storage/durable-objects.ts'
import type { SealedBox } from '../crypto/web-crypto.ts'
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
  type TokenBinding,
  type TokenResult,
} from './token-result.ts'

/** A token request inside the object. The binding knows the request id. */
export type TokenQuery = Omit<AccessTokenRequest, 'requestId'>

export interface TokenManagerDeps {
  readonly settings: Settings
  readonly box: SealedBox
  readonly vault: RefreshTokenVault
  readonly entra: Entra
  readonly users: ObjectNamespace<UserRpc>
}

/** Renews a token this long before it expires, plus up to `JITTER_SECONDS`, which each session draws for itself. */
const RENEW_BEFORE_SECONDS = 120
const JITTER_SECONDS = 120
/** While Microsoft does not respond, a token is used until it has only this long left. */
const MIN_USABLE_SECONDS = 30
/** An id token this recent is not requested again. */
const IDENTITY_FRESH_SECONDS = 60
/** Waits one second for the user's pause. Without an answer Entra is asked, which repeats its pause. */
const NO_PAUSE = { value: 0, afterMs: 1_000 }
const NO_ANSWER = { value: undefined, afterMs: 1_000 }

/** The tokens of one session. Redemptions are single-flight per resource: concurrent callers share one result. */
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

  /** Whether the session has a refresh token. */
  get canRenew(): boolean {
    return this.#refreshToken.exists
  }

  /** Number of redemptions that returned a token. */
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

  /** The identity in a new id token. It comes with a redemption for Graph, however fresh the Graph token is. */
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

  /** The stored token, if it needs no renewal; `null` when `accessToken` would have to ask Entra. */
  async kept(resource: string, binding: TokenBinding): Promise<ReceivedToken | null> {
    await this.#accessTokens.load(resource, binding)
    const kept = this.#accessTokens.get(resource)
    if (kept === null || this.#isDueForRenewal(kept)) return null
    const { value, expiresAt, scopes } = kept
    return { value, expiresAt, scopes }
  }

  async accessToken(request: TokenQuery, binding: TokenBinding): Promise<TokenResult> {
    await this.#accessTokens.load(request.resource, binding)
    // No await from here to `#inFlight.set`: a caller that read an old token must not start a second redemption.
    const kept = this.#accessTokens.get(request.resource)
    const isYoung = kept !== null && epochSeconds() - kept.renewedAt < (request.youngSeconds ?? 0)
    const isRefused = kept?.value === request.refused && !isYoung
    const isAccepted = kept !== null && !isRefused && request.claims === null
    if (kept !== null && isAccepted && !this.#isDueForRenewal(kept)) {
      return { ok: true, ...kept }
    }
    // A claims challenge asks for another token than the plain requests do.
    const inFlightKey = `${request.resource} ${request.claims ?? ''}`
    const pending =
      this.#inFlight.get(inFlightKey) ??
      this.#renew(request, binding)
        .catch((cause: unknown) => failureResult(cause, binding))
        .finally(() => this.#inFlight.delete(inFlightKey))
    this.#inFlight.set(inFlightKey, pending)
    const result = await pending
    const isTransient =
      !result.ok && !result.endsSession && result.failure.code === 'sign_in_unavailable'
    const serves = kept !== null && isAccepted && secondsLeft(kept) > MIN_USABLE_SECONDS
    return isTransient && serves ? { ok: true, ...kept } : result
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
    if (grant === null) {
      return { ok: false, failure: { code: 'session_required' }, endsSession: true }
    }
    const first = await this.#redeem(grant, request, binding)
    const isGone = !first.ok && first.error.kind === 'gone'
    // Another redemption may have stored a newer refresh token: try that one once (oauth2-proxy#3333).
    const again = isGone ? await this.#refreshToken.current(binding) : null
    const isNewer = again !== null && again.version !== grant.version
    const redemption = isNewer ? await this.#redeem(again, request, binding) : first
    if (redemption.ok) return this.#keep(redemption.tokens, request, binding)
    const { error } = redemption
    const seconds = pauseAfter(error)
    if (seconds !== undefined) {
      // The user's other sessions keep to the pause as well.
      await withFallback(() => user().pause(epochSeconds() + seconds), NO_ANSWER)
    }
    return tokenErrorResult(error, binding)
  }

  #redeem(
    { refreshToken }: StoredRefreshToken,
    { resource, claims }: TokenQuery,
    { subject, owner: { tenantId, userId } }: TokenBinding,
  ): Promise<TokenResponse> {
    const { entra, settings } = this.#deps
    return redeemRefreshToken(entra, refreshToken, {
      scope: scopeFor(resource, settings),
      expected: { subject, tenantId, userId },
      verifyIdToken: settings.requiredRole !== null || settings.adminRole !== null,
      claims,
    })
  }

  async #keep(
    { accessToken: value, expiresIn, scopes, refreshToken, identity }: RedeemedTokens,
    { resource, refused }: TokenQuery,
    binding: TokenBinding,
  ): Promise<TokenResult> {
    if (this.#rows.read() === null) return temporaryFailure({ code: 'session_required' })
    const now = epochSeconds()
    const renewedAt = refused === null ? 0 : now
    const kept = { value, expiresAt: now + expiresIn, scopes, renewedAt }
    // Stores the rotated refresh token before the access token is handed out: losing it would end the session.
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
