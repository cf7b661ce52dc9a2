import type * as oauth from 'oauth4webapi'
import type { VerifiedIdentity } from './id-token.ts'

export interface RedeemedTokens {
  readonly accessToken: string
  /** Seconds; access tokens are opaque, so this is all that is known of their life. */
  readonly expiresIn: number
  /** Short names. */
  readonly scopes: readonly string[]
  readonly refreshToken: string | null
  /** Of the code exchange, verified; of a refresh, `null` unless one came along and checked out. */
  readonly identity: VerifiedIdentity | null
  readonly idToken: string | null
}

export function readTokens(
  body: oauth.TokenEndpointResponse,
  identity: VerifiedIdentity | null,
): RedeemedTokens {
  return {
    accessToken: body.access_token,
    // RFC 6749 §5.1 leaves it optional; five minutes is short enough to be safe and long enough to be useful.
    expiresIn: body.expires_in ?? 300,
    scopes: (body.scope ?? '')
      .split(' ')
      .flatMap((scope) => (scope === '' ? [] : [scope.slice(scope.lastIndexOf('/') + 1)])),
    refreshToken: body.refresh_token ?? null,
    identity,
    idToken: body.id_token ?? null,
  }
}
