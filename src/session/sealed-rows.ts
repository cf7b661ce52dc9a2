import * as v from 'valibot'
import { randomText, type SealContext, type SealedBox, sha256Of } from '../crypto/web-crypto.ts'
import type {
  RefreshTokenOwner,
  RefreshTokenVault,
  StoredRefreshToken,
} from '../storage/refresh-token-vault.ts'
import { withFallback } from '../time.ts'
import type { SessionRow, SessionRows } from './session-rows.ts'
import type { SessionIdentity } from './session-rpc.ts'

/*
 * What a session object stores under seal, in the rows of session-rows.ts: identity and claims challenge, access
 * tokens, and the refresh token.
 */

const MaybeText = v.nullable(v.string())
const Texts = v.array(v.string())

/** Another version may have sealed another shape: that does not parse, and the session ends in a sign-in. */
const Identity = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    user: v.object({
      id: v.string(),
      tenantId: v.string(),
      name: MaybeText,
      email: MaybeText,
      username: MaybeText,
      roles: Texts,
      groups: Texts,
    }),
    isEmailVerified: v.boolean(),
    isOperator: v.boolean(),
    subject: v.string(),
    loginHint: MaybeText,
    idToken: MaybeText,
    // Missing in sessions that began before it was stored.
    authenticatedAt: v.optional(v.nullable(v.number()), null),
  }),
)

const IDENTITY = 'session-identity'
const CLAIMS = 'claims-challenge'
const WRAPPED = 'wrapped-secret'
const WRAPPING_KEY_BYTES = 32

export interface SealDeps {
  /** Id of the session's object, which everything is bound to. */
  readonly id: string
  readonly box: SealedBox
}

/** Rows sealed with the browser's half of the key: who is signed in, and a claims challenge to meet. */
export class SealedIdentity {
  readonly #deps: SealDeps
  readonly #rows: SessionRows
  /** Opened once while the object is in memory. */
  #identity: SessionIdentity | null = null

  constructor(deps: SealDeps, rows: SessionRows) {
    this.#deps = deps
    this.#rows = rows
  }

  sealIdentity(identity: SessionIdentity, secret: string): Promise<string> {
    return this.#deps.box.seal(JSON.stringify(identity), this.#context(IDENTITY, secret))
  }

  /** `null` for a wrong secret, and when the key that sealed the row is no longer in the key ring. */
  async identityOf(row: SessionRow, secret: string): Promise<SessionIdentity | null> {
    if ((await sha256Of(secret)) !== row.secretHash) return null
    if (this.#identity !== null) return this.#identity
    const { box } = this.#deps
    const json = await box.open(row.sealedIdentity, this.#context(IDENTITY, secret))
    const { success, output: identity } = v.safeParse(Identity, json)
    if (!success) return null
    this.#identity = identity
    if (!(await box.isCurrent(row.sealedIdentity))) await this.replaceIdentity(identity, secret)
    return identity
  }

  async replaceIdentity(identity: SessionIdentity, secret: string): Promise<void> {
    const sealedIdentity = await this.sealIdentity(identity, secret)
    const row = this.#rows.read()
    if (row === null) return
    this.#rows.write({ ...row, sealedIdentity })
    this.#identity = identity
  }

  async claims(secret: string): Promise<string | null> {
    const sealed = this.#rows.readClaims()
    return sealed === null ? null : this.#deps.box.open(sealed, this.#context(CLAIMS, secret))
  }

  /** Stores a challenge: another request meets it, after a sign-in at Microsoft. */
  async keepClaims(claims: string, secret: string): Promise<void> {
    const sealed = await this.#deps.box.seal(claims, this.#context(CLAIMS, secret))
    if (this.#rows.read() !== null) this.#rows.writeClaims(sealed)
  }

  /**
   * The browser's half of the key, sealed for a chat's server. A part of this seal's key is stored in this object
   * alone, so that a chat's database together with the Worker's secrets opens no session.
   */
  async wrap(secret: string): Promise<string | null> {
    const context = this.#wrapping()
    return context === null ? null : this.#deps.box.seal(secret, context)
  }

  async unwrap(wrapped: string): Promise<string | null> {
    const context = this.#wrapping()
    return context === null ? null : this.#deps.box.open(wrapped, context)
  }

  /** `null` without a session: an object that has none stores no key either. */
  #wrapping(): SealContext | null {
    if (this.#rows.read() === null) return null
    const secret = this.#rows.wrappingKey(randomText(WRAPPING_KEY_BYTES))
    return { purpose: WRAPPED, secret, bound: [this.#deps.id] }
  }

  discard(): void {
    this.#identity = null
  }

  #context(purpose: typeof IDENTITY | typeof CLAIMS, secret: string): SealContext {
    return { purpose, secret, bound: [this.#deps.id] }
  }
}

/** Whose refresh token it is, and the browser's half of the key it is sealed with. */
export interface RefreshTokenBinding {
  readonly owner: RefreshTokenOwner
  readonly secret: string
  readonly sessionExpiresAt: number
}

export interface StoredAccessToken {
  readonly value: string
  /** Epoch seconds. */
  readonly expiresAt: number
  readonly scopes: readonly string[]
  /** When it replaced a refused one. Epoch seconds; 0 if it did not. */
  readonly renewedAt: number
}

const AccessTokenJson = v.object({
  value: v.string(),
  expiresAt: v.number(),
  scopes: v.array(v.string()),
  renewedAt: v.optional(v.number(), 0),
})

/** Access tokens of one session by resource: in memory, and sealed in a row for when the object is evicted. */
export class SealedAccessTokens {
  readonly #box: SealedBox
  readonly #rows: SessionRows
  readonly #inMemory = new Map<string, StoredAccessToken>()

  constructor(box: SealedBox, rows: SessionRows) {
    this.#box = box
    this.#rows = rows
  }

  /** The token in memory; call `load` first. */
  get(resource: string): StoredAccessToken | null {
    return this.#inMemory.get(resource) ?? null
  }

  /** Reads the sealed row into memory. */
  async load(resource: string, binding: RefreshTokenBinding): Promise<void> {
    if (this.#inMemory.has(resource)) return
    const row = this.#rows.readToken(resource)
    if (row === null || row.expiresAt <= Date.now() / 1000) return
    const json = await this.#box.open(row.sealed, contextOf(resource, binding))
    if (json === null || this.#inMemory.has(resource)) return
    this.#inMemory.set(resource, v.parse(AccessTokenJson, JSON.parse(json)))
  }

  async store(
    resource: string,
    token: StoredAccessToken,
    binding: RefreshTokenBinding,
  ): Promise<void> {
    const sealed = await this.#box.seal(JSON.stringify(token), contextOf(resource, binding))
    if (this.#rows.read() === null) return
    this.#inMemory.set(resource, token)
    this.#rows.writeToken(resource, { sealed, expiresAt: token.expiresAt })
  }

  discard(): void {
    this.#inMemory.clear()
  }
}

function contextOf(resource: string, { owner, secret }: RefreshTokenBinding) {
  const { tenantId, userId, sessionId } = owner
  return { purpose: 'access-token', secret, bound: [tenantId, userId, sessionId, resource] }
}

/** KV answers in milliseconds or is failing; the object's own copy serves as well. */
const KV_FALLBACK = { value: null, afterMs: 2_000 }

/** The refresh token of one session, sealed: in the object's own row at once, and a copy in KV. */
export class SessionRefreshToken {
  readonly #vault: RefreshTokenVault
  readonly #rows: SessionRows

  constructor(vault: RefreshTokenVault, rows: SessionRows) {
    this.#vault = vault
    this.#rows = rows
  }

  get exists(): boolean {
    return this.#rows.readGrant() !== null
  }

  /** KV's copy if it is as new as the row, else the row. A copy with an older version is never used. */
  async current({ owner, secret }: RefreshTokenBinding): Promise<StoredRefreshToken | null> {
    const own = this.#rows.readGrant()
    if (own === null) return null
    const stored = await withFallback(() => this.#vault.read(owner.sessionId), KV_FALLBACK)
    if (stored !== null && stored.version >= own.version) {
      const grant = await this.#vault.open(stored, owner, secret)
      if (grant !== null) return grant
    }
    return this.#vault.open(own, owner, secret)
  }

  /** Stores a new version. A session that ends meanwhile leaves no copy behind. */
  async keep(
    refreshToken: string,
    { owner, secret, sessionExpiresAt }: RefreshTokenBinding,
  ): Promise<void> {
    const version = (this.#rows.readGrant()?.version ?? 0) + 1
    const sealed = await this.#vault.seal({ version, refreshToken }, owner, secret)
    if (this.#rows.read() === null) return
    this.#rows.writeGrant(sealed)
    // KV may lag, throttle or be full; the session goes on with the object's own copy.
    await withFallback(
      () => this.#vault.write(owner.sessionId, sealed, sessionExpiresAt),
      KV_FALLBACK,
    )
    if (this.#rows.read() !== null) return
    await withFallback(() => this.#vault.forget(owner.sessionId), KV_FALLBACK)
  }
}
