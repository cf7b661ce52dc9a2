import { randomBytes } from 'node:crypto'
import type { ClaimDemand } from './claims-request.ts'

/** What a person gave the application: carried from the code to every refresh token after it. */
export interface Grant {
  readonly clientId: string
  readonly tenantId: string
  readonly userId: string
  readonly sid: string
  /** Epoch milliseconds. */
  readonly authenticatedAt: number
  readonly met: ReadonlySet<ClaimDemand>
  /** Given through a redirect URI of the single-page platform. */
  readonly isSinglePage: boolean
}

export interface CodeChallenge {
  readonly method: 'S256' | 'plain'
  readonly value: string
}

export interface AuthorizationCode extends Grant {
  /** First path segment it was issued under: a tenant's GUID or a multi-tenant word. */
  readonly authority: string
  readonly redirectUri: string
  readonly challenge: CodeChallenge | null
  readonly nonce: string | null
  readonly scope: string
  readonly issuedAt: number
}

export interface RefreshToken extends Grant {
  readonly issuedAt: number
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

const DAY = 24 * 60 * 60 * 1000
const CODE_LIFETIME = 10 * 60 * 1000

/** Codes and refresh tokens. Both are long and say nothing, as Entra's are. */
export class Grants {
  readonly #codes = new Map<string, AuthorizationCode>()
  readonly #redeemed = new Set<string>()
  readonly #refreshTokens = new Map<string, RefreshToken>()
  /** Codes and refresh tokens alike. */
  readonly #revoked = new Set<string>()

  issueCode(code: Omit<AuthorizationCode, 'issuedAt'>): string {
    const value = opaque('1.AXsandbox')
    this.#codes.set(value, { ...code, issuedAt: Date.now() })
    return value
  }

  code(value: string): AuthorizationCode | null {
    return this.#codes.get(value) ?? null
  }

  isExpiredCode(code: AuthorizationCode): boolean {
    return Date.now() >= code.issuedAt + CODE_LIFETIME
  }

  /** False the second time: a code works once. */
  redeem(value: string): boolean {
    if (this.#redeemed.has(value)) return false
    this.#redeemed.add(value)
    return true
  }

  /**
   * The window is 90 days of inactivity, fresh with every redemption. A single-page application's is
   * 24 hours from the sign-in, and a token that follows another inherits its end.
   */
  issueRefreshToken(grant: Grant, previous: RefreshToken | null): string {
    const value = opaque('1.ARsandbox')
    const issuedAt = Date.now()
    const expiresAt = grant.isSinglePage
      ? (previous?.expiresAt ?? issuedAt + DAY)
      : issuedAt + 90 * DAY
    this.#refreshTokens.set(value, { ...grant, issuedAt, expiresAt })
    return value
  }

  refreshToken(value: string): RefreshToken | null {
    return this.#refreshTokens.get(value) ?? null
  }

  isRevoked(value: string): boolean {
    return this.#revoked.has(value)
  }

  /** What "revoke sessions" does: everything given until now is void, later sign-ins are not. */
  revokeUser(userId: string): void {
    for (const [value, grant] of [...this.#codes, ...this.#refreshTokens]) {
      if (grant.userId === userId) this.#revoked.add(value)
    }
  }

  get codes(): readonly string[] {
    return [...this.#codes.keys()]
  }

  get refreshTokens(): readonly string[] {
    return [...this.#refreshTokens.keys()]
  }
}

function opaque(prefix: string): string {
  return `${prefix}.${randomBytes(600).toString('base64url')}`
}
