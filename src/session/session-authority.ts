import { epochSeconds } from '../epoch-seconds.ts'
import type { ObjectStorage } from '../stores/durable-objects.ts'
import { digestOf } from '../stores/digest.ts'
import type { SealContext } from '../stores/sealed-box.ts'
import type { Membership, Standing } from '../membership/membership.ts'
import type { SessionSettings } from '../settings/settings.ts'
import { AccountWatch } from './account-watch.ts'
import { MembershipWatch } from './membership-watch.ts'
import type {
  AccessTokenAnswer,
  AccessTokenRequest,
  SessionCalls,
  SessionCheck,
  SessionDescription,
  SessionEnd,
  SessionIdentity,
  SessionStart,
} from './session-calls.ts'
import { readSessionIdentity } from './session-identity.ts'
import { SessionRows, type SessionRow } from './session-rows.ts'
import type { SessionView } from './session.ts'
import { TokenKeeper, type TokenHolder, type TokenKeeperParts } from './token-keeper.ts'

export interface SessionAuthorityParts extends TokenKeeperParts {
  /** Id of this object: the public handle of the session, and what its ciphertexts are bound to. */
  readonly id: string
  readonly storage: ObjectStorage
  readonly membership: Membership
  readonly settings: SessionSettings
  /** Takes this session off the user's list; may fail without harm. */
  readonly unlist: (userObjectId: string) => Promise<void>
  /** Object id of the list a user's sessions are on. */
  readonly userObjectIdOf: (tenantId: string, userId: string) => string
}

/** Activity is written down at most this often; idle limits are hours. */
const SEEN_EVERY_SECONDS = 30

/** What is sealed here, with the browser's half of the key. */
const IDENTITY = 'session-identity'
const CLAIMS = 'claims-challenge'

const OVER: AccessTokenAnswer = { ok: false, failure: { code: 'session_required' } }

interface Alive {
  readonly row: SessionRow
  readonly identity: SessionIdentity
}

/** The only authority on one session: alive or ended, its limits, its tokens. Runs inside its Durable Object. */
export class SessionAuthority implements SessionCalls {
  readonly #parts: SessionAuthorityParts
  readonly #rows: SessionRows
  readonly #tokens: TokenKeeper
  readonly #watch: MembershipWatch
  readonly #account: AccountWatch
  /** Unsealed once per life in memory. */
  #identity: { readonly secretHash: string; readonly identity: SessionIdentity } | null = null

  constructor(parts: SessionAuthorityParts) {
    this.#parts = parts
    this.#rows = new SessionRows(parts.storage)
    this.#tokens = new TokenKeeper(parts, this.#rows)
    this.#watch = new MembershipWatch(parts, this.#tokens)
    this.#account = new AccountWatch(parts, this.#tokens)
  }

  async begin({ secret, identity, refreshToken, userAgent }: SessionStart): Promise<SessionView> {
    const { settings, storage } = this.#parts
    const { tenantId, id: userId } = identity.user
    const createdAt = epochSeconds()
    const secretHash = await digestOf(secret)
    const row: SessionRow = {
      secretHash,
      sealedIdentity: await this.#sealIdentity(JSON.stringify(identity), secret),
      userObjectId: this.#parts.userObjectIdOf(tenantId, userId),
      userAgent: userAgent.slice(0, 200),
      createdAt,
      lastSeenAt: createdAt,
      expiresAt: createdAt + settings.maxSeconds,
      checkedAt: createdAt,
    }
    this.#rows.write(row)
    if (refreshToken !== null) {
      await this.#tokens.begin(refreshToken, this.#holder({ row, identity }, secret))
    }
    this.#identity = { secretHash, identity }
    await storage.setAlarm(this.#idleEnd(row) * 1000)
    return this.#view(row, identity)
  }

  async check(secret: string, touch: boolean): Promise<SessionCheck> {
    const alive = await this.#member(secret)
    if (alive === null) return { alive: false }
    const { row, identity } = alive
    const isSeen = touch && epochSeconds() - row.lastSeenAt >= SEEN_EVERY_SECONDS
    const lastSeenAt = isSeen ? epochSeconds() : row.lastSeenAt
    if (isSeen) this.#rows.seen(lastSeenAt)
    return { alive: true, session: this.#view({ ...row, lastSeenAt }, identity) }
  }

  async accessToken(secret: string, request: AccessTokenRequest): Promise<AccessTokenAnswer> {
    const alive = await this.#member(secret)
    if (alive === null) return OVER
    const { renewals } = this.#tokens
    const outcome = await this.#tokens.accessToken(request, this.#holder(alive, secret))
    // Signing out while Microsoft was answering wins: what came back belongs to nobody.
    if (this.#rows.read() === null) return OVER
    if (outcome.ok) {
      const isRenewed = this.#tokens.renewals !== renewals
      const isMember = !isRenewed || (await this.#member(secret, isRenewed)) !== null
      return isMember ? outcome : OVER
    }
    if (outcome.isOver) await this.#end(alive.row)
    if (outcome.failure.code === 'interaction_required') {
      await this.#keepClaims(outcome.failure.claims ?? request.claims, secret)
    }
    return { ok: false, failure: outcome.failure }
  }

  async pendingClaims(secret: string): Promise<string | null> {
    const sealed = (await this.#alive(secret)) === null ? null : this.#rows.readClaims()
    return sealed === null ? null : this.#parts.box.open(sealed, this.#context(CLAIMS, secret))
  }

  async end(secret: string | null): Promise<SessionEnd | null> {
    const row = this.#rows.read()
    if (row === null) return null
    const identity = secret === null ? null : await this.#identityOf(row, secret)
    await this.#end(row)
    return {
      user: identity?.user ?? null,
      loginHint: identity?.loginHint ?? null,
      idToken: identity?.idToken ?? null,
    }
  }

  async describe(): Promise<SessionDescription | null> {
    const row = this.#rows.read()
    if (row === null || this.#isOver(row)) return null
    const { createdAt, lastSeenAt, userAgent } = row
    return { id: this.#parts.id, createdAt, lastSeenAt, userAgent }
  }

  /** Housekeeping only: limits are enforced whenever the session is asked for. */
  async alarm(): Promise<void> {
    const row = this.#rows.read()
    if (row === null) return
    if (this.#isOver(row)) await this.#end(row)
    else await this.#parts.storage.setAlarm(this.#idleEnd(row) * 1000)
  }

  /** The living session of somebody who, as far as is known, still belongs here. */
  async #member(secret: string, isRenewed = false): Promise<Alive | null> {
    const alive = await this.#alive(secret)
    if (alive === null) return null
    if (!this.#watch.isDue(alive.row, isRenewed)) {
      if (this.#account.isDue(alive.row)) this.#lookAtAccount(alive, secret)
      return alive
    }
    const verdict = await this.#watch.look({ ...alive, holder: this.#holder(alive, secret) })
    // Signing out while Microsoft was asked wins.
    const row = this.#rows.read()
    if (row === null) return null
    if (verdict.kind === 'over') {
      await this.#end(row)
      return null
    }
    if (verdict.kind === 'member') await this.#restand(verdict.standing, alive, secret)
    return this.#alive(secret)
  }

  /** Nobody waits for it: whoever is out is out with the next request. */
  #lookAtAccount({ row, identity }: Alive, secret: string): void {
    const act = async () => {
      const verdict = await this.#account.look(this.#holder({ row, identity }, secret))
      if (this.#rows.read() === null) return
      if (verdict === 'gone') await this.#end(row)
      else if (verdict === 'there') this.#rows.checked(epochSeconds())
    }
    // An object that dies meanwhile looks again when it is next asked.
    act().catch(() => undefined)
  }

  /** Writes down what the person is known as from now on. */
  async #restand(standing: Standing, { identity }: Alive, secret: string): Promise<void> {
    this.#rows.checked(epochSeconds())
    const { roles, groups, isOperator } = standing
    const next = { ...identity, user: { ...identity.user, roles, groups }, isOperator }
    const json = JSON.stringify(next)
    if (json === JSON.stringify(identity)) return
    const row = await this.#resealIdentity(json, secret)
    if (row !== null) this.#identity = { secretHash: row.secretHash, identity: next }
  }

  async #resealIdentity(json: string, secret: string): Promise<SessionRow | null> {
    const sealedIdentity = await this.#sealIdentity(json, secret)
    const row = this.#rows.read()
    if (row !== null) this.#rows.write({ ...row, sealedIdentity })
    return row
  }

  #sealIdentity(json: string, secret: string): Promise<string> {
    return this.#parts.box.seal(json, this.#context(IDENTITY, secret))
  }

  async #alive(secret: string): Promise<Alive | null> {
    const row = this.#rows.read()
    if (row === null) return null
    if (this.#isOver(row)) {
      await this.#end(row)
      return null
    }
    const identity = await this.#identityOf(row, secret)
    if (identity === null) return null
    // Read again: the session may have ended while the secret was being checked.
    const current = this.#rows.read()
    return current === null ? null : { row: current, identity }
  }

  async #identityOf(row: SessionRow, secret: string): Promise<SessionIdentity | null> {
    const secretHash = await digestOf(secret)
    if (secretHash !== row.secretHash) return null
    if (this.#identity?.secretHash === secretHash) return this.#identity.identity
    const json = await this.#parts.box.open(row.sealedIdentity, this.#context(IDENTITY, secret))
    // The key that sealed it has left the ring: nothing of this session can be read any more.
    if (json === null) return null
    const identity = readSessionIdentity(json)
    // Such a session ends in a sign-in, not in an error.
    if (identity === null) return null
    this.#identity = { secretHash, identity }
    if (!(await this.#parts.box.isCurrent(row.sealedIdentity))) {
      await this.#resealIdentity(json, secret)
    }
    return identity
  }

  async #end(row: SessionRow): Promise<void> {
    this.#identity = null
    this.#tokens.discard()
    await this.#rows.erase()
    // The object has already forgotten; what remains elsewhere opens nothing and expires by itself.
    await Promise.allSettled([
      this.#parts.vault.forget(this.#parts.id),
      this.#parts.unlist(row.userObjectId),
    ])
  }

  /** A challenge is met in another request, after a round through the sign-in service. */
  async #keepClaims(claims: string | null, secret: string): Promise<void> {
    if (claims === null) return
    const sealed = await this.#parts.box.seal(claims, this.#context(CLAIMS, secret))
    if (this.#rows.read() !== null) this.#rows.writeClaims(sealed)
  }

  #isOver(row: SessionRow): boolean {
    return epochSeconds() >= this.#idleEnd(row)
  }

  /** Whichever limit comes first. */
  #idleEnd({ lastSeenAt, expiresAt }: SessionRow): number {
    return Math.min(expiresAt, lastSeenAt + this.#parts.settings.idleSeconds)
  }

  #view(row: SessionRow, { user, isOperator }: SessionIdentity): SessionView {
    return {
      id: this.#parts.id,
      user,
      isOperator,
      createdAt: row.createdAt,
      expiresAt: row.expiresAt,
      idleExpiresAt: this.#idleEnd(row),
    }
  }

  #holder({ row, identity }: Alive, secret: string): TokenHolder {
    const { tenantId, id: userId } = identity.user
    return {
      owner: { tenantId, userId, sessionId: this.#parts.id },
      secret,
      subject: identity.subject,
      sessionExpiresAt: row.expiresAt,
      userObjectId: row.userObjectId,
    }
  }

  #context(purpose: typeof IDENTITY | typeof CLAIMS, secret: string): SealContext {
    return { purpose, secret, bound: [this.#parts.id] }
  }
}
