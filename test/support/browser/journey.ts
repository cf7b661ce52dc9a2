import type { CookieJar } from './cookie-jar.ts'
import type { Hop } from './page.ts'
import { headersOf, relationOf, type Intent } from './request-headers.ts'

/** Sends a browser's request to its host. */
export type Internet = (request: Request) => Promise<Response>

/** Performs one request and follows its redirects. */
export interface Journey extends Intent {
  readonly method: string
  readonly url: URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: BodyInit | null
  readonly sendsCookies: boolean
  readonly redirect?: 'follow' | 'manual'
  readonly signal?: AbortSignal
  /** Called with every address before the request is sent. */
  readonly onHop?: (url: URL) => void
}

export interface Arrival {
  readonly response: Response
  /** Every response of the chain, the last one last. */
  readonly hops: readonly Hop[]
}

const MAX_REDIRECTS = 20
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

export async function travel(
  journey: Journey,
  internet: Internet,
  cookies: CookieJar,
): Promise<Arrival> {
  const hops: Hop[] = []
  const chain: URL[] = []
  let { method, url, body = null } = journey
  for (;;) {
    journey.onHop?.(url)
    chain.push(url)
    const response = await ask({ ...journey, method, body, url }, chain, { internet, cookies })
    hops.push({ url, status: response.status, headers: response.headers })
    const location = response.headers.get('location')
    const follows = journey.redirect !== 'manual' && REDIRECTS.has(response.status)
    if (location === null || !follows) return { response, hops }
    await response.body?.cancel()
    if (chain.length > MAX_REDIRECTS) {
      throw new Error(`too many redirects: ${chain.slice(-4).map(String).join(' → ')}`)
    }
    const becomesGet = response.status === 303 || (response.status < 303 && method === 'POST')
    if (becomesGet) {
      method = 'GET'
      body = null
    }
    const next = new URL(location, url)
    if (next.hash === '') next.hash = url.hash
    url = next
  }
}

async function ask(
  journey: Journey,
  chain: readonly URL[],
  { internet, cookies }: { internet: Internet; cookies: CookieJar },
): Promise<Response> {
  const { url, method, body = null, signal = null, sendsCookies } = journey
  const context = {
    url,
    method,
    isTopLevelNavigation: journey.destination === 'document',
    // Firefox and the RFC check the whole chain, Chromium only its ends. This applies the stricter
    // rule.
    isSameSite: relationOf(journey.initiator, chain) !== 'cross-site',
  }
  const headers = headersOf(journey, method, chain)
  for (const [name, value] of Object.entries(journey.headers ?? {})) headers.set(name, value)
  const sent = sendsCookies ? cookies.header(context) : null
  if (sent !== null) headers.set('cookie', sent)
  const address = new URL(url)
  address.hash = ''
  const request = new Request(address, { method, headers, body, redirect: 'manual', signal })
  const response = await abortable(internet(request), signal)
  if (sendsCookies) for (const one of response.headers.getSetCookie()) cookies.store(one, context)
  return response
}

/** Aborts the request when the user leaves the page. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal | null): Promise<T> {
  if (signal === null) return work
  const left = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => left.reject(signal.reason), { once: true })
  return Promise.race([left.promise, work])
}
