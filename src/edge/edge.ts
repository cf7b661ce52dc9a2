import { OWN_PREFIX } from '../paths.ts'
import { rateLimitKeyOfUser } from '../http/rate-limit.ts'
import type { EdgeDeps } from './deps.ts'
import { EntradaFailure } from '../failure.ts'
import { mustRevalidate } from '../http/fetch-metadata.ts'
import { ASSERTION_HEADER } from '../proxy/identity-headers.ts'
import { respondWithFailure, harden } from '../http/problem.ts'
import { createApp } from './app.ts'
import { readHead, routedPath, type RequestHead } from '../http/request-head.ts'
import type { SessionView } from '../session/session.ts'
import { isLoopback as isLoopbackAddress } from '../settings/variables.ts'

export type Edge = (request: Request, context: ExecutionContext) => Promise<Response>

/** The road of a request, in the order it travels. */
export function createEdge(deps: EdgeDeps): Edge {
  const own = createApp(deps)
  const { settings, provider } = deps
  const callbackPath = routedPath(settings.callbackPath)
  // Not asynchronous itself: each turn of a promise shows on a proxied request.
  return (request, context) => {
    const url = new URL(request.url)
    // Plain http is for one's own machine; under any other name it is DNS rebinding (hono#1467).
    if (settings.isLoopback && !isLoopbackAddress(url)) {
      return respondWithFailure(new EntradaFailure('wrong_host'), request, settings)
    }
    const { pathname } = url
    // Another spelling of an address of ours is unknown here, and must not be the chat's to read.
    const routed = routedPath(pathname)
    const isOwn =
      pathname.startsWith(`${OWN_PREFIX}/`) ||
      `${routed}/`.startsWith(`${OWN_PREFIX}/`) ||
      (routed === callbackPath && !isForChat(request.method, url, provider))
    return isOwn
      ? Promise.resolve(own.fetch(request, {}, context))
      : toChat(request, { pathname, routed }, deps, context)
  }
}

/** Hono stays off this road: a proxied request should cost what a pass-through costs. */
async function toChat(
  request: Request,
  { pathname, routed }: { readonly pathname: string; readonly routed: string },
  deps: EdgeDeps,
  context: ExecutionContext,
): Promise<Response> {
  const { auth, chat, kit, provider, sessions, settings } = deps
  const head = readHead(request)
  const { method, headers } = head
  try {
    const stray = provider?.isStrayAnswer(pathname, request) ?? false
    if (stray !== false && (await stray)) {
      // The code stays another session's, so signing in must not lead back to it.
      const detail = 'It was begun in another session.'
      throw new EntradaFailure('sign_in_expired', { detail, returnTo: '/' })
    }
    const enriched = deps.enriched.get(`${method} ${routed}`)
    if (enriched === undefined && chat.skipRules.match(method, pathname)) {
      // No sign-in of ours, but perhaps one of the chat's own, which another site must not ride on either.
      chat.guard(head)
      return await forward(deps, { request, head, session: null })
    }
    const preflight = chat.sharing.preflight(head)
    if (preflight !== null) return preflight
    const cookie = headers.get('cookie')
    const isActivity = !auth.isPolling(method, pathname)
    const remembered = mustRevalidate(head) ? null : sessions.recall(cookie, isActivity)
    const session = remembered ?? (await sessions.find(cookie, isActivity))
    if (session === null) {
      // One of ours come back: on a custom domain the Worker is the host's origin itself, and only a route lets
      // its requests past it. A sign-in page would begin an endless loop. Anybody can send one that is not ours.
      const assertion = headers.get(ASSERTION_HEADER)
      if (assertion !== null && (await chat.isOwnAssertion(assertion))) {
        throw new EntradaFailure('misconfigured', { detail: CIRCLE })
      }
      const standIn = kit?.withoutSession(head) ?? null
      if (standIn === null) throw new EntradaFailure('session_required')
      harden(standIn.headers, settings)
      return chat.sharing.share(head, standIn)
    }
    chat.guard(head)
    if (enriched !== undefined) {
      await deps.limiter.take(enriched.limited, rateLimitKeyOfUser(session))
      const asker = { session, waitUntil: (work: Promise<unknown>) => context.waitUntil(work) }
      const answer = await enriched.enrich(request, asker, (onward) =>
        chat.forward(onward, session),
      )
      const hardened = new Response(answer.body, answer)
      harden(hardened.headers, settings)
      return hardened
    }
    return await forward(deps, { request, head, session })
  } catch (cause) {
    return chat.sharing.share(head, await respondWithFailure(cause, request, settings))
  }
}

interface Onward {
  readonly request: Request
  readonly head: RequestHead
  readonly session: SessionView | null
}

/** To the chat, and back with what is added to its pages and service workers. */
async function forward({ chat, kit }: EdgeDeps, onward: Onward): Promise<Response> {
  const { request, head, session } = onward
  const asked = kit?.ask(request, head, session !== null) ?? request
  if (kit === null || asked === request) return chat.forward(request, session, head)
  return kit.add(head, await chat.forward(asked, session))
}

/**
 * The chat may have the same callback path. An answer says whose it is (RFC 9207); one that comes as a form is not
 * Microsoft's, which is asked for `response_mode=query`.
 */
function isForChat(method: string, { searchParams }: URL, provider: EdgeDeps['provider']): boolean {
  const [issuer, ...others] = searchParams.getAll('iss')
  const isOurs = issuer === provider?.issuer && others.length === 0
  return provider !== null && (isOurs || method === 'POST')
}

const CIRCLE =
  'The request came back to Entrada instead of reaching the chat app. Use a route rather than a custom domain, or set ORIGIN_URL.'
