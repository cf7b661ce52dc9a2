import type { AccessToken, AccessTokenOptions, Resource } from '../entra/access-token.ts'
import { EntradaFailure, type FailureDetails } from '../failure.ts'
import { epochSeconds } from '../time.ts'
import type { AccessTokenRequest, AccessTokenResult, TokenFailure } from './session-rpc.ts'
import type { Session, SessionView } from './session.ts'

/** The session's object, called with the secret and the request id of one request. */
export interface SessionCalls {
  accessToken(request: Omit<AccessTokenRequest, 'requestId'>): Promise<AccessTokenResult>
  pendingClaims(): Promise<string | null>
}

/**
 * How long a request uses a token without asking the object again. It bounds how long a download of many files
 * goes on after its person signed out.
 */
const TOKEN_REUSE_SECONDS = 10

/**
 * The session of one request. Its last token serves again without another call, unless the resource refused it or
 * asks for more (claims challenge).
 * @param received the token that came with the session, in the same call of its object
 */
export function openedSession(
  view: SessionView,
  calls: SessionCalls,
  received: AccessToken<Resource> | null = null,
): Session {
  let last = received
  let reuseUntilSeconds = epochSeconds() + TOKEN_REUSE_SECONDS
  return {
    ...view,
    async accessToken<R extends Resource>(
      resource: R,
      { refused = null, claims = null, youngSeconds = 0 }: NullableOptions = {},
    ): Promise<AccessToken<R>> {
      const isReusable = refused === null && claims === null && epochSeconds() < reuseUntilSeconds
      if (isReusable && last?.resource === resource) return { ...last, resource }
      const result = await calls.accessToken({ resource, refused, claims, youngSeconds })
      if (!result.ok) throw failureOf(result.failure, resource)
      const { value, expiresAt, scopes } = result
      last = { resource, value, expiresAt, scopes }
      reuseUntilSeconds = epochSeconds() + TOKEN_REUSE_SECONDS
      return { resource, value, expiresAt, scopes }
    },
    pendingClaims: () => calls.pendingClaims(),
  }
}

interface NullableOptions extends Pick<AccessTokenOptions, 'youngSeconds'> {
  readonly refused?: string | null
  readonly claims?: string | null
}

function failureOf({ code, ...details }: TokenFailure, resource: Resource): EntradaFailure {
  const needsConsent = code === 'consent_required' || code === 'admin_consent_required'
  return new EntradaFailure(code, needsConsent ? { ...details, ...consentFor(resource) } : details)
}

function consentFor(resource: Resource): FailureDetails {
  if (resource === 'graph') return { consentFeature: 'people' }
  return { consentFeature: 'files', consentResource: resource }
}
