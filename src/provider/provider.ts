import type { Context } from 'hono'
import type { Resource } from '../entra/access-token.ts'
import type { EdgeEnv } from '../http/env.ts'
import { routedPath } from '../http/request-metadata.ts'
import type { Log } from '../log.ts'
import type { ReplayGuard } from '../session/replay-guard.ts'
import { readSessionCookies } from '../cookies.ts'
import { readSessionKey } from '../session/session-cookie.ts'
import type { Session, SessionView } from '../session/session.ts'
import type { Sessions } from '../session/sessions.ts'
import type { OidcClient } from '../settings/oidc-clients.ts'
import type { OidcGrant, OidcGrants } from './grants.ts'
import { OAuthFailure, type Parameters } from './oauth-request.ts'

/** What the endpoints of the provider need. */
export interface ProviderDeps {
  /** `DOMAIN_SERVER/.entrada/oidc`. */
  readonly issuer: string
  readonly clients: readonly OidcClient[]
  readonly sessions: Sessions
  readonly grants: OidcGrants
  readonly replayGuard: ReplayGuard
  /** Signs claims as an RS256 JWT, with the keys that sign assertions. */
  readonly sign: (claims: Readonly<Record<string, unknown>>) => Promise<string>
  /** Claims of a JWT that `sign` made, also of an expired one; `null` for any other token. */
  readonly verify: (token: string) => Promise<Readonly<Record<string, unknown>> | null>
  /** The JWK set of the signing keys. */
  readonly publicKeys: () => Promise<Response>
  /** Origin of Microsoft Graph; `null` where the issuer is not Entra. */
  readonly graphOrigin: string | null
  /** `null` for an origin that is neither Graph nor a SharePoint host. */
  readonly resourceOf: (origin: string) => Resource | null
  /**
   * Counts a code against its user's limit, not the address's: a whole office may share one address.
   * @throws EntradaFailure `rate_limited`
   */
  readonly countCode: (session: Session) => Promise<void>
  /** Signs out, as `POST /.entrada/logout` does. */
  readonly signOut: (c: Context<EdgeEnv>) => Promise<Response>
}

/**
 * Tells whether a request brings the chat a code that was issued to another browser's session.
 * @param path as `routedPath` writes it, because the chat's router may take other spellings too
 */
export type CodeInjectionTest = (
  path: string,
  request: Pick<Request, 'headers' | 'url'>,
) => Promise<boolean> | false

/**
 * Binds an authorization code to the browser it was issued in, on its way through Entrada to the chat. PKCE prevents
 * code injection as well (RFC 9700 §4.5), but LibreChat and Open WebUI use it only when configured.
 * @returns the test for redirect URIs on our own origin; it answers `false` for every other path
 */
export function codeInjectionTest({ clients, grants, issuer }: ProviderDeps): CodeInjectionTest {
  const { origin } = new URL(issuer)
  const redirectPaths = new Set(
    clients
      .flatMap(({ redirectUris }) => redirectUris.map((uri) => new URL(uri)))
      .filter((url) => url.origin === origin)
      .map(({ pathname }) => routedPath(pathname)),
  )
  const hasForeignCode = async ({ headers, url }: Pick<Request, 'headers' | 'url'>) => {
    const codes = new URL(url).searchParams.getAll('code')
    const opened = await Promise.all(codes.map((code) => grants.openCode(code)))
    const ownSessions = readSessionCookies(headers.get('cookie')).map(
      (cookie) => readSessionKey(cookie)?.name,
    )
    return opened.some((code) => code !== null && !ownSessions.includes(code.sessionName))
  }
  // No promise for other paths: a microtask is measurable on proxied requests (`npm run bench`).
  return (path, request) => redirectPaths.has(path) && hasForeignCode(request)
}

/**
 * The claims about a person that the scopes allow (OpenID Connect Core §5.4), the same in the id token and from
 * UserInfo. `sub` is Entra's object id, as in the assertion, so that an app sees one person in both.
 */
export function claimsOf(
  { user, isEmailVerified }: SessionView,
  { clientId, scopes }: Pick<OidcGrant, 'clientId' | 'scopes'>,
  clients: readonly OidcClient[],
) {
  const profile = {
    name: user.name ?? undefined,
    preferred_username: user.username ?? undefined,
    roles: user.roles,
    groups: user.groups,
  }
  const isVerified =
    isEmailVerified || clients.some(({ id, emailVerified }) => id === clientId && emailVerified)
  // Omitted where it is unknown: `false` would claim that the address is not the person's.
  const emailClaims = { email: user.email ?? undefined, email_verified: isVerified || undefined }
  return {
    sub: user.id,
    oid: user.id,
    tid: user.tenantId,
    ...(scopes.includes('profile') ? profile : {}),
    ...(scopes.includes('email') && user.email !== null ? emailClaims : {}),
  }
}

/** `claims_supported` (OpenID Connect Discovery §3). */
export const CLAIMS = [
  ...['sub', 'oid', 'tid', 'sid', 'auth_time', 'email', 'email_verified'],
  ...['name', 'preferred_username', 'roles', 'groups'],
]

/** A token request of an authenticated client. */
export interface ClientTokenRequest {
  readonly client: OidcClient
  readonly parameters: Parameters
}

/**
 * Finds the session of a grant that is still active (RFC 7662 §2.2): its session lives, and its code was not redeemed
 * twice.
 * @param grant of an opened token; `null` for one that did not open
 * @param client the authenticated client, which must own the grant; `null` where a bearer token is enough
 * @throws OAuthFailure `invalid_grant`
 */
export async function requireActiveGrant(
  grant: OidcGrant | null,
  client: OidcClient | null,
  {
    sessions,
    replayGuard,
    log,
  }: Pick<ProviderDeps, 'sessions' | 'replayGuard'> & {
    readonly log: Log
  },
): Promise<{ readonly grant: OidcGrant; readonly session: Session }> {
  if (grant === null || (client !== null && grant.clientId !== client.id)) throw invalidGrant()
  const [session, isRevoked] = await Promise.all([
    sessions.findGranted(grant, log),
    replayGuard.wasUsed(revocationKey(grant)),
  ])
  if (session === null || isRevoked) throw invalidGrant()
  return { grant, session }
}

/** Key in the replay guard that marks a grant as revoked, because its code was redeemed twice. */
export function revocationKey({ id }: OidcGrant): string {
  return `oidc-revoked/${id}`
}

/** RFC 6749 §5.2. One description for every cause, so that an attacker does not learn which check failed. */
export function invalidGrant(): OAuthFailure {
  return new OAuthFailure(
    'invalid_grant',
    'The grant is unknown, for another client, used or expired, or its session has ended.',
    'session_required',
  )
}
