import { PRESET_TABLE } from './presets.ts'

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
    const presets = Object.values(PRESET_TABLE).flatMap(({ headers }) => Object.keys(headers))
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
