/** Origin of a SharePoint host, e.g. `https://contoso-my.sharepoint.com`. Only the host check makes one. */
export type SharePointOrigin = string & { readonly sharePointOrigin: unique symbol }

/** What an access token can be for. One redemption of the refresh token serves exactly one of these. */
export type Resource = 'graph' | SharePointOrigin

/** A bearer for one resource; a token for another does not type-check in its place. */
export interface AccessToken<R extends Resource> {
  readonly resource: R
  readonly value: string
  /** Epoch seconds. */
  readonly expiresAt: number
  /** Granted delegated scopes by their short names, e.g. `People.Read`. */
  readonly scopes: readonly string[]
}

export interface AccessTokenOptions {
  /** The token the resource refused: get another although it has not expired. */
  readonly refused?: string
  /** A token that replaced a refused one this recently is not replaced again: the caller may be a loop. Seconds. */
  readonly youngSeconds?: number
  /** Claims challenge (decoded JSON) the resource answered with. */
  readonly claims?: string
}
