import type { AccessToken, AccessTokenOptions, Resource } from '../entra/access-token.ts'

/** Who is signed in. Only (`tenantId`, `id`) identifies a person; the rest is for display. */
export interface User {
  /** Entra object id (`oid`); for other issuers the `sub`. */
  readonly id: string
  /** Entra tenant id (`tid`); for other issuers the issuer's URL. */
  readonly tenantId: string
  readonly name: string | null
  /** An e-mail address that passed entra/email-address.ts; `null` without one. */
  readonly email: string | null
  /** `preferred_username`: mutable, for display only. */
  readonly username: string | null
  /** Configured roles only. */
  readonly roles: readonly string[]
  /** Configured groups only. */
  readonly groups: readonly string[]
}

/** A session without its tokens. */
export interface SessionView {
  /** Public handle for listing and ending the session; it opens nothing. */
  readonly id: string
  readonly user: User
  /** Whether Entra or the issuer says that the address is the user's. */
  readonly isEmailVerified: boolean
  /** May use the operator endpoints (`OPENID_ADMIN_ROLE`). */
  readonly isOperator: boolean
  /** `auth_time`: epoch seconds at which the person authenticated; `null` when the sign-in service does not say. */
  readonly authenticatedAt: number | null
  /** Epoch seconds. */
  readonly createdAt: number
  readonly expiresAt: number
  readonly idleExpiresAt: number
}

/** A living session, as features use it. */
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

  /** Microsoft's last claims challenge (JSON text), which only the person can meet; `null` without one. */
  pendingClaims(): Promise<string | null>
}
