import { EntradaFailure } from '../failure.ts'
import { readHead, type ReadonlyHeaders, type RequestHead } from '../http/request-metadata.ts'
import type { SessionView } from '../session/session.ts'
import type { Settings } from '../settings/settings.ts'
import type { AssertionSigner } from '../signing/assertion.ts'
import { CrossOriginSharing, CrossSiteGuard } from './cross-site.ts'
import { IdentityHeaders, type PreparedIdentity } from './identity-headers.ts'
import { PRESETS } from '../settings/presets.ts'
import { cleanResponse, opensWebSocket, ProxyRequestHeaders } from './headers.ts'
import { RouteMatcher } from './route-matcher.ts'
import { relayWebSocket } from './web-socket.ts'

/** What `ChatProxy` needs from the composition root. */
export interface ChatProxyDeps {
  readonly settings: Settings
  readonly signer: AssertionSigner
  /** Whether the session of an open socket is still active. The call must not count as activity. */
  readonly isAlive: (cookieHeader: string | null, session: SessionView) => Promise<boolean>
  /** Service binding `ORIGIN`: the chat app is a Worker itself. */
  readonly service: Pick<Fetcher, 'fetch'> | null
}

/** Slowest upload that is still allowed for: 32 KiB a second. */
const SLOWEST_UPLOAD_BYTES_PER_SECOND = 32 * 1024

/**
 * Turns off Cloudflare's cache. By default it stores a `.png` or `.pdf` without `Cache-Control` and would serve
 * one person's file to the next without asking the app. Browsers still cache as the app says.
 */
const NOT_CACHED = { cf: { cacheTtlByStatus: { '100-599': -1 } } } as const
const LOOKS_STATIC = /\.[A-Za-z0-9]{1,8}(?:\?|$)/

/** A request to the chat app, with its head as it was read. */
interface Outgoing {
  readonly request: Request
  readonly head: RequestHead
  readonly session: SessionView | null
}

/**
 * Forwards requests to the chat app. Bodies, encodings, redirects and sockets pass unchanged; only headers are
 * corrected.
 */
export class ChatProxy {
  /** Requests that need no sign-in; `forward` them with session `null`. */
  readonly openRoutes: RouteMatcher
  /** CORS for `CORS_ORIGINS`. Entrada's own responses need it too, such as the 401 with its sign-in URL. */
  readonly sharing: CrossOriginSharing
  readonly #deps: ChatProxyDeps
  readonly #identities: IdentityHeaders
  readonly #headers: ProxyRequestHeaders
  readonly #guard: CrossSiteGuard
  /** Base URL of the chat app, without a slash at the end. */
  readonly #base: string
  readonly #hasPathPrefix: boolean

  constructor(deps: ChatProxyDeps) {
    const { settings, signer, service } = deps
    const { url, preset, openRoutes } = settings.chat
    this.#deps = deps
    this.#identities = new IdentityHeaders(settings, signer)
    this.#headers = new ProxyRequestHeaders(settings, this.#identities.names)
    this.openRoutes = new RouteMatcher(openRoutes ?? PRESETS[preset].openRoutes)
    this.#guard = new CrossSiteGuard(settings.publicOrigin, settings.chat)
    this.sharing = new CrossOriginSharing(settings.publicOrigin, settings.chat.corsOrigins)
    this.#base =
      url === null || service !== null
        ? settings.publicOrigin
        : `${url.origin}${url.pathname.replace(/\/+$/, '')}`
    this.#hasPathPrefix = new URL(this.#base).pathname !== '/'
  }

  /** Whether a token is a valid assertion of this installation: then the request has come back to Entrada. */
  isOwnAssertion(token: string): Promise<boolean> {
    return this.#deps.signer.isOwn(token)
  }

  /**
   * Refuses a write or a WebSocket handshake that another site makes a browser send.
   * @throws EntradaFailure `cross_site_refused`
   */
  guard(request: RequestHead): void {
    const verdict = opensWebSocket(request.headers)
      ? this.#guard.judgeUpgrade(request)
      : this.#guard.judgeWrite(request)
    if (!verdict.ok) throw new EntradaFailure('cross_site_refused')
  }

  /**
   * Forwards a request and returns the chat app's response.
   * @param session `null` on open routes: the app then gets no identity headers
   * @param head of the request, if it has been read already
   * @throws EntradaFailure `origin_unreachable`, `origin_timeout`
   */
  forward(
    request: Request,
    session: SessionView | null,
    head: RequestHead = readHead(request),
  ): Promise<Response> {
    const outgoing = { request, head, session }
    if (session === null) return this.#send(outgoing, null)
    const identity = this.#identities.cached(session)
    // No await on the hot path: a microtask is measurable here (npm run bench).
    return identity === null
      ? this.#identities.prepare(session).then((fresh) => this.#send(outgoing, fresh))
      : this.#send(outgoing, identity)
  }

  #send(outgoing: Outgoing, identity: PreparedIdentity | null): Promise<Response> {
    const { service, settings } = this.#deps
    const { request, head } = outgoing
    const { body } = request
    const { method } = head
    // Clients send a GET with content (`curl -X GET -d`, axios `data: {}`). `fetch` refuses it in `init` and accepts
    // it in a Request. The runtime forwards the content if its length is known, and drops it otherwise.
    const isReadWithContent = body !== null && (method === 'GET' || method === 'HEAD')
    const target = this.#targetOf(head.url)
    // Without `request.signal`: the platform cancels subrequests itself when a client disconnects.
    const init = {
      headers: this.#headers.build(request.headers, head.headers, identity),
      redirect: 'manual',
      ...(identity !== null && LOOKS_STATIC.test(target) ? NOT_CACHED : {}),
      ...(isReadWithContent ? {} : { method, body }),
    } satisfies RequestInit
    const input = isReadWithContent ? new Request(target, request) : target
    const response = service === null ? fetch(input, init) : service.fetch(input, init)
    const { timeoutSeconds } = settings.chat
    return withHeaderTimeout(response, { headers: head.headers, body }, timeoutSeconds).then(
      (received) => this.#responseFor(received, outgoing),
      (cause: unknown) => failWithoutResponse(cause, request),
    )
  }

  #responseFor(response: Response, { request, head, session }: Outgoing): Response {
    refuseGatewayError(response)
    const clean = cleanResponse(response, this.#deps.settings.chat.secret !== null)
    // The app's own CORS headers hold on open routes, and their sockets belong to no session.
    if (session === null) return clean
    if (clean.status === 101) return this.#boundToSession(clean, request, session)
    return this.sharing.share(head, clean)
  }

  /**
   * The URL at the chat app. Parsing removes dot segments, which could leave a path prefix. Without a prefix `fetch`
   * parses the URL anyway, so that this code does not.
   */
  #targetOf(address: string): string {
    const path = address.indexOf('/', 'https://'.length)
    if (!this.#hasPathPrefix && path !== -1) return `${this.#base}${address.slice(path)}`
    const { pathname, search } = new URL(address)
    return `${this.#base}${pathname}${search}`
  }

  #boundToSession(response: Response, request: Request, session: SessionView): Response {
    const { isAlive, settings } = this.#deps
    if (!settings.chat.webSocketSessionBound) return response
    const cookieHeader = request.headers.get('cookie')
    return relayWebSocket(response, {
      isAlive: async () => isAlive(cookieHeader, session),
      checkSeconds: Math.max(1, settings.sessions.checkSeconds),
    })
  }
}

function failWithoutResponse(cause: unknown, request: Request): Response {
  if (cause instanceof EntradaFailure) throw cause
  // The client disconnected. No client receives this response; it keeps a closed tab out of the outage log.
  if (request.signal.aborted) return new Response(null, { status: 499 })
  throw new EntradaFailure('origin_unreachable', { cause })
}

/**
 * Turns Cloudflare's own error pages into failures. On a route in the same zone Cloudflare responds with 520 to
 * 526 or 530 for an app that does not; 524 is its time limit.
 * @throws EntradaFailure `origin_unreachable`, `origin_timeout`
 */
function refuseGatewayError(response: Response): void {
  const { status } = response
  if (status < 520 || (status > 526 && status !== 530)) return
  void response.body?.cancel()
  throw new EntradaFailure(status === 524 ? 'origin_timeout' : 'origin_unreachable')
}

/**
 * Limits the wait for the response headers; the body may take any time. The platform drops an abandoned
 * subrequest when the request ends.
 * @throws EntradaFailure `origin_timeout`
 */
function withHeaderTimeout(
  response: Promise<Response>,
  request: { readonly headers: ReadonlyHeaders; readonly body: ReadableStream | null },
  timeoutSeconds: number,
): Promise<Response> {
  const allowanceSeconds = uploadSeconds(request)
  if (allowanceSeconds === null) return response
  // No `Promise.race` and no `clearTimeout`: either costs as much as the timer (npm run bench). The timer ends
  // with the request and has no effect after the response.
  return new Promise((resolve, reject) => {
    const timeoutMs = (timeoutSeconds + allowanceSeconds) * 1000
    setTimeout(() => reject(new EntradaFailure('origin_timeout')), timeoutMs)
    response.then(resolve, reject)
  })
}

/** Seconds that a slow client may need to upload the body; `null` when its length is unknown. */
function uploadSeconds(request: Parameters<typeof withHeaderTimeout>[1]): number | null {
  if (request.body === null) return 0
  const length = Number(request.headers.get('content-length') ?? Number.NaN)
  return Number.isNaN(length) ? null : length / SLOWEST_UPLOAD_BYTES_PER_SECOND
}
