import { PRESET_TABLE } from './presets.ts'

/** Only Entrada may say these. Whatever a client sends under such a name is a lie or a mistake. */
const OURS =
  /^(?:entrada|forwarded|remote-(?:user|email|name|groups)|cf-access-authenticated-user|tailscale|x-(?:forwarded|amzn-oidc|auth-request|authentik|pomerium|remote|webauth|ms-client-principal|ms-token-aad|goog-authenticated-user))(?:-|$)/

const OTHERS = [
  // Paths and addresses that servers take from a header in place of the real one.
  'x-original-url',
  'x-original-uri',
  'x-rewrite-url',
  'x-real-ip',
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
export class WithheldHeaders {
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
    const isWithheld = this.#names.has(plain) || OURS.test(plain)
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
