import type { FailureCode } from '../failure.ts'
import type { SessionView, User } from './session.ts'

/**
 * Calls of a session object. Answers are plain data: an exception loses its class on the way out of an object, so
 * every expected result is a member of a union.
 */
export interface SessionRpc {
  begin(start: NewSession): Promise<SessionView>
  /**
   * The session for the holder of this secret and, on request, the token that the object has at hand: one call for
   * a whole request. It redeems nothing, because a request may yet be refused before it needs a token.
   */
  open(secret: string, request: OpenRequest): Promise<OpenedSession>
  /** The secret, sealed with this object's own key, for a chat's server; `null` when the session has ended. */
  wrapSecret(secret: string): Promise<string | null>
  /** `open` for the holder of a wrapped secret, which is returned unwrapped. It does not count as activity. */
  openWrapped(wrapped: string, requestId: string): Promise<OpenedWrappedSession>
  accessToken(secret: string, request: AccessTokenRequest): Promise<AccessTokenResult>
  /** The claims challenge (JSON text) that the person has to meet. */
  pendingClaims(secret: string): Promise<string | null>
  /**
   * Ends the session for good; `null` when there was none. With the secret the answer has the hints for the sign-in
   * service's own sign-out.
   */
  end(secret: string | null): Promise<EndedSession | null>
  /** One entry of the user's list of sessions; `null` when the session has ended. */
  describe(): Promise<SessionDescription | null>
}

/** What a session begins with. */
export interface NewSession {
  readonly secret: string
  readonly identity: SessionIdentity
  readonly refreshToken: string | null
  readonly userAgent: string
}

/** Who is signed in. Stored sealed with the browser's half of the key. */
export interface SessionIdentity {
  readonly user: User
  readonly isEmailVerified: boolean
  readonly isOperator: boolean
  /** `sub`, compared again on every refresh (OIDC Core §12.2). */
  readonly subject: string
  readonly loginHint: string | null
  readonly idToken: string | null
  /** `auth_time`, epoch seconds; `null` when the sign-in service does not say. */
  readonly authenticatedAt: number | null
}

/** How a session is opened. */
export interface OpenRequest {
  /** `false` for polling, which does not keep a session from going idle. */
  readonly countsAsActivity: boolean
  /** `graph`, or the origin of a SharePoint host; `null`: no token. */
  readonly resource: string | null
  /** Of the request that asks; what is logged meanwhile bears it. */
  readonly requestId: string
}

/** The answer to `open`. */
export type OpenedSession =
  | {
      readonly alive: true
      readonly session: SessionView
      /** `null` when none was asked for, and when `accessToken` would have to renew it. */
      readonly token: ReceivedToken | null
    }
  | { readonly alive: false }

/** The answer to `openWrapped`. */
export type OpenedWrappedSession =
  | { readonly alive: true; readonly session: SessionView; readonly secret: string }
  | { readonly alive: false }

/** Which access token is wanted, and why another one will not do. */
export interface AccessTokenRequest {
  /** `graph`, or the origin of a SharePoint host. */
  readonly resource: string
  /** The token that the resource refused: a renewed one is wanted. */
  readonly refused: string | null
  /** A token that replaced a refused one less than this ago, in seconds, is not renewed. */
  readonly youngSeconds?: number
  /** Claims challenge of the resource, JSON text. */
  readonly claims: string | null
  /** Of the request that asks; what is logged meanwhile bears it. */
  readonly requestId: string
}

/** An access token as the object hands it out. */
export interface ReceivedToken {
  readonly value: string
  /** Epoch seconds. */
  readonly expiresAt: number
  readonly scopes: readonly string[]
}

/** A token, or why there is none. */
export type AccessTokenResult =
  | ({ readonly ok: true } & ReceivedToken)
  | { readonly ok: false; readonly failure: TokenFailure }

/** Why Microsoft gave no token. `retryAfter` is in seconds. */
export interface TokenFailure {
  readonly code: FailureCode
  readonly retryAfter?: number | undefined
  readonly aadsts?: number | undefined
  readonly correlationId?: string | undefined
  readonly claims?: string | undefined
}

/** A session that has just ended: whose it was, and the hints for the sign-in service's sign-out. */
export interface EndedSession {
  readonly user: User | null
  readonly loginHint: string | null
  readonly idToken: string | null
}

/** A session in the list of a user's sessions. Times in epoch seconds. */
export interface SessionDescription {
  readonly id: string
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly userAgent: string
}

/** Calls of the object that lists the sessions of one user, or of one browser session. */
export interface UserRpc {
  add(sessionId: string, expiresAt: number): Promise<void>
  remove(sessionId: string): Promise<void>
  list(): Promise<readonly string[]>
  /** Epoch seconds until which Entra wants no request about this user; 0 for none. */
  pausedUntil(): Promise<number>
  pause(until: number): Promise<void>
}

/** Calls of the object of one key that may be used once. */
export interface ReplayRpc {
  /**
   * Whether this is the first use.
   * @param use a name of this use: the same name again is the same use
   * @param untilSeconds epoch seconds at which it is forgotten
   */
  use(use: string, untilSeconds: number): Promise<boolean>
  wasUsed(): Promise<boolean>
}
