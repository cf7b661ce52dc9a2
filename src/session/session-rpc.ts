import type { FailureCode } from '../failure.ts'
import type { SessionView, User } from './session.ts'

/**
 * What the Worker asks of a session object. Answers are plain data: an exception loses its class on the way
 * out of an object, so every expected outcome is a member of a union.
 */
export interface SessionRpc {
  begin(start: NewSession): Promise<SessionView>
  /**
   * Is it alive for the holder of this secret? `touch` counts as activity.
   * @param requestId of the request that asks; what is logged meanwhile bears it
   */
  check(secret: string, touch: boolean, requestId: string): Promise<SessionCheck>
  /**
   * The secret, sealed under a key of this object's own: what a chat's server may hold. `null` when it is not alive.
   */
  wrapSecret(secret: string): Promise<string | null>
  /** `check` for the holder of a wrapped secret, which comes back unwrapped. It counts as no activity. */
  checkWrapped(wrapped: string, requestId: string): Promise<WrappedCheck>
  accessToken(secret: string, request: AccessTokenRequest): Promise<AccessTokenResult>
  /** The claims challenge waiting for the person, JSON text. */
  pendingClaims(secret: string): Promise<string | null>
  /**
   * Ends it for good; `null` when there was nothing left to end. The secret opens the hints for the sign-in
   * service's own sign-out.
   */
  end(secret: string | null): Promise<EndedSession | null>
  /** For the list of a user's sessions. */
  describe(): Promise<SessionDescription | null>
}

export interface NewSession {
  readonly secret: string
  readonly identity: SessionIdentity
  readonly refreshToken: string | null
  readonly userAgent: string
}

/** Sealed in the object with the browser's half of the key. */
export interface SessionIdentity {
  readonly user: User
  readonly isEmailVerified: boolean
  readonly isOperator: boolean
  /** `sub`, compared again on every refresh (OIDC Core §12.2). */
  readonly subject: string
  readonly loginHint: string | null
  readonly idToken: string | null
  /** Epoch seconds, by the sign-in service's word; `null` where it says nothing. */
  readonly authenticatedAt: number | null
}

export type SessionCheck =
  | { readonly alive: true; readonly session: SessionView }
  | { readonly alive: false }

export type WrappedCheck =
  | { readonly alive: true; readonly session: SessionView; readonly secret: string }
  | { readonly alive: false }

export interface AccessTokenRequest {
  /** `graph`, or the origin of a SharePoint host. */
  readonly resource: string
  readonly refused: string | null
  /** How long ago the last replacement has to be. */
  readonly youngSeconds?: number
  readonly claims: string | null
  /** Of the request that asks; what is logged meanwhile bears it. */
  readonly requestId: string
}

export type AccessTokenResult =
  | {
      readonly ok: true
      readonly value: string
      readonly expiresAt: number
      readonly scopes: readonly string[]
    }
  | { readonly ok: false; readonly failure: TokenFailure }

export interface TokenFailure {
  readonly code: FailureCode
  readonly retryAfter?: number | undefined
  readonly aadsts?: number | undefined
  readonly correlationId?: string | undefined
  readonly claims?: string | undefined
}

export interface EndedSession {
  readonly user: User | null
  readonly loginHint: string | null
  readonly idToken: string | null
}

export interface SessionDescription {
  readonly id: string
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly userAgent: string
}

/** What is asked of the object that knows which sessions a user has. */
export interface UserRpc {
  /** Whether nothing else is on the list. */
  add(sessionId: string, expiresAt: number): Promise<boolean>
  remove(sessionId: string): Promise<void>
  list(): Promise<readonly string[]>
  /** Epoch seconds until which the sign-in service wants to be left alone about this user. */
  pausedUntil(): Promise<number>
  pause(until: number): Promise<void>
}
