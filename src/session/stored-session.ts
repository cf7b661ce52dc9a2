import { epochSeconds } from '../time.ts'
import { createLog, type Log } from '../log.ts'
import type { Membership, Entitlements } from '../membership/membership.ts'
import { sha256Of } from '../crypto/web-crypto.ts'
import type { ObjectStorage } from '../storage/durable-objects.ts'
import type {
  AccessTokenResult,
  AccessTokenRequest,
  SessionRpc,
  OpenRequest,
  OpenedSession,
  OpenedWrappedSession,
  SessionDescription,
  EndedSession,
  SessionIdentity,
  NewSession,
} from './session-rpc.ts'
import { SessionRows, type SessionRow } from './session-rows.ts'
import { type RefreshTokenBinding, SealedIdentity, type SealDeps } from './sealed-rows.ts'
import type { SessionView } from './session.ts'
import { MembershipRecheck, type ActiveSession } from './membership-recheck.ts'
import { TokenManager, type TokenManagerDeps } from './token-manager.ts'
import { userObjectName } from './user-sessions.ts'

/** `id`: the object's id, which is also the session's public handle. */
export interface StoredSessionDeps extends TokenManagerDeps, SealDeps {
  readonly storage: ObjectStorage
  readonly membership: Membership
}

/** Activity is stored at most this often; idle limits are hours. */
const SEEN_EVERY_SECONDS = 30

const OVER: AccessTokenResult = { ok: false, failure: { code: 'session_required' } }

/** One session: whether it is active, its limits, its tokens. Runs inside its Durable Object and decides alone. */
export class StoredSession implements SessionRpc {
  readonly #deps: StoredSessionDeps
  readonly #rows: SessionRows
  readonly #sealed: SealedIdentity
  readonly #tokens: TokenManager
  readonly #recheck: MembershipRecheck

  constructor(deps: StoredSessionDeps) {
    this.#deps = deps
    this.#rows = new SessionRows(deps.storage)
    this.#sealed = new SealedIdentity(deps, this.#rows)
    this.#tokens = new TokenManager(deps, this.#rows)
    this.#recheck = new MembershipRecheck(deps, this.#tokens)
  }

  async begin({ secret, identity, refreshToken, userAgent }: NewSession): Promise<SessionView> {
    const { settings, storage, users } = this.#deps
    const { tenantId, id: userId } = identity.user
    const createdAt = epochSeconds()
    const row: SessionRow = {
      secretHash: await sha256Of(secret),
      sealedIdentity: await this.#sealed.sealIdentity(identity, secret),
      userObjectId: users.idFromName(userObjectName(tenantId, userId)).toString(),
      userAgent: userAgent.slice(0, 200),
      createdAt,
      lastSeenAt: createdAt,
      expiresAt: createdAt + settings.sessions.maxSeconds,
      checkedAt: createdAt,
    }
    this.#rows.write(row)
    if (refreshToken !== null) {
      await this.#tokens.begin(refreshToken, this.#grantBinding(row, identity, secret))
    }
    await storage.setAlarm(this.#idleEnd(row) * 1000)
    return this.#view(row, identity)
  }

  async open(
    secret: string,
    { countsAsActivity, resource, requestId }: OpenRequest,
  ): Promise<OpenedSession> {
    const active = await this.#member(secret, createLog(requestId))
    if (active === null) return { alive: false }
    const { identity, binding } = active
    const row = countsAsActivity ? this.#seen(active.row) : active.row
    const token = resource === null ? null : await this.#tokens.kept(resource, binding)
    // The session may have ended during the await; then the token is discarded.
    if (this.#rows.read() === null) return { alive: false }
    return { alive: true, session: this.#view(row, identity), token }
  }

  async wrapSecret(secret: string): Promise<string | null> {
    if ((await this.#live(secret)) === null) return null
    return this.#sealed.wrap(secret)
  }

  async openWrapped(wrapped: string, requestId: string): Promise<OpenedWrappedSession> {
    const secret = await this.#sealed.unwrap(wrapped)
    if (secret === null) return { alive: false }
    const opened = await this.open(secret, { countsAsActivity: false, resource: null, requestId })
    return opened.alive ? { alive: true, session: opened.session, secret } : { alive: false }
  }

  async accessToken(secret: string, request: AccessTokenRequest): Promise<AccessTokenResult> {
    const log = createLog(request.requestId)
    const active = await this.#member(secret, log)
    if (active === null) return OVER
    const { renewals } = this.#tokens
    const outcome = await this.#tokens.accessToken(request, active.binding)
    // The session may have ended during the await; then the token is discarded.
    if (this.#rows.read() === null) return OVER
    if (outcome.ok) {
      const isRenewed = this.#tokens.renewals !== renewals
      // Without membership rules, a renewal is all that a recheck does.
      if (isRenewed && !this.#recheck.hasRules) this.#rows.checked(epochSeconds())
      const isMember = !isRenewed || (await this.#member(secret, log, isRenewed)) !== null
      return isMember ? outcome : OVER
    }
    const { failure, endsSession } = outcome
    if (endsSession) await this.#end(active.row)
    const claims = failure.claims ?? request.claims
    if (failure.code === 'interaction_required' && claims !== null) {
      await this.#sealed.keepClaims(claims, secret)
    }
    return { ok: false, failure }
  }

  async pendingClaims(secret: string): Promise<string | null> {
    return (await this.#live(secret)) === null ? null : this.#sealed.claims(secret)
  }

  async end(secret: string | null): Promise<EndedSession | null> {
    const row = this.#rows.read()
    if (row === null) return null
    const identity = secret === null ? null : await this.#sealed.identityOf(row, secret)
    await this.#end(row)
    return {
      user: identity?.user ?? null,
      loginHint: identity?.loginHint ?? null,
      idToken: identity?.idToken ?? null,
    }
  }

  async describe(): Promise<SessionDescription | null> {
    const row = this.#rows.read()
    if (row === null || this.#isExpired(row)) return null
    const { createdAt, lastSeenAt, userAgent } = row
    return { id: this.#deps.id, createdAt, lastSeenAt, userAgent }
  }

  /** Housekeeping alone: every call enforces the limits. */
  async alarm(): Promise<void> {
    const row = this.#rows.read()
    if (row === null) return
    if (this.#isExpired(row)) await this.#end(row)
    else await this.#deps.storage.setAlarm(this.#idleEnd(row) * 1000)
  }

  /** The living session, after the membership recheck that is due. */
  async #member(secret: string, log: Log, isRenewed = false): Promise<ActiveSession | null> {
    const active = await this.#active(secret, log)
    if (active === null || !this.#recheck.isDue(active.row, isRenewed)) return active
    await this.#recheck.waitFor(this.#runRecheck(active))
    return this.#active(secret, log)
  }

  async #runRecheck(active: ActiveSession): Promise<void> {
    const result = await this.#recheck.recheck(active)
    const row = this.#rows.read()
    // The session may have ended during the await; discard the result.
    if (row === null) return
    if (result.kind === 'over') await this.#end(row)
    else if (result.kind === 'member') await this.#updateEntitlements(result.entitlements, active)
  }

  /** Stores roles, groups and operator rights as the recheck found them. */
  async #updateEntitlements(
    entitlements: Entitlements,
    { identity, binding }: ActiveSession,
  ): Promise<void> {
    this.#rows.checked(epochSeconds())
    const { roles, groups, isOperator } = entitlements
    const next = { ...identity, user: { ...identity.user, roles, groups }, isOperator }
    if (JSON.stringify(next) === JSON.stringify(identity)) return
    await this.#sealed.replaceIdentity(next, binding.secret)
  }

  async #active(secret: string, log: Log): Promise<ActiveSession | null> {
    const live = await this.#live(secret)
    if (live === null) return null
    const { row, identity } = live
    const { userObjectId } = row
    const grant = this.#grantBinding(row, identity, secret)
    return { ...live, binding: { ...grant, subject: identity.subject, userObjectId, log } }
  }

  async #live(secret: string): Promise<Omit<ActiveSession, 'binding'> | null> {
    const row = this.#rows.read()
    if (row === null) return null
    if (this.#isExpired(row)) {
      await this.#end(row)
      return null
    }
    const identity = await this.#sealed.identityOf(row, secret)
    // Read again: the session may have ended while the secret was being checked.
    const current = this.#rows.read()
    if (identity === null || current === null) return null
    return { row: current, identity }
  }

  async #end(row: SessionRow): Promise<void> {
    const { id, users, vault } = this.#deps
    this.#sealed.discard()
    this.#tokens.discard()
    await this.#rows.erase()
    // The session has ended here. What KV and the user's object still hold opens nothing, and expires.
    await Promise.allSettled([
      vault.forget(id),
      users.get(users.idFromString(row.userObjectId)).remove(id),
    ])
  }

  #isExpired(row: SessionRow): boolean {
    return epochSeconds() >= this.#idleEnd(row)
  }

  /** Epoch seconds of the idle or the absolute limit, whichever comes first. */
  #idleEnd({ lastSeenAt, expiresAt }: SessionRow): number {
    return Math.min(expiresAt, lastSeenAt + this.#deps.settings.sessions.idleSeconds)
  }

  /** Stores activity. */
  #seen(row: SessionRow): SessionRow {
    const lastSeenAt = epochSeconds()
    if (lastSeenAt - row.lastSeenAt < SEEN_EVERY_SECONDS) return row
    this.#rows.seen(lastSeenAt)
    return { ...row, lastSeenAt }
  }

  #view(row: SessionRow, identity: SessionIdentity): SessionView {
    const { user, isEmailVerified, isOperator, authenticatedAt } = identity
    const who = { user, isEmailVerified, isOperator, authenticatedAt }
    const { createdAt, expiresAt } = row
    return { id: this.#deps.id, ...who, createdAt, expiresAt, idleExpiresAt: this.#idleEnd(row) }
  }

  #grantBinding(
    { expiresAt: sessionExpiresAt }: SessionRow,
    { user: { tenantId, id: userId } }: SessionIdentity,
    secret: string,
  ): RefreshTokenBinding {
    return { owner: { tenantId, userId, sessionId: this.#deps.id }, secret, sessionExpiresAt }
  }
}
