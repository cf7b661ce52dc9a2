/** Origin of a SharePoint host, e.g. `https://contoso-my.sharepoint.com`. Only the host check makes one. */
export type SharePointOrigin = string & { readonly sharePointOrigin: unique symbol }

/** What an access token is for. One redemption of the refresh token gives a token for exactly one resource. */
export type Resource = 'graph' | SharePointOrigin

/** A bearer token (RFC 6750) for one resource. The type parameter keeps tokens of other resources out. */
export interface AccessToken<R extends Resource> {
  readonly resource: R
  readonly value: string
  /** Epoch seconds. */
  readonly expiresAt: number
  /** Granted delegated scopes by their short names, e.g. `People.Read`. */
  readonly scopes: readonly string[]
}

/** Asks for another token than the stored one. Without options a stored token that has not expired is given. */
export interface AccessTokenOptions {
  /** The token that the resource refused: it is replaced although it has not expired. */
  readonly refused?: string
  /** A token that replaced a refused one this recently is not replaced again: the caller may be a loop. Seconds. */
  readonly youngSeconds?: number
  /** Claims challenge of the resource, decoded JSON text. */
  readonly claims?: string
}
