import type { SealedBox } from '../crypto/web-crypto.ts'

/** Whose refresh token it is. Bound to the ciphertext: a value copied to another owner does not open. */
export interface RefreshTokenOwner {
  readonly tenantId: string
  readonly userId: string
  readonly sessionId: string
}

/** A refresh token and its version. */
export interface StoredRefreshToken {
  /** Grows by one with every rotation; the session object refuses an older version than its own. */
  readonly version: number
  readonly refreshToken: string
}

/** A sealed refresh token. The version is readable, so that a stale copy is recognised without the key. */
export interface SealedRefreshToken {
  readonly version: number
  readonly sealed: string
}

type VaultNamespace = Pick<KVNamespace, 'get' | 'put' | 'delete'>

/** KV refuses a shorter lifetime. */
const MINIMUM_TTL_SECONDS = 60

/**
 * Refresh tokens in Workers KV, sealed with the Worker's key ring and the browser's half of the key. KV is eventually
 * consistent, so the reader has to know the lowest version that it accepts.
 */
export class RefreshTokenVault {
  readonly #namespace: VaultNamespace
  readonly #box: SealedBox

  constructor(namespace: VaultNamespace, box: SealedBox) {
    this.#namespace = namespace
    this.#box = box
  }

  async read(sessionId: string): Promise<SealedRefreshToken | null> {
    const value = await this.#namespace.get(keyOf(sessionId))
    const match = value === null ? null : /^(\d+):(.+)$/.exec(value)
    const [, version, sealed] = match ?? []
    return version === undefined || sealed === undefined
      ? null
      : { version: Number(version), sealed }
  }

  /** @param expiresAt epoch seconds at which the session ends by itself */
  async write(sessionId: string, grant: SealedRefreshToken, expiresAt: number): Promise<void> {
    const seconds = Math.ceil(expiresAt - Date.now() / 1000)
    await this.#namespace.put(keyOf(sessionId), `${grant.version}:${grant.sealed}`, {
      expirationTtl: Math.max(MINIMUM_TTL_SECONDS, seconds),
    })
  }

  async forget(sessionId: string): Promise<void> {
    await this.#namespace.delete(keyOf(sessionId))
  }

  async seal(
    grant: StoredRefreshToken,
    owner: RefreshTokenOwner,
    secret: string,
  ): Promise<SealedRefreshToken> {
    return {
      version: grant.version,
      sealed: await this.#box.seal(grant.refreshToken, context(owner, secret, grant.version)),
    }
  }

  async open(
    { version, sealed }: SealedRefreshToken,
    owner: RefreshTokenOwner,
    secret: string,
  ): Promise<StoredRefreshToken | null> {
    const refreshToken = await this.#box.open(sealed, context(owner, secret, version))
    return refreshToken === null ? null : { version, refreshToken }
  }
}

function keyOf(sessionId: string): string {
  return `refresh-token/${sessionId}`
}

function context(
  { tenantId, userId, sessionId }: RefreshTokenOwner,
  secret: string,
  version: number,
) {
  return { purpose: 'refresh-token', secret, bound: [tenantId, userId, sessionId, String(version)] }
}
