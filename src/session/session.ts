import type { AccessToken, AccessTokenOptions, Resource } from '../entra/access-token.ts'

/** Who is signed in. Identity is (`tenantId`, `id`) and nothing else; the rest is for people to read. */
export interface User {
  /** Entra object id (`oid`); for other issuers the `sub`. */
  readonly id: string
  /** Entra tenant id (`tid`); for other issuers the issuer's URL. */
  readonly tenantId: string
  readonly name: string | null
  /** Counts as an address (entra/email-address.ts); `null` otherwise. */
  readonly email: string | null
  /** `preferred_username`: mutable, for display only. */
  readonly username: string | null
  /** Configured roles only. */
  readonly roles: readonly string[]
  /** Configured groups only. */
  readonly groups: readonly string[]
}

export interface SessionView {
  /** Public handle for listing and ending; opens nothing. */
  readonly id: string
  readonly user: User
  /** Whether Entra or the issuer says that the address is the user's. */
  readonly isEmailVerified: boolean
  /** May use the operator endpoints (`OPENID_ADMIN_ROLE`). */
  readonly isOperator: boolean
  /** Epoch seconds when the person authenticated, by the sign-in service's word; `null` where it says nothing. */
  readonly authenticatedAt: number | null
  /** Epoch seconds. */
  readonly createdAt: number
  readonly expiresAt: number
  readonly idleExpiresAt: number
}

/** A living session, as features see it. */
export interface Session extends SessionView {
  /**
   * A token for exactly one resource, with at least a minute left.
   * @throws EntradaFailure `session_required`, `interaction_required`, `consent_required`,
   *   `admin_consent_required`, `blocked_by_policy`, `sign_in_unavailable`, `registration_rejected`
   */
  accessToken<R extends Resource>(
    resource: R,
    options?: AccessTokenOptions,
  ): Promise<AccessToken<R>>

  /** The claims challenge (JSON text) that Microsoft last answered with and that only the person can meet. */
  pendingClaims(): Promise<string | null>
}
