import { DurableObject } from 'cloudflare:workers'
import { runtimeOf } from './runtime.ts'
import { StoredSession } from '../session/stored-session.ts'
import type { AccessTokenRequest, NewSession, OpenRequest } from '../session/session-rpc.ts'
import { ReplayTable } from '../session/replay-guard.ts'
import { UserSessions } from '../session/user-sessions.ts'
import { LookupTable, type LeaseRequest, type NewLookupRow } from '../storage/lookup-table.ts'
import { SigningKeyTable } from '../signing/signing-key-table.ts'

/*
 * The Durable Object classes. Each is a shell around a class without platform code, because every method of an
 * exported class can be called over RPC, even a `private` one.
 */

/** One session. Only this object refreshes its tokens. */
export class SessionObject extends DurableObject<Bindings> {
  readonly #session: StoredSession

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env)
    const { storage } = ctx
    const id = ctx.id.toString()
    this.#session = new StoredSession({ ...runtimeOf(env), id, storage, users: env.USERS })
  }

  begin(start: NewSession) {
    return this.#session.begin(start)
  }

  open(secret: string, request: OpenRequest) {
    return this.#session.open(secret, request)
  }

  wrapSecret(secret: string) {
    return this.#session.wrapSecret(secret)
  }

  openWrapped(wrapped: string, requestId: string) {
    return this.#session.openWrapped(wrapped, requestId)
  }

  accessToken(secret: string, request: AccessTokenRequest) {
    return this.#session.accessToken(secret, request)
  }

  pendingClaims(secret: string) {
    return this.#session.pendingClaims(secret)
  }

  end(secret: string | null) {
    return this.#session.end(secret)
  }

  describe() {
    return this.#session.describe()
  }

  override alarm() {
    return this.#session.alarm()
  }
}

/** Sessions of one user or of one `sid`, and Entra's pause for a user. */
export class UserObject extends DurableObject<Bindings> {
  readonly #sessions: UserSessions

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env)
    this.#sessions = new UserSessions(ctx.storage)
  }

  add(sessionId: string, expiresAt: number) {
    return this.#sessions.add(sessionId, expiresAt)
  }

  remove(sessionId: string) {
    return this.#sessions.remove(sessionId)
  }

  list() {
    return this.#sessions.list()
  }

  pausedUntil() {
    return this.#sessions.pausedUntil()
  }

  pause(until: number) {
    return this.#sessions.pause(until)
  }

  override alarm() {
    return this.#sessions.alarm()
  }
}

/** One key that can be used once: an authorization code or a logout token. */
export class ReplayObject extends DurableObject<Bindings> {
  readonly #table: ReplayTable

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env)
    this.#table = new ReplayTable(ctx.storage)
  }

  use(use: string, untilSeconds: number) {
    return this.#table.use(use, untilSeconds)
  }

  wasUsed() {
    return this.#table.wasUsed()
  }

  override alarm() {
    return this.#table.alarm()
  }
}

/** One user's cached lookups of Microsoft Graph. */
export class LookupObject extends DurableObject<Bindings> {
  readonly #table: LookupTable

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env)
    this.#table = new LookupTable(ctx.storage)
  }

  read(keys: readonly string[], parts: readonly string[]) {
    return this.#table.read(keys, parts)
  }

  lease(request: LeaseRequest) {
    return this.#table.lease(request)
  }

  complete(leased: string | null, rows: readonly NewLookupRow[]) {
    return this.#table.complete(leased, rows)
  }

  override alarm() {
    return this.#table.alarm()
  }
}

/** Keys that sign assertions and id tokens. */
export class KeyObject extends DurableObject<Bindings> {
  readonly #table: SigningKeyTable

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env)
    this.#table = new SigningKeyTable(ctx.storage, runtimeOf(env).box)
  }

  list() {
    return this.#table.list()
  }

  override alarm() {
    return this.#table.alarm()
  }
}
