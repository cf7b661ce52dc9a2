/*
 * Runs first in the chat app's service worker. A service worker that serves pages from its cache would keep a person
 * without a session from sign-in, because the page loads never reach Entrada.
 */

/** The path of the redirect URI, inserted when the script is served. */
declare const CALLBACK_PATH: string

const callbackPath = CALLBACK_PATH
const nativeRespondWith = FetchEvent.prototype.respondWith

// Replaced on the prototype, because the app's listeners may exist already: a module's imports run first.
FetchEvent.prototype.respondWith = function respondWith(
  this: FetchEvent,
  answer: Parameters<typeof nativeRespondWith>[0],
): void {
  const { request } = this
  const { origin, pathname } = new URL(request.url)
  const isSameOrigin = origin === self.location.origin
  if (isSameOrigin && isEntradaPath(pathname)) {
    // Without `respondWith` the browser asks the network. The app's own response is discarded, its errors too.
    Promise.resolve(answer).catch(() => undefined)
    return
  }
  const isPage = isSameOrigin && request.mode === 'navigate'
  nativeRespondWith.call(this, isPage ? respondUnlessSessionEnded(request, answer) : answer)
}

function isEntradaPath(pathname: string): boolean {
  return /^\/\.entrada(?:\/|$)/.test(pathname) || pathname === callbackPath
}

async function respondUnlessSessionEnded(
  request: Request,
  answer: Response | PromiseLike<Response>,
): Promise<Response> {
  Promise.resolve(answer).catch(() => undefined)
  if (!(await hasEnded())) return answer
  // A fetch by the worker has `Sec-Fetch-Dest: empty`, so only a redirect lets the browser load the sign-in page.
  const isTopLevel = request.method === 'GET' && request.destination === 'document'
  return isTopLevel ? Response.redirect(loginUrl(new URL(request.url))) : fetch(request)
}

function loginUrl({ pathname, search }: URL): string {
  return `/.entrada/login?${new URLSearchParams({ return_to: `${pathname}${search}` })}`
}

/** `false` without a network: the app may then serve its cache. */
async function hasEnded(): Promise<boolean> {
  try {
    const { headers } = await fetch('/.entrada/session', { cache: 'no-store' })
    return headers.get('entrada-error') === 'session_required'
  } catch {
    return false
  }
}
