import { withoutOwnCookies } from '../cookies.ts'
import type { ReadonlyHeaders } from '../http/request-head.ts'
import type { Settings } from '../settings/settings.ts'
import type { PreparedIdentity } from './identity-headers.ts'
import { PRESETS } from '../settings/presets.ts'

/**
 * Names under which proxies tell an app who is signed in. Only Entrada may send these: the app may believe them.
 * docs/protecting-the-chat.md lists them by proxy.
 */
const IDENTITY =
  /^(?:entrada|forwarded|remote-(?:user|email|name|groups)|cf-(?:access|cert|client-cert)|gap-(?:auth|signature)|iv-(?:user|groups|creds)|oidc|shib|sm-?(?:user|userdn|universalid)|tailscale|teleport|client-cert|ssl-client|x-(?:amzn-(?:oidc|ava|mtls)|anonymous-consumer|arr-clientcert|auth-(?:request|user|userid|username|email|name|groups|roles|subject)|authenticated|authentik|client-(?:cert|dn|verify)|consumer|credential|email|forwarded|goog-(?:authenticated-user|iap)|groups|id-token|ms-(?:client-principal|token)|original|pomerium|remote|roles|ssl|token-(?:subject|user)|user|user(?:dn|email|groups|id|info|login|name|roles)|vercel-forwarded|vouch|webauth)(?!-agent$))(?:-|$)/

/** Names from which apps take the visitor's address; `CF-Connecting-IP` itself is Cloudflare's to write. */
const CLIENT_ADDRESS =
  /^(?:(?:true|fastly|fly|x|x-cluster|wl-proxy|proxy)-client-ip|client-ip|do-connecting-ip|cf-(?:connecting-ipv6|pseudo-ipv4)|x-(?:real|originating|proxyuser|appengine-user|nf-client-connection)-ip|x-azure-(?:client|socket)ip|x-envoy-external-address)$/

const OTHERS = [
  // Paths and hosts that servers take from a header in place of the real one; `X-Original-*` is above.
  'x-rewrite-url',
  'x-host',
  'x-http-host-override',
  // LibreChat takes a person's tenant from it (LibreChat#8562).
  'x-tenant-id',
  // Meant for one connection, not for the next (RFC 9110 §7.6.1); the platform makes its own.
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
]

/** On a route that asks nobody to sign in, a method is what it says it is. */
const METHOD_OVERRIDES: ReadonlySet<string> = new Set([
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
])

/** Names come again and again; strangers could send new ones without end. */
const REMEMBERED = 1_000

/** What of a client's request does not go on to the chat app. */
export class StrippedHeaders {
  readonly #names: ReadonlySet<string>
  readonly #known = new Map<string, boolean>()

  /** @param further lower-case names this installation sets itself */
  constructor(further: Iterable<string>) {
    // Every preset's, not only the chosen one's: an app may still believe what a former set-up sent.
    const presets = Object.values(PRESETS).flatMap(({ headers }) => Object.keys(headers))
    this.#names = new Set([...OTHERS, ...presets, ...further].map(normalised))
  }

  includes(name: string): boolean {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const plain = normalised(name)
    const isWithheld =
      this.#names.has(plain) ||
      IDENTITY.test(plain) ||
      CLIENT_ADDRESS.test(plain) ||
      // Cloudflare overwrites its own names in their one spelling; `cf_connecting_ip` would be the client's word.
      (plain.startsWith('cf-') && plain !== name)
    if (this.#known.size >= REMEMBERED) this.#known.clear()
    this.#known.set(name, isWithheld)
    return isWithheld
  }

  /** As `includes`, for requests that nobody signed in for. */
  includesUnauthenticated(name: string): boolean {
    return this.includes(name) || METHOD_OVERRIDES.has(normalised(name))
  }
}

/**
 * CGI and its heirs turn `-` and much else into `_`, so `x_forwarded_user` arrives in the app under the same
 * name as `x-forwarded-user` (CVE-2025-64484).
 */
function normalised(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-')
}

/** By which the chat app, or what stands in front of it, knows that a request came through here. */
export const SECRET_HEADER = 'entrada-origin-secret'

/** Makes the headers of the request to the chat app: the client's, less what is ours to say, plus what we say. */
export class ProxyRequestHeaders {
  readonly #withheld: StrippedHeaders
  readonly #proto: string
  readonly #host: string
  readonly #secret: string | null

  /** @param names of the identity headers this installation sets */
  constructor({ publicOrigin, chat }: Settings, names: readonly string[]) {
    const url = new URL(publicOrigin)
    this.#withheld = new StrippedHeaders(names)
    this.#secret = chat.secret
    this.#proto = url.protocol.slice(0, -1)
    this.#host = url.host
  }

  /**
   * Copied as a whole and then corrected: a copy keeps bytes that are no text, and costs less than setting
   * every one.
   * @param given as they came
   * @param lines the same, read
   * @param identity `null` on routes that ask nobody to sign in
   */
  of(given: Headers, lines: ReadonlyHeaders, identity: PreparedIdentity | null): Headers {
    const headers = new Headers(given)
    lines.forEach((value, name) => {
      if (name === 'cookie') withholdOwnCookies(headers, value)
      else if (name === 'upgrade' && !isWebSocket(value)) headers.delete(name)
      // Usually right as Cloudflare sends them, and then left alone.
      else if (name === 'x-forwarded-proto' || name === 'x-forwarded-for') return
      if (this.#isWithheld(name, identity !== null)) headers.delete(name)
    })
    const options = connectionOptions(lines.get('connection'))
    for (const name of options) headers.delete(name)
    // Whatever else a client takes away by `Connection`, what we say stays said.
    const isRewritten = options.length > 0
    headers.set('x-forwarded-host', this.#host)
    if (isRewritten || lines.get('x-forwarded-proto') !== this.#proto) {
      headers.set('x-forwarded-proto', this.#proto)
    }
    // Cloudflare's word; a list the client began is worth nothing.
    const address = lines.get('cf-connecting-ip')
    if (address === null) headers.delete('x-forwarded-for')
    else if (isRewritten || lines.get('x-forwarded-for') !== address) {
      headers.set('x-forwarded-for', address)
    }
    if (this.#secret !== null) headers.set(SECRET_HEADER, this.#secret)
    if (identity !== null) for (const [name, value] of identity.headers) headers.set(name, value)
    return headers
  }

  #isWithheld(name: string, isSignedIn: boolean): boolean {
    return isSignedIn ? this.#withheld.includes(name) : this.#withheld.includesUnauthenticated(name)
  }
}

/** Untouched where there is none of ours: writing it anew would lose bytes that are no text. */
function withholdOwnCookies(headers: Headers, cookie: string): void {
  const others = withoutOwnCookies(cookie)
  if (others === '') headers.delete('cookie')
  else if (others !== cookie) headers.set('cookie', others)
}

/** Any other protocol stays behind, as Cloudflare speaks none. */
export function opensWebSocket(headers: ReadonlyHeaders): boolean {
  const upgrade = headers.get('upgrade')
  return upgrade !== null && isWebSocket(upgrade)
}

function isWebSocket(upgrade: string): boolean {
  return upgrade.toLowerCase() === 'websocket'
}

/** `Upgrade` is handled for itself, and these are no header names at all. */
const NO_HEADERS: ReadonlySet<string> = new Set(['close', 'keep-alive', 'upgrade'])
const NOTHING: readonly string[] = []
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/

/** Header names listed in `Connection`: for this connection only (RFC 9110 §7.6.1), and let through by the platform. */
export function connectionOptions(connection: string | null): readonly string[] {
  if (connection === null) return NOTHING
  const options = connection.split(',').map((option) => option.trim().toLowerCase())
  return options.filter((option) => TOKEN.test(option) && !NO_HEADERS.has(option))
}
