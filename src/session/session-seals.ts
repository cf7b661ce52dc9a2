import * as v from 'valibot'
import { sha256Of } from '../stores/digest.ts'
import { randomText } from '../stores/random-text.ts'
import type { SealContext, SealedBox } from '../stores/sealed-box.ts'
import type { SessionIdentity } from './session-calls.ts'
import type { SessionRow, SessionRows } from './session-rows.ts'

const MaybeText = v.nullable(v.string())
const Texts = v.array(v.string())

/** What another version sealed in another shape does not parse; such a session ends in a sign-in, not in an error. */
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
    // Sessions begun before it was kept do without.
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

/** What a session object keeps under the browser's half of the key: who it is, and a claims challenge to meet. */
export class SealedIdentity {
  readonly #deps: SealDeps
  readonly #rows: SessionRows
  /** Unsealed once per life in memory. */
  #identity: SessionIdentity | null = null

  constructor(deps: SealDeps, rows: SessionRows) {
    this.#deps = deps
    this.#rows = rows
  }

  sealIdentity(identity: SessionIdentity, secret: string): Promise<string> {
    return this.#deps.box.seal(JSON.stringify(identity), this.#context(IDENTITY, secret))
  }

  /** `null` for a wrong secret, and when the key that sealed it has left the ring: then nothing can be read any more. */
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

  /** A challenge is met in another request, after a round through the sign-in service. */
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
