import * as v from 'valibot'
import type { Redemption } from '../entra/entra.ts'
import type { Identity } from '../entra/id-token.ts'
import type { Refusal } from '../entra/refusal.ts'
import { EntradaFailure } from '../failure.ts'
import type { SealedBox } from '../stores/sealed-box.ts'
import type { Grant, GrantOwner, Vault } from '../stores/vault.ts'
import type { AccessTokenAnswer, AccessTokenRequest, TokenFailure } from './session-calls.ts'
import type { SessionRows } from './session-rows.ts'
import { tokenFailureOf } from './token-failure.ts'

/** Redeems a refresh token for the one resource named; builds the scope itself. */
export type RefreshTokenRedeemer = (
  refreshToken: string,
  request: { readonly resource: string; readonly claims: string | null; readonly subject: string },
) => Promise<Redemption>

export interface TokenKeeperParts {
  readonly box: SealedBox
  readonly vault: Vault
  readonly redeemer: RefreshTokenRedeemer
}

export interface TokenHolder {
  readonly owner: GrantOwner
  readonly secret: string
  readonly subject: string
  readonly sessionExpiresAt: number
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

interface KeptToken {
  readonly value: string
  readonly expiresAt: number
  readonly scopes: readonly string[]
}

/** A token is replaced this long before it expires, give or take the session's own share of jitter. */
const RENEW_BEFORE_SECONDS = 120
const JITTER_SECONDS = 120
/** While Microsoft does not answer, a token serves until this close to its end. */
const USABLE_SECONDS = 30
/** What an id token says is taken for current this long. */
const CURRENT_SECONDS = 60
/** AADSTS50196 takes about two minutes to forget. */
const LOOP_PAUSE_SECONDS = 150

const Kept = v.object({ value: v.string(), expiresAt: v.number(), scopes: v.array(v.string()) })

/** Access tokens of one session: one flight per resource, whoever asks meanwhile waits for its result. */
export class TokenKeeper {
  readonly #parts: TokenKeeperParts
  readonly #rows: SessionRows
  readonly #kept = new Map<string, KeptToken>()
  readonly #flights = new Map<string, Promise<TokenOutcome>>()
  readonly #jitter = Math.floor(Math.random() * JITTER_SECONDS)
  #pausedUntil = 0
  #told: { readonly identity: Identity | null; readonly at: number } | null = null
  #renewals = 0

  constructor(parts: TokenKeeperParts, rows: SessionRows) {
    this.#parts = parts
    this.#rows = rows
  }

  /** Counts the redemptions that brought a token. */
  get renewals(): number {
    return this.#renewals
  }

  /** Who a new id token says this is. A Graph token is renewed to be told, whatever is left of the old one. */
  async newIdentity(holder: TokenHolder): Promise<IdentityOutcome> {
    if (this.#rows.readGrant() === null) return { ok: true, identity: null }
    if (this.#told === null || now() - this.#told.at >= CURRENT_SECONDS) {
      await this.#load('graph', holder)
      const refused = this.#kept.get('graph')?.value ?? null
      const outcome = await this.accessToken({ resource: 'graph', refused, claims: null }, holder)
      if (!outcome.ok) return outcome
    }
    return { ok: true, identity: this.#told?.identity ?? null }
  }

  async accessToken(request: AccessTokenRequest, holder: TokenHolder): Promise<TokenOutcome> {
    await this.#load(request.resource, holder)
    // From here to the flight nothing waits: a caller that looked before a flight ended must not start another.
    const kept = this.#kept.get(request.resource) ?? null
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
    if (isPassing && kept !== null && isAccepted && secondsLeft(kept) > USABLE_SECONDS)
      return { ok: true, ...kept }
    return outcome
  }

  /**
   * Stores a refresh token: in the object at once, in KV as soon as KV takes it.
   * @param isWanted asked after every wait; a session that ended meanwhile must leave nothing behind
   */
  async keep(
    refreshToken: string,
    holder: Omit<TokenHolder, 'subject'>,
    isWanted: () => boolean,
  ): Promise<void> {
    const { owner, secret, sessionExpiresAt } = holder
    const version = (this.#rows.readGrant()?.version ?? 0) + 1
    const sealed = await this.#parts.vault.seal({ version, refreshToken }, owner, secret)
    if (!isWanted()) return
    this.#rows.writeGrant(sealed)
    // KV may lag, throttle or be full. The object's own copy carries the session over all of that.
    await this.#parts.vault.write(owner.sessionId, sealed, sessionExpiresAt).catch(() => undefined)
    if (!isWanted()) await this.#parts.vault.forget(owner.sessionId).catch(() => undefined)
  }

  discard(): void {
    this.#kept.clear()
    this.#told = null
  }

  async #renew(request: AccessTokenRequest, holder: TokenHolder): Promise<TokenOutcome> {
    const pause = this.#pausedUntil - now()
    if (pause > 0) return passing({ code: 'sign_in_unavailable', retryAfter: pause })
    const grant = await this.#currentGrant(holder)
    if (grant === null) return { ok: false, failure: { code: 'session_required' }, isOver: true }
    const first = await this.#redeem(grant, request, holder)
    if (first.ok || first.refusal.kind !== 'gone') return this.#outcomeOf(first)
    // Another copy may have been stored meanwhile; one look, then it is over (oauth2-proxy#3333).
    const again = await this.#currentGrant(holder)
    if (again === null || again.version === grant.version) return this.#outcomeOf(first)
    return this.#outcomeOf(await this.#redeem(again, request, holder))
  }

  async #redeem(grant: Grant, request: AccessTokenRequest, holder: TokenHolder): Promise<Renewal> {
    const { resource, claims } = request
    let redemption: Redemption
    try {
      redemption = await this.#parts.redeemer(grant.refreshToken, {
        resource,
        claims,
        subject: holder.subject,
      })
    } catch (cause) {
      if (!(cause instanceof EntradaFailure)) throw cause
      // Discovery down, or an answer for somebody else: no token, and no verdict on the session.
      return { ok: false, refusal: UNANSWERED, code: cause.code }
    }
    if (!redemption.ok) return { ok: false, refusal: redemption.refusal, code: null }
    if (this.#rows.read() === null)
      return { ok: false, refusal: UNANSWERED, code: 'session_required' }
    const { tokens } = redemption
    const kept: KeptToken = {
      value: tokens.accessToken,
      expiresAt: now() + tokens.expiresIn,
      scopes: tokens.scopes,
    }
    // The rotated refresh token goes to storage before anyone holds the access token it came with.
    if (tokens.refreshToken !== null) {
      await this.keep(tokens.refreshToken, holder, () => this.#rows.read() !== null)
    }
    await this.#store(resource, kept, holder)
    this.#told = { identity: tokens.identity, at: now() }
    this.#renewals += 1
    return { ok: true, kept }
  }

  #outcomeOf(renewal: Renewal): TokenOutcome {
    if (renewal.ok) return { ok: true, ...renewal.kept }
    const { refusal, code } = renewal
    if (code !== null) return passing({ code })
    if (
      refusal.kind === 'loop' ||
      (refusal.kind === 'unavailable' && refusal.retryAfter !== null)
    ) {
      this.#pausedUntil = now() + (refusal.retryAfter ?? LOOP_PAUSE_SECONDS)
    }
    const isOver = refusal.kind === 'gone' || refusal.kind === 'account'
    return { ok: false, failure: tokenFailureOf(refusal), isOver }
  }

  /** KV's copy if it is as new as ours, else our own. What is older than our count is never sent. */
  async #currentGrant({ owner, secret }: TokenHolder): Promise<Grant | null> {
    const ours = this.#rows.readGrant()
    if (ours === null) return null
    const stored = await this.#parts.vault.read(owner.sessionId).catch(() => null)
    if (stored !== null && stored.version >= ours.version) {
      const grant = await this.#parts.vault.open(stored, owner, secret)
      if (grant !== null) return grant
    }
    return this.#parts.vault.open(ours, owner, secret)
  }

  /** Brings a token back into memory after the object was evicted. */
  async #load(resource: string, holder: TokenHolder): Promise<void> {
    if (this.#kept.has(resource)) return
    const row = this.#rows.readToken(resource)
    if (row === null || row.expiresAt <= now()) return
    const json = await this.#parts.box.open(row.sealed, tokenContext(resource, holder))
    if (json === null || this.#kept.has(resource)) return
    this.#kept.set(resource, v.parse(Kept, JSON.parse(json)))
  }

  async #store(resource: string, kept: KeptToken, holder: TokenHolder): Promise<void> {
    const sealed = await this.#parts.box.seal(JSON.stringify(kept), tokenContext(resource, holder))
    if (this.#rows.read() === null) return
    this.#kept.set(resource, kept)
    this.#rows.writeToken(resource, { sealed, expiresAt: kept.expiresAt })
  }
}

type Renewal =
  | { readonly ok: true; readonly kept: KeptToken }
  | { readonly ok: false; readonly refusal: Refusal; readonly code: EntradaFailure['code'] | null }

const UNANSWERED: Refusal = {
  kind: 'unavailable',
  error: null,
  aadsts: null,
  correlationId: null,
  claims: null,
  retryAfter: null,
}

function passing(failure: TokenFailure): TokenOutcome {
  return { ok: false, failure, isOver: false }
}

function tokenContext(resource: string, { owner, secret }: TokenHolder) {
  return {
    purpose: 'access-token',
    secret,
    bound: [owner.tenantId, owner.userId, owner.sessionId, resource],
  }
}

function secondsLeft({ expiresAt }: KeptToken): number {
  return expiresAt - now()
}

function now(): number {
  return Math.floor(Date.now() / 1000)
}
