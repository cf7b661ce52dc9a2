import type { FailureCode } from '../failure.ts'

/** Errors that a client understands: RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 8707 §2, OIDC Core §3.1.2.6. */
export type OAuthError =
  | 'access_denied'
  | 'interaction_required'
  | 'invalid_client'
  | 'invalid_grant'
  | 'invalid_request'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_token'
  | 'login_required'
  | 'request_not_supported'
  | 'request_uri_not_supported'
  | 'temporarily_unavailable'
  | 'unsupported_grant_type'
  | 'unsupported_response_type'

export interface RefusalDetails {
  /** Number of Microsoft's error. */
  readonly aadsts?: number | undefined
  /** Seconds. */
  readonly retryAfter?: number | undefined
}

/**
 * A refusal in the protocol's own words. Where a client is spoken to it takes the place of `EntradaFailure`,
 * whose codes no OAuth library knows; `Entrada-Error` carries one of those all the same.
 */
export class OAuthFailure extends Error {
  override readonly name = 'OAuthRefusal'
  readonly error: OAuthError
  /** For the developer of the client: plain ASCII, without a quotation mark (RFC 6749 §5.2). */
  readonly description: string
  readonly code: FailureCode
  /** What Microsoft said, where a refusal is Microsoft's. */
  readonly details: RefusalDetails

  constructor(
    error: OAuthError,
    description: string,
    code: FailureCode = 'invalid_request',
    details: RefusalDetails = {},
  ) {
    super(error)
    this.error = error
    this.description = description
    this.code = code
    this.details = details
  }
}
