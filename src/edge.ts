import { addressOf } from './address.ts'
import { PREFIX, userName, type EdgeParts } from './edge-parts.ts'
import { EntradaFailure } from './failure.ts'
import { isTopLevelNavigation, needsCertainty } from './navigation.ts'
import { ASSERTION_HEADER } from './origin/identity-headers.ts'
import { answerFailure, harden } from './own-answer.ts'
import { createOwnApp } from './own-app.ts'
import { readHead, type RequestHead } from './request-head.ts'
import type { SessionView } from './session/session.ts'
import { isLoopback as isLoopbackAddress } from './settings/variables.ts'

export type Edge = (request: Request, context: ExecutionContext) => Promise<Response>

/** The road of a request, in the order it travels. */
export function createEdge(parts: EdgeParts): Edge {
  const own = createOwnApp(parts)
  const { settings, provider } = parts
  const { callbackPath } = settings
  // Not asynchronous itself: each turn of a promise shows on a proxied request.
  return (request, context) => {
    const url = new URL(request.url)
    // Plain http is for one's own machine; under any other name it is DNS rebinding (hono#1467).
    if (settings.isLoopback && !isLoopbackAddress(url)) {
      return answerFailure(new EntradaFailure('wrong_host'), request, settings)
    }
    const { pathname } = url
    const isOwn =
      pathname === PREFIX ||
      pathname.startsWith(`${PREFIX}/`) ||
      (pathname === callbackPath && !isForChat(url, provider))
    return isOwn
      ? Promise.resolve(own.fetch(request, {}, context))
      : toChat(request, pathname, parts, context)
  }
}

/** Hono stays off this road: a proxied request should cost what a pass-through costs. */
async function toChat(
  request: Request,
  pathname: string,
  parts: EdgeParts,
  context: ExecutionContext,
): Promise<Response> {
  const { auth, chat, sessions, settings } = parts
  const head = readHead(request)
  const { method, headers } = head
  try {
    if (chat.skipRules.match(method, pathname)) {
      // No sign-in of ours, but perhaps one of the chat's own, which another site must not ride on either.
      chat.guard(head)
      return await forward(parts, { request, head, session: null })
    }
    const preflight = chat.sharing.preflight(head)
    if (preflight !== null) return preflight
    const cookie = headers.get('cookie')
    const isActivity = !auth.isPolling(method, pathname)
    const remembered = needsCertainty(head) ? null : sessions.recall(cookie, isActivity)
    const session = remembered ?? (await sessions.find(cookie, isActivity))
    if (session === null) {
      // One of ours come back: on a custom domain the Worker is the host's origin itself, and only a route lets
      // its requests past it. A sign-in page would begin an endless loop; a client that sends it shuts itself out.
      if (headers.has(ASSERTION_HEADER)) {
        throw new EntradaFailure('misconfigured', { detail: CIRCLE })
      }
      return chat.sharing.share(head, withoutSession(head, parts))
    }
    chat.guard(head)
    const enriched = parts.enriched.get(`${method} ${pathname}`)
    if (enriched !== undefined) {
      parts.limiter.take(enriched.limited, userName(session))
      const asker = { session, waitUntil: (work: Promise<unknown>) => context.waitUntil(work) }
      const answer = await enriched.enrich(request, asker, (onward) =>
        chat.forward(onward, session),
      )
      const hardened = new Response(answer.body, answer)
      harden(hardened.headers, settings)
      return hardened
    }
    return await forward(parts, { request, head, session })
  } catch (cause) {
    return chat.sharing.share(head, await answerFailure(cause, request, settings))
  }
}

interface Onward {
  readonly request: Request
  readonly head: RequestHead
  readonly session: SessionView | null
}

/** To the chat, and back with what is added to its pages and service workers. */
async function forward({ chat, kit }: EdgeParts, onward: Onward): Promise<Response> {
  const { request, head, session } = onward
  const asked = kit?.ask(request, head, session !== null) ?? request
  if (kit === null || asked === request) return chat.forward(request, session, head)
  return kit.add(head, await chat.forward(asked, session))
}

/** The chat may have the same callback path; an answer says whose it is (RFC 9207). */
function isForChat({ searchParams }: URL, provider: EdgeParts['provider']): boolean {
  const [issuer, ...others] = searchParams.getAll('iss')
  return provider !== null && issuer === provider.issuer && others.length === 0
}

const CIRCLE =
  'The request came back to Entrada instead of reaching the chat app. Use a route rather than a custom domain, or set ORIGIN_URL.'

/** A page load is led to sign-in; anything else is told, because a redirect would be mistaken for an answer. */
function withoutSession(request: RequestHead, { kit, settings }: EdgeParts): Response {
  const standIn = kit?.withoutSession(request) ?? null
  if (standIn !== null) {
    harden(standIn.headers, settings)
    return standIn
  }
  if (!isTopLevelNavigation(request)) throw new EntradaFailure('session_required')
  const { pathname, search } = new URL(request.url)
  const login = addressOf(`${settings.publicOrigin}${PREFIX}/login`, {
    return_to: `${pathname}${search}`,
  })
  const response = new Response(null, { status: 302, headers: { location: login.href } })
  harden(response.headers, settings)
  return response
}
