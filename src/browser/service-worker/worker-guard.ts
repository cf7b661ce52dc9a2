/*
 * Runs first in a service worker of the chat. A worker that answers page loads from its cache would keep a person
 * without a session from ever reaching sign-in: no request of a page load arrives at Entrada.
 */

/** The path of the redirect URI. Written in when the script is served. */
declare const CALLBACK_PATH: string

const callbackPath = CALLBACK_PATH
const nativeRespondWith = FetchEvent.prototype.respondWith

// Replaced on the prototype, because the app's listeners may have been added before this line: imports of a module
// run first.
FetchEvent.prototype.respondWith = function respondWith(
  this: FetchEvent,
  answer: Parameters<typeof nativeRespondWith>[0],
): void {
  const { request } = this
  const { origin, pathname } = new URL(request.url)
  const isHere = origin === self.location.origin
  if (isHere && isOurs(pathname)) {
    // Left without an answer, the request goes to the network. A late failure of the app's is nobody's.
    Promise.resolve(answer).catch(() => undefined)
    return
  }
  const isPage = isHere && request.mode === 'navigate'
  nativeRespondWith.call(this, isPage ? whileThereIsASession(request, answer) : answer)
}

function isOurs(pathname: string): boolean {
  return /^\/\.entrada(?:\/|$)/.test(pathname) || pathname === callbackPath
}

async function whileThereIsASession(
  request: Request,
  answer: Response | PromiseLike<Response>,
): Promise<Response> {
  Promise.resolve(answer).catch(() => undefined)
  if (!(await hasEnded())) return answer
  // What a worker fetches is no page load any more (`Sec-Fetch-Dest: empty`); the browser has to go there itself.
  const isTopLevel = request.method === 'GET' && request.destination === 'document'
  return isTopLevel ? Response.redirect(loginFor(new URL(request.url))) : fetch(request)
}

function loginFor({ pathname, search }: URL): string {
  return `/.entrada/login?${new URLSearchParams({ return_to: `${pathname}${search}` })}`
}

/** Without a network nobody can say; the app may then show what it has kept, as it does anywhere. */
async function hasEnded(): Promise<boolean> {
  try {
    const { headers } = await fetch('/.entrada/session', { cache: 'no-store' })
    return headers.get('entrada-error') === 'session_required'
  } catch {
    return false
  }
}
