import { OWN_PREFIX } from '../paths.ts'
import { rateLimitKeyOfUser } from '../http/rate-limit.ts'
import type { EdgeDeps } from './deps.ts'
import { EntradaFailure } from '../failure.ts'
import { createLog } from '../log.ts'
import { mustRevalidate, readHead, type RequestHead, routedPath } from '../http/request-metadata.ts'
import type { ChatProxy } from '../proxy/chat-proxy.ts'
import { ASSERTION_HEADER } from '../proxy/identity-headers.ts'
import { respondWithFailure, harden } from '../http/problem.ts'
import { createApp } from './app.ts'
import type { SessionView } from '../session/session.ts'
import { isLoopback as isLoopbackAddress } from '../settings/variables.ts'

/** Handles one request of the Worker. */
export type Edge = (request: Request, context: ExecutionContext) => Promise<Response>

/** Decides whether a request is for Entrada's own app or for the chat app. */
export function createEdge(deps: EdgeDeps): Edge {
  const own = createApp(deps)
  const { settings, provider } = deps
  const callbackPath = routedPath(settings.callbackPath)
  let chat: ChatProxy | null = null
  // Not `async`: a microtask is measurable on a proxied request (`npm run bench`).
  return (request, context) => {
    const url = new URL(request.url)
    // Plain http is allowed on loopback only. Another host name there means DNS rebinding (hono#1467).
    if (settings.isLoopback && !isLoopbackAddress(url)) {
      return respondWithFailure(new EntradaFailure('wrong_host'), request, settings, createLog())
    }
    const { pathname } = url
    // Another spelling of a path of ours must not reach the chat app, so it counts as ours.
    const routed = routedPath(pathname)
    const isOwn =
      pathname.startsWith(`${OWN_PREFIX}/`) ||
      `${routed}/`.startsWith(`${OWN_PREFIX}/`) ||
      (routed === callbackPath && !isForChat(request.method, url, provider))
    return isOwn
      ? Promise.resolve(own.fetch(request, {}, context))
      : toChat(request, { pathname, routed, chat: (chat ??= deps.chat()) }, deps, context)
  }
}

/** The chat app, and the path of the request: as it came, and as a lenient router reads it. */
interface ProxyTarget {
  readonly pathname: string
  readonly routed: string
  readonly chat: ChatProxy
}

/** Handles a request for the chat app, without Hono: a proxied request should cost what a pass-through costs. */
async function toChat(
  request: Request,
  { pathname, routed, chat }: ProxyTarget,
  deps: EdgeDeps,
  context: ExecutionContext,
): Promise<Response> {
  const { auth, pageScript, provider, sessions, settings } = deps
  const log = createLog()
  const head = readHead(request)
  const { method, headers } = head
  try {
    const stray = provider?.isInjectedCode(routed, request) ?? false
    if (stray !== false && (await stray)) {
      // The code belongs to another session, so the new sign-in must not return to it.
      const detail = 'The sign-in was started in another session.'
      throw new EntradaFailure('sign_in_expired', { detail, returnTo: '/' })
    }
    const enriched = deps.enriched.get(`${method} ${routed}`)
    if (enriched === undefined && chat.openRoutes.match(method, pathname)) {
      // The chat app may have a session of its own here, which other sites must not use.
      chat.guard(head)
      return await forward(pageScript, chat, { request, head, session: null })
    }
    const preflight = chat.sharing.preflight(head)
    if (preflight !== null) return preflight
    const cookie = headers.get('cookie')
    const isActivity = !auth.isPolling(method, pathname)
    const remembered = mustRevalidate(head) ? null : sessions.recall(cookie, log, isActivity)
    const session =
      remembered ??
      (await sessions.find(cookie, log, {
        countsAsActivity: isActivity,
        token: enriched?.token ?? null,
      }))
    if (session === null) {
      // A valid assertion shows that our own request came back. On a custom domain the Worker is the origin of the
      // host, so `fetch` reaches it again; a sign-in page would loop. Anybody can send an invalid assertion.
      const assertion = headers.get(ASSERTION_HEADER)
      if (assertion !== null && (await chat.isOwnAssertion(assertion))) {
        throw new EntradaFailure('misconfigured', { detail: REQUEST_LOOP })
      }
      const substitute = pageScript?.withoutSession(head) ?? null
      if (substitute === null) throw new EntradaFailure('session_required')
      harden(substitute.headers, settings)
      return chat.sharing.share(head, substitute)
    }
    chat.guard(head)
    if (enriched !== undefined) {
      await deps.limiter.take(enriched.limited, rateLimitKeyOfUser(session))
      const user = { session, log, waitUntil: (work: Promise<unknown>) => context.waitUntil(work) }
      const answer = await enriched.enrich(request, user, (changed) =>
        chat.forward(changed, session),
      )
      const hardened = new Response(answer.body, answer)
      harden(hardened.headers, settings)
      return hardened
    }
    return await forward(pageScript, chat, { request, head, session })
  } catch (cause) {
    return chat.sharing.share(head, await respondWithFailure(cause, request, settings, log))
  }
}

interface ProxiedRequest {
  readonly request: Request
  readonly head: RequestHead
  readonly session: SessionView | null
}

/** Sends a request to the chat app and adds the script to pages and service workers. */
async function forward(
  pageScript: EdgeDeps['pageScript'],
  chat: ChatProxy,
  proxied: ProxiedRequest,
): Promise<Response> {
  const { request, head, session } = proxied
  const asked = pageScript?.ask(request, head, session !== null) ?? request
  if (pageScript === null || asked === request) return chat.forward(request, session, head)
  return pageScript.add(head, await chat.forward(asked, session))
}

/**
 * Whether a response at the callback path belongs to the chat app, which may use the same path. `iss` names the
 * sender (RFC 9207). A form is not Microsoft's, because Entrada asks for `response_mode=query`.
 */
function isForChat(method: string, { searchParams }: URL, provider: EdgeDeps['provider']): boolean {
  const [issuer, ...others] = searchParams.getAll('iss')
  const isOurs = issuer === provider?.issuer && others.length === 0
  return provider !== null && (isOurs || method === 'POST')
}

const REQUEST_LOOP =
  'The request came back to Entrada instead of reaching the chat app. Use a route rather than a custom domain, or set ORIGIN_URL.'
