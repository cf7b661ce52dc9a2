import { randomBytes } from 'node:crypto'
import type { ClaimDemand } from './claims-request.ts'

/** What a person granted to the application. The code and every later refresh token carry it. */
export interface Grant {
  readonly clientId: string
  readonly tenantId: string
  readonly userId: string
  readonly sid: string
  /** Epoch milliseconds. */
  readonly authenticatedAt: number
  readonly met: ReadonlySet<ClaimDemand>
  /** Issued through a redirect URI of the single-page platform. */
  readonly isSinglePage: boolean
}

export interface CodeChallenge {
  readonly method: 'S256' | 'plain'
  readonly value: string
}

export interface AuthorizationCode extends Grant {
  /** First path segment of the issuing endpoint: a tenant's GUID or a multi-tenant alias. */
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

/** Creates a code or refresh token: long and opaque, like Entra's. */
export class Grants {
  readonly #codes = new Map<string, AuthorizationCode>()
  readonly #redeemed = new Set<string>()
  readonly #refreshTokens = new Map<string, RefreshToken>()
  /** Stores codes and refresh tokens. */
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

  /** Returns false the second time: a code works once. */
  redeem(value: string): boolean {
    if (this.#redeemed.has(value)) return false
    this.#redeemed.add(value)
    return true
  }

  /**
   * A refresh token expires after 90 days of inactivity. A single-page application's expires 24
   * hours after the sign-in, and each token that replaces it keeps that expiry.
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

  /**
   * Invalidates every code and refresh token issued so far ("revoke sessions"). Later sign-ins are
   * unaffected.
   */
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
