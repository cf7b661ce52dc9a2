import { LoginAttempts } from '../auth/login-attempts.ts'
import { logout } from '../auth/logout.ts'
import type { Runtime } from './runtime.ts'
import type { EdgeDeps, EnrichedRoute, EnrichHandler } from './deps.ts'
import type { Resource } from '../entra/access-token.ts'
import { createEntra } from '../entra/entra.ts'
import type { Dependencies } from '../diagnostics/check.ts'
import { filesFeature, isFilesOn, sharePointConsentScopes } from '../files/access.ts'
import { librechatGraphToken } from '../files/librechat-graph-token.ts'
import { filesRoutes } from '../files/routes.ts'
import { resourceOf } from '../files/sharepoint-hosts.ts'
import { createLog } from '../log.ts'
import { ScriptInjection } from '../proxy/page-script.ts'
import { AssertionSigner } from '../signing/assertion.ts'
import { ChatCookies } from '../proxy/chat-cookies.ts'
import { ChatProxy } from '../proxy/chat-proxy.ts'
import { jwksResponse, SigningKeys } from '../signing/signing-keys.ts'
import { RouteMatcher } from '../proxy/route-matcher.ts'
import { searchPrincipals } from '../people/librechat.ts'
import { type PeopleDeps, peopleFeatures } from '../people/access.ts'
import { peopleRoutes } from '../people/routes.ts'
import { OidcGrants } from '../provider/grants.ts'
import { createProvider, issuerOf } from '../provider/routes.ts'
import { ReplayGuard } from '../session/replay-guard.ts'
import { featuresOf } from '../session/features.ts'
import {
  rateLimitKeyOfUser,
  RateLimiter,
  type RateLimitBinding,
  type RateLimitBindings,
} from '../http/rate-limit.ts'
import { Sessions } from '../session/sessions.ts'
import type { Session, SessionView } from '../session/session.ts'
import type { RateLimited } from '../settings/sessions.ts'
import { PRESETS } from '../settings/presets.ts'
import type { Settings } from '../settings/settings.ts'
import { LookupCache } from '../storage/lookup-cache.ts'

/** No cache, because diagnostics must see the live documents. */
const NO_CACHE = { read: async () => null, put: async () => {} }

/** Adds optional bindings, which are not generated. A variable of the same name is text and is ignored. */
type EdgeBindings = Bindings & { readonly ORIGIN?: Fetcher | string } & Readonly<
    Partial<Record<`RATE_LIMIT_${Uppercase<RateLimited>}`, RateLimitBinding | string>>
  >

/** Composition root of the Worker: builds everything the edge needs from bindings. */
export function composeEdge(env: EdgeBindings, deps: Runtime): EdgeDeps {
  const { settings, box, entra, graph, membership } = deps
  const { publicOrigin, callbackPath, signingKeys } = settings
  const replayGuard = new ReplayGuard(env.REPLAYS)
  const sessions = new Sessions(env.SESSIONS, env.USERS, { settings, box, replayGuard })
  const lookups = new LookupCache(env.LOOKUPS, box)
  const keys = new SigningKeys({ configured: signingKeys, box, objects: env.KEYS })
  const limiter = new RateLimiter(settings.rateLimits, rateLimitBindingsOf(env))
  const auth = {
    entra,
    sessions,
    limiter,
    membership,
    attempts: new LoginAttempts({ box, publicOrigin, callbackPath }),
    sharePointScopes: (origin: string) => sharePointConsentScopes(origin, settings),
    chatMemory: new ChatCookies(settings.chat),
    featuresOf: (session: Session) =>
      featuresOf(session, settings, (scopes) => ({
        ...peopleFeatures(settings, scopes),
        files: filesFeature(settings, scopes),
      })),
    featuresToken: hasGraphTokens(settings) ? ('graph' as const) : null,
    isPolling: new RouteMatcher(settings.sessions.pollingRoutes).match,
  }
  const service = typeof env.ORIGIN === 'object' ? env.ORIGIN : null
  let chatProxy: ChatProxy | null = null
  /** Made at the first request for the chat app: a sign-in and a check of readiness do without. */
  const chat = () =>
    (chatProxy ??= new ChatProxy({
      settings,
      signer: new AssertionSigner({
        keys,
        issuer: publicOrigin,
        audience: settings.chat.url?.origin ?? publicOrigin,
      }),
      isAlive: async (cookieHeader: string | null, { id }: SessionView) =>
        (
          await sessions.find(cookieHeader, createLog(), {
            countsAsActivity: false,
          })
        )?.id === id,
      service,
    }))
  const people = { graph, lookups, box }
  const provider = () =>
    createProvider({
      clients: settings.oidcClients,
      sessions,
      grants: new OidcGrants(box, issuerOf(publicOrigin)),
      issuer: issuerOf(publicOrigin),
      replayGuard,
      sign: (claims) => keys.sign(claims),
      verify: (token) => keys.verify(token),
      publicKeys: () => jwksResponse(keys),
      graphOrigin: settings.issuer.microsoft?.graph ?? null,
      resourceOf: (origin) => resourceOf(origin, settings.issuer.microsoft),
      countCode: (session) => limiter.take('login', rateLimitKeyOfUser(session)),
      signOut: (c) => logout(c, auth),
    })
  const toChat = (request: Request, session: SessionView | null) => chat().forward(request, session)
  return {
    settings,
    sessions,
    auth,
    chat,
    pageScript: settings.pageScript.guard ? new ScriptInjection(publicOrigin, callbackPath) : null,
    publicKeys: () => jwksResponse(keys),
    provider: settings.oidcClients.length === 0 ? null : provider(),
    check: {
      settings,
      dependencies: dependenciesOf(env, keys),
      uncachedEntra: () => createEntra(settings, NO_CACHE),
      isServiceBound: service !== null,
      toChat,
      featuresOf: auth.featuresOf,
    },
    limiter,
    enriched: enrichedBy(settings, people),
    features: [
      { routes: peopleRoutes(people), tokenFor: () => peopleToken(settings) },
      {
        routes: filesRoutes({ graph, lookups, forwardToChat: toChat }),
        // The picker's token is for a SharePoint host.
        tokenFor: (path) =>
          settings.files.enabled && hasGraphTokens(settings) && path !== '/picker/token'
            ? 'graph'
            : null,
      },
    ],
  }
}

/** `RATE_LIMIT_LOGIN` for `login`, and so on. */
function rateLimitBindingsOf(env: EdgeBindings): RateLimitBindings {
  const bound = (binding: RateLimitBinding | string | undefined) =>
    typeof binding === 'object' ? binding : undefined
  return {
    login: bound(env.RATE_LIMIT_LOGIN),
    callback: bound(env.RATE_LIMIT_CALLBACK),
    notice: bound(env.RATE_LIMIT_NOTICE),
    search: bound(env.RATE_LIMIT_SEARCH),
    download: bound(env.RATE_LIMIT_DOWNLOAD),
    picker: bound(env.RATE_LIMIT_PICKER),
  }
}

/** Handlers for the preset's enriched paths, by `METHOD /path`. */
function enrichedBy(settings: Settings, deps: PeopleDeps): EdgeDeps['enriched'] {
  const { principals, graphToken } = PRESETS[settings.chat.preset].enrichedPaths
  const routes = new Map<string, EnrichedRoute>()
  if (principals !== undefined) {
    const enrich: EnrichHandler = (request, user, forward) =>
      searchPrincipals(deps, { ...user, settings }, { request, forward })
    routes.set(`GET ${principals}`, { limited: 'search', token: peopleToken(settings), enrich })
  }
  if (graphToken !== undefined && isFilesOn(settings)) {
    const issueToken = librechatGraphToken(deps, settings)
    const enrich: EnrichHandler = (request, { session, log }) => issueToken(request, session, log)
    // LibreChat's router answers HEAD with the handler of GET.
    for (const method of ['GET', 'HEAD']) {
      routes.set(`${method} ${graphToken}`, { limited: 'picker', token: null, enrich })
    }
  }
  return routes
}

/** One read-only call per binding. */
function dependenciesOf(env: Bindings, keys: SigningKeys): Dependencies {
  const name = 'readiness'
  return {
    VAULT: () => env.VAULT.get(name),
    SESSIONS: () => env.SESSIONS.get(env.SESSIONS.idFromName(name)).describe(),
    USERS: () => env.USERS.get(env.USERS.idFromName(name)).list(),
    REPLAYS: () => env.REPLAYS.get(env.REPLAYS.idFromName(name)).wasUsed(),
    LOOKUPS: async () => env.LOOKUPS.get(env.LOOKUPS.idFromName(name)).read([name], [name]),
    KEYS: () => keys.published(),
  }
}

function hasGraphTokens({ issuer, reuseTokens }: Settings): boolean {
  return issuer.microsoft !== null && reuseTokens
}

/** What people search and its pictures need. */
function peopleToken(settings: Settings): Resource | null {
  return settings.people.enabled && hasGraphTokens(settings) ? 'graph' : null
}
