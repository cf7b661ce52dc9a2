import type { Hono } from 'hono/tiny'
import type { AuthDeps } from '../auth/routes.ts'
import type { CheckDeps } from '../diagnostics/check.ts'
import type { Resource } from '../entra/access-token.ts'
import type { EdgeEnv } from '../http/env.ts'
import type { Log } from '../log.ts'
import type { ChatProxy } from '../proxy/chat-proxy.ts'
import type { Provider } from '../provider/routes.ts'
import type { RateLimiter } from '../http/rate-limit.ts'
import type { RequestHead } from '../http/request-metadata.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../session/sessions.ts'
import type { RateLimited } from '../settings/sessions.ts'
import type { Settings } from '../settings/settings.ts'

/** Adds Entrada's script to the chat app's pages and service workers. */
export interface PageScript {
  /** Prepares the request for the chat app. Returns the same request where nothing will be added. */
  ask(request: Request, head: RequestHead, isSignedIn: boolean): Request
  /** Adds the script to the chat app's response. */
  add(head: RequestHead, response: Response): Response | Promise<Response>
  /** A response for a request without a session; `null`: the request is refused as usual. */
  withoutSession(head: RequestHead): Response | null
}

/** The dependencies of the edge; `compose.ts` builds them from bindings. */
export interface EdgeDeps {
  readonly settings: Settings
  readonly sessions: Sessions
  readonly auth: AuthDeps
  /** Makes the proxy to the chat app at the first call, and returns the same one from then on. */
  readonly chat: () => ChatProxy
  /** `null` where no script is added to pages. */
  readonly pageScript: PageScript | null
  readonly limiter: RateLimiter
  /** Requests to the chat app whose response Entrada changes, by `METHOD /path` with the path of `routedPath`. */
  readonly enriched: ReadonlyMap<string, EnrichedRoute>
  /** `GET /.entrada/jwks.json`: public keys to verify assertions and id tokens. */
  readonly publicKeys: () => Promise<Response>
  /** `null` without `OIDC_CLIENTS`: Entrada is no OpenID provider then. */
  readonly provider: Provider | null
  /** For `GET /.entrada/check`. `GET /.entrada/ready` probes its dependencies, too. */
  readonly check: CheckDeps
  /** Routes of the features, mounted below `/.entrada` behind the session guard. */
  readonly features: readonly FeatureRoutes[]
}

/** Routes of one feature. */
export interface FeatureRoutes {
  readonly routes: Hono<EdgeEnv>
  /** The token that a route needs, by its path; `null` where it needs no token, or one whose resource the request names. */
  readonly tokenFor: (path: string) => Resource | null
}

/** A route of the chat app whose responses Entrada enriches: its rate limit, its token and its handler. */
export interface EnrichedRoute {
  readonly limited: RateLimited
  /** The token that the handler needs; `null` where the resource is known only from the request. */
  readonly token: Resource | null
  readonly enrich: EnrichHandler
}

/** Handles a request to the chat app; `forward` gets the chat app's own response. */
export type EnrichHandler = (
  request: Request,
  user: { readonly session: Session; readonly log: Log; waitUntil(work: Promise<unknown>): void },
  forward: (request: Request) => Promise<Response>,
) => Promise<Response>
