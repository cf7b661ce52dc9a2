import type { Context } from 'hono'
import type { EdgeEnv } from '../edge-env.ts'
import type { Resource } from '../session/access-token.ts'
import type { ReplayGuard } from '../session/one-time-uses.ts'
import type { Session } from '../session/session.ts'
import { SESSION_COOKIE, sessionCookiesOf } from '../session/session-cookie.ts'
import type { Sessions } from '../session/sessions.ts'
import type { OidcClient } from '../settings/oidc-clients.ts'
import type { OidcGrants } from './grants.ts'

export interface ProviderDeps {
  /** `DOMAIN_SERVER/.entrada/oidc`. */
  readonly issuer: string
  readonly clients: readonly OidcClient[]
  readonly sessions: Sessions
  readonly grants: OidcGrants
  readonly uses: ReplayGuard
  /** An RS256 JWT of these claims, under the keys that sign assertions. */
  readonly sign: (claims: Readonly<Record<string, unknown>>) => Promise<string>
  /** The claims of a JWT that was signed so, however old; `null` for any other. */
  readonly verify: (token: string) => Promise<Readonly<Record<string, unknown>> | null>
  readonly publicKeys: () => Promise<Response>
  /** `null` where the issuer is not Entra. */
  readonly graphOrigin: string | null
  /** `null` for an origin that is neither Graph nor a SharePoint host. */
  readonly resourceOf: (origin: string) => Resource | null
  /** Counts a code for a chat against its user's limit: behind one address there may be a whole office. */
  readonly countCode: (session: Session) => Promise<void>
  /** What `POST /.entrada/logout` does. */
  readonly signOut: (c: Context<EdgeEnv>) => Promise<Response>
}

/** One planted duplicate is plausible, more are noise. */
const COOKIES_TRIED = 3

/** The living session of a browser, and which of its cookies is the one. */
export async function sessionOfBrowser(
  sessions: Sessions,
  cookieHeader: string | null,
): Promise<{ readonly session: Session; readonly cookie: string } | null> {
  for (const cookie of sessionCookiesOf(cookieHeader).slice(0, COOKIES_TRIED)) {
    const session = await sessions.find(`${SESSION_COOKIE}=${cookie}`)
    if (session !== null) return { session, cookie }
  }
  return null
}
