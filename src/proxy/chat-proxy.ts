import { EntradaFailure } from '../failure.ts'
import { readHead, type ReadonlyHeaders, type RequestHead } from '../http/request-head.ts'
import type { SessionView } from '../session/session.ts'
import type { Settings } from '../settings/settings.ts'
import type { AssertionSigner } from '../signing/assertion.ts'
import { CrossOriginSharing, CrossSiteGuard } from './cross-site.ts'
import { IdentityHeaders, type PreparedIdentity } from './identity-headers.ts'
import { PRESETS } from '../settings/presets.ts'
import { opensWebSocket, ProxyRequestHeaders } from './request-headers.ts'
import { cleanResponse } from './response-headers.ts'
import { RouteMatcher } from './route-matcher.ts'
import { relayWebSocket } from './web-socket.ts'

/** The slowest line an upload is expected to come over: 32 KiB a second. */
const SLOW_BYTES_PER_SECOND = 32 * 1024

/**
 * Waits for the answer's headers, for so long and no longer; its body may then take its time. What is abandoned
 * ends with the request: the platform drops it.
 * @throws EntradaFailure `origin_timeout`
 */
export function withHeaderTimeout(
  answer: Promise<Response>,
  request: { readonly headers: ReadonlyHeaders; readonly body: ReadableStream | null },
  seconds: number,
): Promise<Response> {
  const allowance = uploadSeconds(request)
  if (allowance === null) return answer
  // By hand, because `Promise.race` costs as much again as the timer, on every request. The timer is not
  // cleared for the same reason: it ends with the request, and once answered it changes nothing.
  return new Promise((resolve, reject) => {
    const milliseconds = (seconds + allowance) * 1000
    setTimeout(() => reject(new EntradaFailure('origin_timeout')), milliseconds)
    answer.then(resolve, reject)
  })
}

/** An app answers an upload when it has it, however slow the sender. `null`: no telling how long. */
function uploadSeconds(request: Parameters<typeof withHeaderTimeout>[1]): number | null {
  if (request.body === null) return 0
  const length = Number(request.headers.get('content-length') ?? Number.NaN)
  return Number.isNaN(length) ? null : length / SLOW_BYTES_PER_SECOND
}

export interface ChatProxyDeps {
  readonly settings: Settings
  readonly signer: AssertionSigner
  /** Whether the session of an open socket still lives. Must not count as a sign of life. */
  readonly isAlive: (cookieHeader: string | null, session: SessionView) => Promise<boolean>
  /** Service binding `ORIGIN`: the chat app is a Worker itself. */
  readonly service: Pick<Fetcher, 'fetch'> | null
}

/**
 * Cloudflare keeps what is called `.png` or `.pdf` and says nothing of caching, and would hand one person's file
 * to the next without asking the app. Browsers still cache as the app says.
 */
const NOT_CACHED = { cf: { cacheTtlByStatus: { '100-599': -1 } } } as const
const LOOKS_STATIC = /\.[A-Za-z0-9]{1,8}(?:\?|$)/

interface Outgoing {
  readonly request: Request
  readonly head: RequestHead
  readonly session: SessionView | null
}

/** The chat app. Bodies, encodings, redirects and sockets pass as they are; only headers are touched. */
export class ChatProxy {
  /** Which requests may pass without a sign-in; `forward` those with `null`. */
  readonly openRoutes: RouteMatcher
  /** For the origins in `CORS_ORIGINS`; answers of Entrada's own are shared too, such as the 401 that names the way in. */
  readonly sharing: CrossOriginSharing
  readonly #deps: ChatProxyDeps
  readonly #identities: IdentityHeaders
  readonly #headers: ProxyRequestHeaders
  readonly #guard: CrossSiteGuard
  /** Without a trailing slash. */
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

  /** Whether a request brings what only this installation could have said, and just now: it has come back. */
  isOwnAssertion(token: string): Promise<boolean> {
    return this.#deps.signer.isOwn(token)
  }

  /**
   * What another site must not make a browser do.
   * @throws EntradaFailure `cross_site_refused`
   */
  guard(request: RequestHead): void {
    const verdict = opensWebSocket(request.headers)
      ? this.#guard.judgeUpgrade(request)
      : this.#guard.judgeWrite(request)
    if (!verdict.ok) throw new EntradaFailure('cross_site_refused')
  }

  /**
   * Sends a request on and answers what the chat app answers.
   * @param session whose request it is; `null` on skipped routes, where nobody is named
   * @param head of the request, when it has been read
   * @throws EntradaFailure `origin_unreachable`, `origin_timeout`
   */
  forward(
    request: Request,
    session: SessionView | null,
    head: RequestHead = readHead(request),
  ): Promise<Response> {
    const outgoing = { request, head, session }
    if (session === null) return this.#send(outgoing, null)
    const identity = this.#identities.known(session)
    // What is prepared is not waited for: on this road each turn of a promise shows.
    return identity === null
      ? this.#identities.prepare(session).then((fresh) => this.#send(outgoing, fresh))
      : this.#send(outgoing, identity)
  }

  #send(outgoing: Outgoing, identity: PreparedIdentity | null): Promise<Response> {
    const { service, settings } = this.#deps
    const { request, head } = outgoing
    const { body } = request
    const { method } = head
    // Clients do send them (`curl -X GET -d`, axios `data: {}`). `fetch` refuses content beside these methods in
    // `init`, and takes it in a Request; the runtime sends it on where it has a length, and drops it otherwise.
    const isReadWithContent = body !== null && (method === 'GET' || method === 'HEAD')
    const target = this.#targetOf(head.url)
    // Without `request.signal`: when a client goes away the platform drops what was begun for it, unasked.
    const init = {
      headers: this.#headers.build(request.headers, head.headers, identity),
      redirect: 'manual',
      ...(identity !== null && LOOKS_STATIC.test(target) ? NOT_CACHED : {}),
      ...(isReadWithContent ? {} : { method, body }),
    } satisfies RequestInit
    const input = isReadWithContent ? new Request(target, request) : target
    const answer = service === null ? fetch(input, init) : service.fetch(input, init)
    const seconds = settings.chat.timeoutSeconds
    return withHeaderTimeout(answer, { headers: head.headers, body }, seconds).then(
      (response) => this.#answered(response, outgoing),
      (cause: unknown) => withoutAnswer(cause, request),
    )
  }

  #answered(response: Response, { request, head, session }: Outgoing): Response {
    refuseGatewayError(response)
    const clean = cleanResponse(response, this.#deps.settings.chat.secret !== null)
    // What nobody had to sign in for is the app's own to share, and bound to no session.
    if (session === null) return clean
    if (clean.status === 101) return this.#bound(clean, request, session)
    return this.sharing.share(head, clean)
  }

  /** Dot segments go when the address is parsed: here, where they could lead out of a path prefix, or in `fetch`. */
  #targetOf(address: string): string {
    const path = address.indexOf('/', 'https://'.length)
    if (!this.#hasPathPrefix && path !== -1) return `${this.#base}${address.slice(path)}`
    const { pathname, search } = new URL(address)
    return `${this.#base}${pathname}${search}`
  }

  #bound(response: Response, request: Request, session: SessionView): Response {
    const { isAlive, settings } = this.#deps
    if (!settings.chat.webSocketSessionBound) return response
    const cookieHeader = request.headers.get('cookie')
    return relayWebSocket(response, {
      isAlive: async () => isAlive(cookieHeader, session),
      checkSeconds: Math.max(1, settings.sessions.checkSeconds),
    })
  }
}

function withoutAnswer(cause: unknown, request: Request): Response {
  if (cause instanceof EntradaFailure) throw cause
  // The client went away. Nobody reads this; it only keeps a closed tab from counting as an outage.
  if (request.signal.aborted) return new Response(null, { status: 499 })
  throw new EntradaFailure('origin_unreachable', { cause })
}

/**
 * On a route in the same zone Cloudflare itself answers for an app that does not: 520 to 526 and 530, with a
 * page that speaks of web servers. 524 is its own time limit.
 */
function refuseGatewayError(response: Response): void {
  const { status } = response
  if (status < 520 || (status > 526 && status !== 530)) return
  void response.body?.cancel()
  throw new EntradaFailure(status === 524 ? 'origin_timeout' : 'origin_unreachable')
}
