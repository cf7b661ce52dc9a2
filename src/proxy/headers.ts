import { setsOwnCookie, withoutOwnCookies } from '../cookies.ts'
import type { ReadonlyHeaders } from '../http/request-metadata.ts'
import { PRESETS } from '../settings/presets.ts'
import type { Settings } from '../settings/settings.ts'
import { setBounded } from '../storage/bounded-map.ts'
import type { PreparedIdentity } from './identity-headers.ts'

/** Carries `ORIGIN_SECRET`: proves to the chat app, or to its firewall, that a request came through Entrada. */
export const SECRET_HEADER = 'entrada-origin-secret'

/** Builds the request headers for the chat app: client copies of our headers are removed, ours are added. */
export class ProxyRequestHeaders {
  readonly #stripped: StrippedHeaders
  readonly #proto: string
  readonly #host: string
  readonly #secret: string | null

  /** @param names of the identity headers that this installation sets */
  constructor({ publicOrigin, chat }: Settings, names: readonly string[]) {
    const url = new URL(publicOrigin)
    this.#stripped = new StrippedHeaders(names)
    this.#secret = chat.secret
    this.#proto = url.protocol.slice(0, -1)
    this.#host = url.host
  }

  /**
   * Copies the client's headers and corrects the copy. A copy keeps bytes that are not text, and costs less than
   * setting every header.
   * @param given the platform's headers
   * @param original the same headers, already read
   * @param identity `null` on open routes
   */
  build(given: Headers, original: ReadonlyHeaders, identity: PreparedIdentity | null): Headers {
    const headers = new Headers(given)
    original.forEach((value, name) => {
      if (name === 'cookie') stripOwnCookies(headers, value)
      else if (name === 'upgrade' && !isWebSocket(value)) headers.delete(name)
      // Cloudflare usually sends both correctly. The code below compares and corrects them.
      else if (name === 'x-forwarded-proto' || name === 'x-forwarded-for') return
      if (this.#isStripped(name, identity !== null)) headers.delete(name)
    })
    const options = connectionOptions(original.get('connection'))
    for (const name of options) headers.delete(name)
    // A client may list our headers in `Connection`. They are set after that removal.
    const isRewritten = options.length > 0
    headers.set('x-forwarded-host', this.#host)
    if (isRewritten || original.get('x-forwarded-proto') !== this.#proto) {
      headers.set('x-forwarded-proto', this.#proto)
    }
    // Only the address that Cloudflare saw; the client may have written the rest of a list.
    const address = original.get('cf-connecting-ip')
    if (address === null) headers.delete('x-forwarded-for')
    else if (isRewritten || original.get('x-forwarded-for') !== address) {
      headers.set('x-forwarded-for', address)
    }
    if (this.#secret !== null) headers.set(SECRET_HEADER, this.#secret)
    if (identity !== null) for (const [name, value] of identity.headers) headers.set(name, value)
    return headers
  }

  #isStripped(name: string, isSignedIn: boolean): boolean {
    return isSignedIn ? this.#stripped.includes(name) : this.#stripped.includesUnauthenticated(name)
  }
}

/** Rewrites `Cookie` only where it holds a cookie of ours, because rewriting loses bytes that are not text. */
function stripOwnCookies(headers: Headers, cookie: string): void {
  const others = withoutOwnCookies(cookie)
  if (others === '') headers.delete('cookie')
  else if (others !== cookie) headers.set('cookie', others)
}

/** Whether a request asks for a WebSocket. Cloudflare supports no other protocol of `Upgrade`. */
export function opensWebSocket(headers: ReadonlyHeaders): boolean {
  const upgrade = headers.get('upgrade')
  return upgrade !== null && isWebSocket(upgrade)
}

function isWebSocket(upgrade: string): boolean {
  return upgrade.toLowerCase() === 'websocket'
}

/** Connection options that name no header, and `Upgrade`, which `build` handles. */
const NO_HEADERS: ReadonlySet<string> = new Set(['close', 'keep-alive', 'upgrade'])
const NOTHING: readonly string[] = []
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/

/**
 * Header names that `Connection` lists, lower-case. They are for one connection only (RFC 9110 §7.6.1), and the
 * platform does not remove them.
 */
export function connectionOptions(connection: string | null): readonly string[] {
  if (connection === null) return NOTHING
  const options = connection.split(',').map((option) => option.trim().toLowerCase())
  return options.filter((option) => TOKEN.test(option) && !NO_HEADERS.has(option))
}

/**
 * Header names by which proxies tell an app who is signed in. The app may trust them, so only Entrada may send
 * them. docs/protecting-the-chat.md lists them by proxy.
 */
const IDENTITY =
  /^(?:entrada|forwarded|remote-(?:user|email|name|groups)|cf-(?:access|cert|client-cert)|gap-(?:auth|signature)|iv-(?:user|groups|creds)|oidc|shib|sm-?(?:user|userdn|universalid)|tailscale|teleport|client-cert|ssl-client|x-(?:amzn-(?:oidc|ava|mtls)|anonymous-consumer|arr-clientcert|auth-(?:request|user|userid|username|email|name|groups|roles|subject)|authenticated|authentik|client-(?:cert|dn|verify)|consumer|credential|email|forwarded|goog-(?:authenticated-user|iap)|groups|id-token|ms-(?:client-principal|token)|original|pomerium|remote|roles|ssl|token-(?:subject|user)|user|user(?:dn|email|groups|id|info|login|name|roles)|vercel-forwarded|vouch|webauth)(?!-agent$))(?:-|$)/

/** Header names from which apps read the visitor's IP address. Cloudflare itself writes `CF-Connecting-IP`. */
const CLIENT_ADDRESS =
  /^(?:(?:true|fastly|fly|x|x-cluster|wl-proxy|proxy)-client-ip|client-ip|do-connecting-ip|cf-(?:connecting-ipv6|pseudo-ipv4)|x-(?:real|originating|proxyuser|appengine-user|nf-client-connection)-ip|x-azure-(?:client|socket)ip|x-envoy-external-address)$/

const STRIPPED_NAMES = [
  // Servers take path and host from these headers instead of the real ones; IDENTITY covers `X-Original-*`.
  'x-rewrite-url',
  'x-host',
  'x-http-host-override',
  // LibreChat reads a person's tenant from this header (LibreChat#8562).
  'x-tenant-id',
  // Hop-by-hop headers (RFC 9110 §7.6.1): the platform sets its own on the next connection.
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
]

/** A method override could turn an allowed `GET` of an open route into a write, so it is removed there. */
const METHOD_OVERRIDES: ReadonlySet<string> = new Set([
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
])

/** Bounds the memory of decided names, because clients can send any number of different ones. */
const MAX_REMEMBERED_NAMES = 1_000

/** Decides which of a client's request headers are removed before the request reaches the chat app. */
export class StrippedHeaders {
  readonly #names: ReadonlySet<string>
  readonly #decisions = new Map<string, boolean>()

  /** @param further lower-case names that this installation sets itself */
  constructor(further: Iterable<string>) {
    // The names of all presets, because an app may still trust the headers of a former configuration.
    const presets = Object.values(PRESETS).flatMap(({ headers }) => Object.keys(headers))
    this.#names = new Set([...STRIPPED_NAMES, ...presets, ...further].map(normalised))
  }

  /** @param name lower-case */
  includes(name: string): boolean {
    const decision = this.#decisions.get(name)
    if (decision !== undefined) return decision
    const plain = normalised(name)
    const isStripped =
      this.#names.has(plain) ||
      IDENTITY.test(plain) ||
      CLIENT_ADDRESS.test(plain) ||
      // Cloudflare overwrites its own headers in one spelling only; `cf_connecting_ip` comes from the client.
      (plain.startsWith('cf-') && plain !== name)
    setBounded(this.#decisions, [name, isStripped], MAX_REMEMBERED_NAMES)
    return isStripped
  }

  /** As `includes`, for requests without a session. */
  includesUnauthenticated(name: string): boolean {
    return this.includes(name) || METHOD_OVERRIDES.has(normalised(name))
  }
}

/**
 * Unifies the spellings of a header name. CGI, WSGI and Rack turn `-` and other characters into `_`, so an app
 * cannot tell `x_forwarded_user` from `x-forwarded-user` (CVE-2025-64484).
 */
function normalised(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-')
}

/** Hop-by-hop headers (RFC 9110 §7.6.1, §11.7.1) that the platform does not remove itself. */
const HOP_BY_HOP = ['proxy-authenticate', 'proxy-connection']
/** Marks a failure of Entrada's. On a failure of the chat app it would mislead the caller. */
const ERROR_HEADER = 'entrada-error'

/**
 * Removes what the chat app's response must not carry: hop-by-hop headers, our own headers and our cookies. Other
 * responses are returned unchanged, because wrapping one costs as much as all other work (`npm run bench`).
 * @param hasSecret whether the app receives `ORIGIN_SECRET` and might echo it
 */
export function cleanResponse(response: Response, hasSecret: boolean): Response {
  const { headers } = response
  const setsOurCookie = /__host-entrada/i.test(headers.get('set-cookie') ?? '')
  const unwanted = [
    ...connectionOptions(headers.get('connection')),
    ...HOP_BY_HOP.filter((name) => headers.has(name)),
    ...(!response.ok && headers.has(ERROR_HEADER) ? [ERROR_HEADER] : []),
    ...(hasSecret && headers.has(SECRET_HEADER) ? [SECRET_HEADER] : []),
  ]
  if (!setsOurCookie && unwanted.length === 0) return response
  // This constructor keeps `webSocket` and the encoding of the body.
  const clean = new Response(response.body, response)
  for (const name of unwanted) clean.headers.delete(name)
  if (setsOurCookie) {
    const lines = clean.headers.getSetCookie().filter((line) => !setsOwnCookie(line))
    clean.headers.delete('set-cookie')
    for (const line of lines) clean.headers.append('set-cookie', line)
  }
  return clean
}
