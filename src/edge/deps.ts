import type { Hono } from 'hono/tiny'
import type { AuthDeps } from '../auth/routes.ts'
import type { CheckDeps } from '../diagnostics/check.ts'
import type { Resource } from '../entra/access-token.ts'
import type { EdgeEnv } from '../http/env.ts'
import type { Log } from '../log.ts'
import type { ChatProxy } from '../proxy/chat-proxy.ts'
import type { Provider } from '../provider/routes.ts'
import type { RateLimiter } from '../http/rate-limit.ts'
import type { RequestHead } from '../http/request-head.ts'
import type { Session } from '../session/session.ts'
import type { Sessions } from '../session/sessions.ts'
import type { RateLimited } from '../settings/sessions.ts'
import type { Settings } from '../settings/settings.ts'

/** What is added to the chat's pages and service workers. */
export interface PageScript {
  /** The request as the chat gets it; the same one where nothing will be added. */
  ask(request: Request, head: RequestHead, isSignedIn: boolean): Request
  /** The chat's answer with what is added. */
  add(head: RequestHead, response: Response): Response | Promise<Response>
  /** What a request without a session gets from us instead of a refusal; `null`: the refusal. */
  withoutSession(head: RequestHead): Response | null
}

export interface EdgeDeps {
  readonly settings: Settings
  readonly sessions: Sessions
  readonly auth: AuthDeps
  readonly chat: ChatProxy
  /** `null`: pages pass as they are. */
  readonly pageScript: PageScript | null
  readonly limiter: RateLimiter
  /** Requests of the chat's own that we add to on their way, by `METHOD /path` as `routedPath` writes it. */
  readonly enriched: ReadonlyMap<string, Enriched>
  /** `GET /.entrada/jwks.json`: what assertions are verified with. */
  readonly publicKeys: () => Promise<Response>
  /** `null`: Entrada is nobody's OpenID provider. */
  readonly provider: Provider | null
  /** What `GET /.entrada/check` looks at; its dependencies are those `GET /.entrada/ready` asks. */
  readonly check: CheckDeps
  /** Feature routes below the prefix, behind a session and, for unsafe methods, behind proof of same origin. */
  readonly features: readonly FeatureRoutes[]
}

/** Routes of one feature. */
export interface FeatureRoutes {
  readonly routes: Hono<EdgeEnv>
  /** The token that a route needs, by its path; `null` where it needs none, or another one. */
  readonly tokenFor: (path: string) => Resource | null
}

export interface Enriched {
  readonly limited: RateLimited
  /** The token it needs; `null` where that is not known beforehand. */
  readonly token: Resource | null
  readonly enrich: Enrichment
}

/** Answers in the chat app's place, with what it answers itself. */
export type Enrichment = (
  request: Request,
  asker: { readonly session: Session; readonly log: Log; waitUntil(work: Promise<unknown>): void },
  forward: (request: Request) => Promise<Response>,
) => Promise<Response>
